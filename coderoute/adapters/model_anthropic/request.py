"""A conversation as a Messages request."""

import re
from collections.abc import Iterable

from coderoute.domain import wire
from coderoute.domain.conversation import Exchange, JsonObject, ModelRequest

WITHOUT_EFFORT = re.compile(r"claude-(instant|[123]|(sonnet|haiku)-4-5|(opus|sonnet)-4(-[01])?(-\d{8})?$)")
"""Models from before the effort parameter. A name nobody knows yet is newer than these, so it is sent an effort."""

THINKS_WHEN_TOLD = re.compile(r"claude-(opus|sonnet)-4-[6-8]\b")
"""Models whose effort means little unless thinking is asked for; later ones think by themselves, earlier ones only to a
budget of tokens."""

NOT_IN_STRICT = re.compile(
    r"minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|minItems|maxItems|uniqueItems|"
    r"contains|prefixItems|minProperties|maxProperties|patternProperties|propertyNames"
)
"""Keywords that a strict tool may not have. Without them the model is told a little less; nothing else changes."""

Blocks = list[JsonObject]


def request_body(request: ModelRequest) -> JsonObject:
    """The Messages request. It only ever grows at its end, or thinking blocks would no longer fit their prefix."""
    system = [_text(request.system)] if request.system.strip() else []
    tools: Blocks = [
        {"name": tool.name, "description": tool.description, "input_schema": strict(tool.schema), "strict": True}
        for tool in request.tools
    ]
    messages = [("user", [_text(request.opening)]), *_turns(request.exchanges)]
    if request.is_worth_caching:
        _mark(system or tools, [blocks for role, blocks in messages if role == "user"])
    body: JsonObject = {
        "model": request.model.model,
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": role, "content": blocks} for role, blocks in messages],
    }
    if system:
        body["system"] = system
    if tools:
        body["tools"] = tools
    if request.model.effort and not WITHOUT_EFFORT.match(request.model.model):
        body["output_config"] = {"effort": request.model.effort}
        if THINKS_WHEN_TOLD.match(request.model.model):
            body["thinking"] = {"type": "adaptive"}
    return body


def _mark(fixed: Blocks, said_to_it: list[Blocks]) -> None:
    """Set the cache breakpoints, of which a request may have four: behind what every attempt begins with (tools and
    `fixed`), behind the opening, and behind the last two turns. The last is where this request ends and the one before
    it where the previous request ended: the API itself finds that place only within twenty blocks, which a turn with
    many calls exceeds.

    They live for five minutes, counted from the last use; an hour would cost twice the input's price. A prefix below
    the model's least length (512 to 4,096 tokens) is not written and costs nothing, so no list of those is kept.
    """
    opening, *later = said_to_it
    for blocks in (fixed, opening, *later[-2:]):
        blocks[-1]["cache_control"] = {"type": "ephemeral"}


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


def _turns(exchanges: Iterable[Exchange]) -> Iterable[tuple[str, Blocks]]:
    """(role, content); what the model said is passed on as it came, thinking and signatures included."""
    for exchange in exchanges:
        blocks = exchange.reply.opaque
        if blocks:
            yield "assistant", blocks
        results = {result.call_id: result for result in exchange.results}
        content: Blocks = []
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
            content.append(_text(remark))
        yield "user", content


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": wire.well_formed(text)}
