"""Anthropic's models through its Messages API: one HTTP request per call, no retries, no stream."""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from coderoute.domain import wire
from coderoute.domain.conversation import (
    Exchange,
    JsonObject,
    ModelReply,
    ModelRequest,
    Stop,
    Tool,
    ToolCall,
    Usage,
)
from coderoute.domain.provider_failure import broken_connection, http_failure, unusable_answer
from coderoute.errors import CoderouteError

if TYPE_CHECKING:
    import anthropic

KEY_VARIABLE = "ANTHROPIC_API_KEY"
CONNECT_TIMEOUT_S = 10.0

WITHOUT_EFFORT = re.compile(r"claude-(instant|[123]|(sonnet|haiku)-4-5|(opus|sonnet)-4(-[01])?(-\d{8})?$)")
"""Models from before the effort parameter. A name nobody knows yet is newer than these, so it is sent an effort."""

CONTEXT_FULL = re.compile(r"prompt is too long|exceed context limit")
"""How the 400 for a conversation that outgrew the model is worded; it has no code of its own."""

NOT_IN_STRICT = re.compile(
    r"minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|minItems|maxItems|uniqueItems|"
    r"contains|prefixItems|minProperties|maxProperties|patternProperties|propertyNames"
)
"""Keywords that a strict tool may not have. Without them the model is told a little less; nothing else changes."""

STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "tool_use": Stop.TOOLS,
    "max_tokens": Stop.MAX_TOKENS,
    "refusal": Stop.REFUSAL,
    "model_context_window_exceeded": Stop.CONTEXT_FULL,
}
"""Everything else, `pause_turn` included, is Stop.OTHER."""


class AnthropicProvider:
    """A ModelProvider. `base_url` None: the SDK's own variable (ANTHROPIC_BASE_URL), else Anthropic's address."""

    def __init__(self, api_key: str, base_url: str | None = None) -> None:
        self._key = api_key.strip()
        self._base_url = base_url

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        if unfit := wire.key_error(self._key, request.model.api_key_env or KEY_VARIABLE):
            raise unfit
        client = self._client
        import anthropic

        body: dict[str, Any] = request_body(request)
        try:
            raw = client.messages.with_raw_response.create(
                **body,
                extra_headers=wire.tag_headers(request.tags),
                # An explicit timeout also keeps the SDK from refusing a large max_tokens without a stream.
                timeout=anthropic.Timeout(request.timeout_s, connect=CONNECT_TIMEOUT_S),
            )
        except anthropic.APIStatusError as error:
            return self._failed(request, error.status_code, error.response)
        except anthropic.APIConnectionError as error:
            raise broken_connection(request.model, error.__cause__) from None
        answer = raw.http_response
        return reply_from(request, answer.content, answer.headers.get("request-id"))

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "anthropic.Anthropic":
        import anthropic

        client = anthropic.Anthropic(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(follow_redirects=False),
        )
        if unsafe := wire.endpoint_error(str(client.base_url)):
            raise unsafe
        return client

    def _failed(self, request: ModelRequest, status: int, answer: Any) -> ModelReply:
        failure: CoderouteError = http_failure(
            request.model, status=status, headers=answer.headers, body=answer.content, key=self._key,
            key_env=KEY_VARIABLE,
        )  # fmt: skip
        if status == 400 and CONTEXT_FULL.search(failure.problem):
            return wire.context_full()
        raise failure from None


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


def reply_from(request: ModelRequest, body: bytes, request_id: str | None) -> ModelReply:
    """The reply in the body of an answer with status 200.

    Raises:
        ProviderError: it is not one.
    """
    message = wire.json_object(body)
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
