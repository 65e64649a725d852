"""A message of the Messages API as a reply."""

import json
from collections.abc import Iterable
from typing import Any

from coderoute.domain import wire
from coderoute.domain.conversation import JsonObject, ModelReply, ModelRequest, Stop, Tool, ToolCall, Usage
from coderoute.domain.provider_failure import unusable_answer

STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "tool_use": Stop.TOOLS,
    "max_tokens": Stop.MAX_TOKENS,
    "refusal": Stop.REFUSAL,
    "model_context_window_exceeded": Stop.CONTEXT_FULL,
}
"""Everything else, `pause_turn` included, is Stop.OTHER."""


def reply_from(request: ModelRequest, message: JsonObject | None, request_id: str | None) -> ModelReply:
    """The reply that a message stands for; None: what came was no JSON object.

    Raises:
        ProviderError: it is no message.
    """
    if message is None:
        raise unusable_answer(request.model, "it is not JSON", request_id=request_id)
    content = message.get("content")
    if message.get("type") != "message" or not isinstance(content, list):
        raise unusable_answer(request.model, "it is not a message", request_id=request_id)
    stop = STOPS.get(str(message.get("stop_reason")), Stop.OTHER)
    blocks = _sendable(content)
    calls = tuple(_calls(blocks, request.tools, whole=stop in (Stop.END, Stop.TOOLS)))
    return ModelReply(
        text="\n".join(str(block.get("text")) for block in blocks if block.get("type") == "text"),
        tool_calls=calls,
        stop=Stop.TOOLS if calls and stop is Stop.END else stop,
        usage=_usage(message.get("usage"), request.max_output_tokens),
        opaque=blocks,
        request_id=request_id,
    )


def _sendable(content: list[Any]) -> list[JsonObject]:
    """The blocks as they came, without the ones that the API itself refuses to get back: blank text, and thinking
    that nothing follows. Of two tool calls with one id, the second gets another."""
    blocks: list[JsonObject] = []
    seen: set[str] = set()
    for item in content:
        block = wire.well_formed(item)
        if not isinstance(block, dict) or (block.get("type") == "text" and not str(block.get("text")).strip()):
            continue
        if block.get("type") == "tool_use":
            identifier = str(block.get("id"))
            while identifier in seen:
                identifier += "_"
            seen.add(identifier)
            block["id"] = identifier
        blocks.append(block)
    while blocks and blocks[-1].get("type") in ("thinking", "redacted_thinking"):
        blocks.pop()
    return blocks


def _calls(blocks: list[JsonObject], tools: tuple[Tool, ...], *, whole: bool) -> Iterable[ToolCall]:
    """The tool calls; `whole` False: the model was stopped, so that none of them may be what it meant."""
    schemas = {tool.name: tool.schema for tool in tools}
    for block in blocks:
        if block.get("type") != "tool_use":
            continue
        name, given = str(block.get("name")), block.get("input")
        broken = wire.at(given, wire.INVALID_JSON)
        yield ToolCall(
            id=str(block["id"]),
            name=name,
            arguments=wire.arguments_object(given, schemas.get(name)) if whole else None,
            raw_arguments=broken if isinstance(broken, str) else json.dumps(given, ensure_ascii=False),
        )


def _usage(reported: object, max_output_tokens: int) -> Usage | None:
    """The API counts cached and cache-writing input beside `input_tokens`; our total includes them."""
    if wire.at(reported, "input_tokens") is None or wire.at(reported, "output_tokens") is None:
        return None
    numbers = wire.counts(
        wire.at(reported, "input_tokens"),
        wire.at(reported, "cache_read_input_tokens"),
        wire.at(reported, "cache_creation_input_tokens"),
        wire.at(reported, "cache_creation", "ephemeral_1h_input_tokens"),
        wire.at(reported, "output_tokens"),
        wire.at(reported, "output_tokens_details", "thinking_tokens"),
    )
    if numbers is None:
        return None
    fresh, cached, written, hour, output, reasoning = numbers
    usage = Usage(
        input_tokens=fresh + cached + written, output_tokens=output, cached_input_tokens=cached,
        cache_write_tokens=written, cache_write_1h_tokens=hour, reasoning_tokens=reasoning,
    )  # fmt: skip
    return wire.believable(usage, max_output_tokens=max_output_tokens)
