"""A conversation as a Responses request."""

import re
from collections.abc import Iterable

from coderoute.domain import wire
from coderoute.domain.conversation import Exchange, JsonObject, ModelRequest, Tool

LEAST_OUTPUT_TOKENS = 16

WITHOUT_REASONING = re.compile(r"(ft:)?(gpt-[34]|chatgpt|.*-chat\b)")
"""Models that refuse an effort and have no reasoning to hand back. A name nobody knows yet is taken to reason."""

WRITES_ARE_BILLED = re.compile(r"gpt-(5\.[6-9]|5\.\d\d|[6-9]|\d\d)")
"""Models that bill what they put into their cache and can be told not to; others keep it for nothing."""


def request_body(request: ModelRequest) -> JsonObject:
    """The Responses request."""
    body: JsonObject = {
        "model": request.model.model,
        "max_output_tokens": max(request.max_output_tokens, LEAST_OUTPUT_TOKENS),
        "input": [_user_text(request.opening), *_items(request.exchanges)],
        "store": False,
        "prompt_cache_key": wire.cache_key(request.tags),
    }
    if not request.is_worth_caching and WRITES_ARE_BILLED.match(request.model.model):
        body["prompt_cache_options"] = {"mode": "explicit"}  # without a breakpoint nothing is written
    if request.system.strip():
        body["instructions"] = wire.well_formed(request.system)
    if request.tools:
        body["tools"] = [_function(tool) for tool in request.tools]
    if not WITHOUT_REASONING.match(request.model.model):
        body["include"] = ["reasoning.encrypted_content"]
        if request.model.effort:
            body["reasoning"] = {"effort": request.model.effort}
    return body


def _function(tool: Tool) -> JsonObject:
    head: JsonObject = {"type": "function", "name": tool.name, "description": tool.description}
    return {**head, "parameters": strict(tool.schema), "strict": True}


def strict(schema: JsonObject) -> JsonObject:
    """`schema` as a strict function takes it: closed at every depth, optional properties required but nullable."""
    result = dict(schema)
    properties = schema.get("properties")
    if isinstance(properties, dict) or schema.get("type") == "object":
        known = properties if isinstance(properties, dict) else {}
        needed = schema.get("required")
        required = needed if isinstance(needed, list | tuple) else ()
        result["properties"] = {
            name: strict(property_) if name in required else _nullable(strict(property_))
            for name, property_ in known.items()
        }
        result["required"] = list(known)
        result["additionalProperties"] = False
    items, branches = schema.get("items"), schema.get("anyOf")
    if isinstance(items, dict):
        result["items"] = strict(items)
    if isinstance(branches, list):
        result["anyOf"] = [strict(branch) for branch in branches]
    return result


def _nullable(schema: JsonObject) -> JsonObject:
    kinds, options, branches = schema.get("type"), schema.get("enum"), schema.get("anyOf")
    result = dict(schema)
    if isinstance(branches, list):
        result["anyOf"] = [*branches, {"type": "null"}]
    if isinstance(kinds, str):
        result["type"] = [kinds, "null"]
    elif isinstance(kinds, list) and "null" not in kinds:
        result["type"] = [*kinds, "null"]
    if isinstance(options, list) and None not in options:
        result["enum"] = [*options, None]
    return result


def _items(exchanges: Iterable[Exchange]) -> Iterable[JsonObject]:
    for exchange in exchanges:
        yield from exchange.reply.opaque
        results = {result.call_id: result for result in exchange.results}
        silent = True
        for item in exchange.reply.opaque:
            if item.get("type") == "function_call":
                result = results.get(str(item["call_id"]))
                text = wire.NOT_EXECUTED if result is None else result.text
                if result is not None and result.is_error:
                    text = f"[error] {text}"
                output = wire.well_formed(text) if text.strip() else wire.NO_OUTPUT
                yield {"type": "function_call_output", "call_id": item["call_id"], "output": output}
                silent = False
        remark = (exchange.remark or "").strip() or (wire.GO_ON if silent else "")
        if remark:
            yield _user_text(remark)


def _user_text(text: str) -> JsonObject:
    return {"role": "user", "content": wire.well_formed(text)}
