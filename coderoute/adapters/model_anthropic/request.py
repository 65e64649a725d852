"""A conversation as a Messages request."""

import re
from collections.abc import Iterable

from coderoute.domain import wire
from coderoute.domain.conversation import Exchange, JsonObject, ModelRequest

WITHOUT_EFFORT = re.compile(r"claude-(instant|[123]|(sonnet|haiku)-4-5|(opus|sonnet)-4(-[01])?(-\d{8})?$)")
"""Models from before the effort parameter. A name nobody knows yet is newer than these, so it is sent an effort."""

NOT_IN_STRICT = re.compile(
    r"minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|minItems|maxItems|uniqueItems|"
    r"contains|prefixItems|minProperties|maxProperties|patternProperties|propertyNames"
)
"""Keywords that a strict tool may not have. Without them the model is told a little less; nothing else changes."""


def request_body(request: ModelRequest) -> JsonObject:
    """The Messages request. It only ever grows at its end, or thinking blocks would no longer fit their prefix."""
    body: JsonObject = {
        "model": request.model.model,
        "max_tokens": request.max_output_tokens,
        "messages": [_user_text(request.opening), *_turns(request.exchanges)],
    }
    if request.system.strip():
        body["system"] = wire.well_formed(request.system)
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": strict(tool.schema), "strict": True}
            for tool in request.tools
        ]
    if request.model.effort and not WITHOUT_EFFORT.match(request.model.model):
        body["output_config"] = {"effort": request.model.effort}
    return body


def strict(schema: JsonObject) -> JsonObject:
    """`schema` as a strict tool takes it: closed at every depth, without the keywords it refuses."""
    result: JsonObject = {}
    for key, value in schema.items():
        if NOT_IN_STRICT.fullmatch(key):
            continue
        if key == "properties" and isinstance(value, dict):
            result[key] = {name: strict(property_) for name, property_ in value.items()}
        elif key == "items" and isinstance(value, dict):
            result[key] = strict(value)
        elif key == "anyOf" and isinstance(value, list):
            result[key] = [strict(branch) for branch in value]
        else:
            result[key] = value
    if "properties" in result or schema.get("type") == "object":
        result["additionalProperties"] = False
    return result


def _turns(exchanges: Iterable[Exchange]) -> Iterable[JsonObject]:
    for exchange in exchanges:
        blocks = exchange.reply.opaque
        if blocks:
            yield {"role": "assistant", "content": blocks}
        results = {result.call_id: result for result in exchange.results}
        content: list[JsonObject] = []
        for block in blocks:
            if block.get("type") == "tool_use":
                result = results.get(str(block["id"]))
                text = wire.NOT_EXECUTED if result is None else result.text
                content.append({
                    "type": "tool_result",
                    "tool_use_id": block["id"],
                    "content": wire.well_formed(text) if text.strip() else wire.NO_OUTPUT,
                    "is_error": result is None or result.is_error,
                })  # fmt: skip
        remark = (exchange.remark or "").strip() or ("" if content else wire.GO_ON)
        if remark:
            content.append({"type": "text", "text": wire.well_formed(remark)})
        yield {"role": "user", "content": content}


def _user_text(text: str) -> JsonObject:
    return {"role": "user", "content": [{"type": "text", "text": wire.well_formed(text)}]}
