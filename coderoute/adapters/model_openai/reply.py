"""A response of the Responses API as a reply."""

import json
import re
from collections.abc import Iterable
from typing import Any

from coderoute.domain import wire
from coderoute.domain.conversation import JsonObject, ModelReply, ModelRequest, Stop, Tool, ToolCall, Usage
from coderoute.domain.provider_failure import unusable_answer

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
STOPS_OF_INCOMPLETE = {"max_output_tokens": Stop.MAX_TOKENS, "content_filter": Stop.REFUSAL}


def reply_from(request: ModelRequest, response: JsonObject | None, request_id: str | None) -> ModelReply:
    """The reply that a response stands for; None: what came was no JSON object.

    Raises:
        ProviderError: it is no response that came to an end.
    """
    if response is None:
        raise unusable_answer(request.model, "it is not JSON", request_id=request_id)
    output, status = response.get("output"), response.get("status")
    if not isinstance(output, list) or status not in ("completed", "incomplete"):
        raise unusable_answer(request.model, f"its status is {status!r}"[:80], request_id=request_id)
    items = _sendable(output)
    text, refused = _text(items)
    calls = tuple(_calls(items, request.tools, whole=status == "completed" and not refused))
    if status == "incomplete":
        stop = STOPS_OF_INCOMPLETE.get(str(wire.at(response, "incomplete_details", "reason")), Stop.OTHER)
    else:
        stop = Stop.REFUSAL if refused else Stop.TOOLS if calls else Stop.END
    usage = usage_of(response.get("usage"), request.max_output_tokens)
    return ModelReply(text=text, tool_calls=calls, stop=stop, usage=usage, opaque=items, request_id=request_id)


def _sendable(output: list[Any]) -> list[JsonObject]:
    """The items as they came, made fit to be sent back: reasoning that nothing follows is left out, arguments are
    always a JSON object, names are names, and of two calls with one id the second gets another."""
    items: list[JsonObject] = []
    seen: set[str] = set()
    for given in output:
        item = wire.well_formed(given)
        if not isinstance(item, dict):
            continue
        item = {key: value for key, value in item.items() if value is not None}
        if item.get("type") == "function_call":
            identifier = str(item.get("call_id"))
            while identifier in seen:
                identifier += "_"
            seen.add(identifier)
            item["call_id"] = identifier
            raw, name = str(item.get("arguments")), str(item.get("name"))
            if wire.json_object(raw) is None:
                item["arguments"] = json.dumps({wire.INVALID_JSON: raw}, ensure_ascii=False)
            if not TOOL_NAME.fullmatch(name):
                item["name"] = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "_"
        items.append(item)
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    return items


def _text(items: list[JsonObject]) -> tuple[str, bool]:
    """What the model said, and whether it refused."""
    said: list[str] = []
    refused = False
    for item in items:
        content = item.get("content") if item.get("type") == "message" else None
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") in ("output_text", "refusal"):
                refused = refused or part["type"] == "refusal"
                said.append(str(part.get("text") or part.get("refusal") or ""))
    return "\n".join(said), refused


def _calls(items: list[JsonObject], tools: tuple[Tool, ...], *, whole: bool) -> Iterable[ToolCall]:
    """The tool calls; `whole` False: the model was stopped, so that none of them may be what it meant."""
    schemas = {tool.name: tool.schema for tool in tools}
    for item in items:
        if item.get("type") != "function_call":
            continue
        name, raw = str(item["name"]), str(item["arguments"])
        given = wire.well_formed(wire.json_object(raw))
        broken = wire.at(given, wire.INVALID_JSON)
        executable = whole and item.get("status") != "incomplete"
        yield ToolCall(
            id=str(item["call_id"]),
            name=name,
            arguments=wire.arguments_object(given, schemas.get(name)) if executable else None,
            raw_arguments=broken if isinstance(broken, str) else raw,
        )


def usage_of(reported: object, max_output_tokens: int) -> Usage | None:
    if wire.at(reported, "input_tokens") is None or wire.at(reported, "output_tokens") is None:
        return None
    numbers = wire.counts(
        wire.at(reported, "input_tokens"),
        wire.at(reported, "input_tokens_details", "cached_tokens"),
        wire.at(reported, "input_tokens_details", "cache_write_tokens"),
        wire.at(reported, "output_tokens"),
        wire.at(reported, "output_tokens_details", "reasoning_tokens"),
    )
    if numbers is None:
        return None
    total, cached, written, output, reasoning = numbers
    usage = Usage(
        input_tokens=total, output_tokens=output, cached_input_tokens=cached, cache_write_tokens=written,
        reasoning_tokens=reasoning,
    )  # fmt: skip
    return wire.believable(usage, max_output_tokens=max_output_tokens)
