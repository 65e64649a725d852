"""OpenAI's models through its Responses API, which stores nothing: the whole conversation goes with each request."""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from coderoute.domain import wire
from coderoute.domain.conversation import Exchange, JsonObject, ModelReply, ModelRequest, Stop, Tool, ToolCall, Usage
from coderoute.domain.provider_failure import broken_connection, http_failure, unusable_answer
from coderoute.errors import CoderouteError

if TYPE_CHECKING:
    import openai

KEY_VARIABLE = "OPENAI_API_KEY"
CONNECT_TIMEOUT_S = 10.0
LEAST_OUTPUT_TOKENS = 16

WITHOUT_REASONING = re.compile(r"(ft:)?(gpt-[34]|chatgpt|.*-chat\b)")
"""Models that refuse an effort and have no reasoning to hand back. A name nobody knows yet is taken to reason."""

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
STOPS_OF_INCOMPLETE = {"max_output_tokens": Stop.MAX_TOKENS, "content_filter": Stop.REFUSAL}


class OpenAIProvider:
    """A ModelProvider. `base_url` None: the SDK's own variable (OPENAI_BASE_URL), else OpenAI's address."""

    def __init__(self, api_key: str, base_url: str | None = None) -> None:
        self._key = api_key.strip()
        self._base_url = base_url

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        if unfit := wire.key_error(self._key, request.model.api_key_env or KEY_VARIABLE):
            raise unfit
        client = self._client
        import openai

        body: dict[str, Any] = request_body(request)
        try:
            raw = client.responses.with_raw_response.create(
                **body,
                extra_headers=wire.tag_headers(request.tags),
                timeout=openai.Timeout(request.timeout_s, connect=CONNECT_TIMEOUT_S),
            )
        except openai.APIStatusError as error:
            return self._failed(request, error.status_code, error.response)
        except openai.APIConnectionError as error:
            raise broken_connection(request.model, error.__cause__) from None
        answer = raw.http_response
        return reply_from(request, answer.content, answer.headers.get("x-request-id"))

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        client = openai.OpenAI(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(follow_redirects=False),
        )
        if unsafe := wire.endpoint_error(str(client.base_url)):
            raise unsafe
        return client

    def _failed(self, request: ModelRequest, status: int, answer: Any) -> ModelReply:
        failure: CoderouteError = http_failure(
            request.model, status=status, headers=answer.headers, body=answer.content, key=self._key,
            key_env=KEY_VARIABLE,
        )  # fmt: skip
        if status == 400 and b'"context_length_exceeded"' in answer.content:
            return wire.context_full()
        raise failure from None


def request_body(request: ModelRequest) -> JsonObject:
    """The Responses request."""
    body: JsonObject = {
        "model": request.model.model,
        "max_output_tokens": max(request.max_output_tokens, LEAST_OUTPUT_TOKENS),
        "input": [_user_text(request.opening), *_items(request.exchanges)],
        "store": False,
    }
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


def reply_from(request: ModelRequest, body: bytes, request_id: str | None) -> ModelReply:
    """The reply in the body of an answer with status 200.

    Raises:
        ProviderError: it is not one, or it says that the generation failed.
    """
    response = wire.json_object(body)
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
    usage = _usage(response.get("usage"), request.max_output_tokens)
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


def _usage(reported: object, max_output_tokens: int) -> Usage | None:
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
