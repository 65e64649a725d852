"""A model's answer in the words of each API, as the pieces it is sent in: one where it is whole, events of a stream."""

import json
from collections.abc import Mapping

from tests.campaigns.models import event
from tests.campaigns.story import Json

ABSURD = 10**12
"""Tokens that no answer has."""


def spoken(
    path: str, body: Json, tool: str, arguments: Json, tokens: Mapping[str, int], fault: str | None
) -> list[bytes]:
    """The answer at the API of `path`; the stream of a broken one is its first parts, the bill only in the last."""
    name = "no_such_tool" if fault == "unknown tool" else tool
    given = '{"path": ' if fault == "broken arguments" else json.dumps(arguments)
    streamed = body.get("stream") is True
    if path.endswith("/messages"):
        return in_messages(name, given, anthropic_usage(tokens, fault), fault, streamed=streamed)
    if path.endswith("/chat/completions"):
        return in_chat(name, given, chat_usage(tokens, fault), fault, streamed=streamed)
    return in_responses(name, given, responses_usage(tokens, fault), fault, streamed=streamed)


def anthropic_usage(tokens: Mapping[str, int], fault: str | None) -> Json | None:
    if fault == "no usage":
        return None
    return {
        "input_tokens": ABSURD if fault == "absurd usage" else tokens["fresh"],
        "cache_read_input_tokens": tokens["cached"],
        "cache_creation_input_tokens": tokens["written"] + tokens["hour"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens["written"], "ephemeral_1h_input_tokens": tokens["hour"],
        },
        "output_tokens": tokens["output"], "output_tokens_details": {"thinking_tokens": tokens["reasoning"]},
    }  # fmt: skip


def responses_usage(tokens: Mapping[str, int], fault: str | None) -> Json | None:
    if fault == "no usage":
        return None
    return {
        "input_tokens": -1 if fault == "absurd usage" else tokens["fresh"] + tokens["cached"] + tokens["written"],
        "input_tokens_details": {"cached_tokens": tokens["cached"], "cache_write_tokens": tokens["written"]},
        "output_tokens": tokens["output"], "output_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
    }  # fmt: skip


def chat_usage(tokens: Mapping[str, int], fault: str | None) -> Json | None:
    if fault == "no usage":
        return None
    return {
        "prompt_tokens": tokens["fresh"] + tokens["cached"],
        "prompt_tokens_details": {"cached_tokens": ABSURD if fault == "absurd usage" else tokens["cached"]},
        "completion_tokens": tokens["output"], "completion_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
    }  # fmt: skip


def in_messages(name: str, given: str, usage: Json | None, fault: str | None, *, streamed: bool) -> list[bytes]:
    stops = {"refusal": "refusal", "max_tokens": "max_tokens", "empty": "end_turn"}
    stop = stops.get(fault or "", "tool_use")
    calls = [] if fault in ("refusal", "empty") else [(name, given)]
    head: Json = {"type": "message", "role": "assistant", "content": [], "stop_reason": None}
    block = {"type": "tool_use", "id": "toolu_1", "name": name}
    if not streamed:
        broken = fault == "broken arguments"
        content = [{**block, "input": given if broken else json.loads(given)} for _ in calls]
        return [json.dumps({**head, "content": content, "stop_reason": stop, "usage": usage}).encode()]
    first = usage and {**usage, "output_tokens": 1, "output_tokens_details": {"thinking_tokens": 0}}
    parts = [event("message_start", message={**head, "usage": first})]
    for _ in calls:
        parts += [
            event("content_block_start", index=0, content_block={**block, "input": {}}),
            *(
                event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
                for piece in (given[:5], given[5:])
            ),
            event("content_block_stop", index=0),
        ]
    return [*parts, event("message_delta", delta={"stop_reason": stop}, usage=usage) + event("message_stop")]


def in_responses(name: str, given: str, usage: Json | None, fault: str | None, *, streamed: bool) -> list[bytes]:
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": given}
    items: list[Json] = [{**call, "status": "completed"}]
    if fault == "refusal":
        items = [{"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}]
    if fault == "empty":
        items = []
    cut = fault == "max_tokens"
    status = "incomplete" if cut else "completed"
    response: Json = {"object": "response", "status": status, "output": items, "usage": usage}
    if cut:
        response["incomplete_details"] = {"reason": "max_output_tokens"}
    if not streamed:
        return [json.dumps(response).encode()]
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    return [
        event("response.created", response=begun),
        *(event("response.function_call_arguments.delta", delta=piece) for piece in (given[:5], given[5:])),
        *(event("response.output_item.done", output_index=0, item=item) for item in items),
        event(f"response.{status}", response=response),
    ]


def in_chat(name: str, given: str, usage: Json | None, fault: str | None, *, streamed: bool) -> list[bytes]:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": given}}
    calls = [] if fault in ("refusal", "empty") else [call]
    refusal = "No." if fault == "refusal" else None
    finish = "length" if fault == "max_tokens" else "tool_calls" if calls else "stop"
    said: Json = {"role": "assistant", "content": None, "refusal": refusal}
    if not streamed:
        choice = {"index": 0, "message": {**said, "tool_calls": calls or None}, "finish_reason": finish}
        return [chunk(choices=[choice], usage=usage, streamed=False)]
    deltas: list[Json] = [said, *({"tool_calls": [{**each, "index": 0}]} for each in calls)]
    parts = [chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    end = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": finish}])
    return [*parts, end, chunk(choices=[], usage=usage) + b"data: [DONE]\n\n"]


def chunk(*, streamed: bool = True, **fields: object) -> bytes:
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    text = json.dumps({"id": "chatcmpl-1", "object": kind, **fields})
    return f"data: {text}\n\n".encode() if streamed else text.encode()
