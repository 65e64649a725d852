"""How a conversation becomes a Messages request, and how a message becomes a reply."""

import json
from dataclasses import replace

import pytest

from coderoute.adapters.model_anthropic.reply import reply_from
from coderoute.adapters.model_anthropic.request import request_body, strict
from coderoute.domain import wire
from coderoute.domain.conversation import (
    CallTags,
    Exchange,
    JsonObject,
    ModelRef,
    ModelReply,
    ModelRequest,
    Stop,
    Tool,
    ToolResult,
    Usage,
)

READ = Tool(
    name="read_file",
    description="Read.",
    schema={
        "type": "object",
        "properties": {"path": {"type": "string"}, "lines": {"type": "array", "items": {"type": "integer"}}},
        "required": ["path"],
    },
)
REQUEST = ModelRequest(
    model=ModelRef(provider="anthropic", model="claude-opus-5-5", effort="high"),
    system="You mend programs.",
    opening="Mend this.",
    tools=(READ,),
    max_output_tokens=2000,
    tags=CallTags(run="r", stage="execute"),
)
THINKING: JsonObject = {"type": "thinking", "thinking": "", "signature": "c2ln"}
COUNTS: JsonObject = {"input_tokens": 10, "output_tokens": 5}


def use(identifier: str, arguments: object, name: str = "read_file") -> JsonObject:
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def text(words: str) -> JsonObject:
    return {"type": "text", "text": words}


def read(*content: JsonObject, stop: str = "tool_use", usage: object = COUNTS) -> ModelReply:
    message = {"type": "message", "content": content, "stop_reason": stop, "usage": usage}
    return reply_from(REQUEST, wire.json_object(json.dumps(message)), "req_1")


def sent(*exchanges: Exchange) -> list[JsonObject]:
    messages = request_body(replace(REQUEST, exchanges=exchanges))["messages"]
    assert isinstance(messages, list)
    return messages


def test_a_first_request_is_system_tools_and_the_opening() -> None:
    assert request_body(REQUEST) == {
        "model": "claude-opus-5-5",
        "max_tokens": 2000,
        "system": [text("You mend programs.")],
        "messages": [{"role": "user", "content": [text("Mend this.")]}],
        "tools": [{"name": "read_file", "description": "Read.", "input_schema": strict(READ.schema), "strict": True}],
        "output_config": {"effort": "high"},
    }


@pytest.mark.parametrize(
    ("model", "has_effort"),
    [
        ("claude-opus-5-5", True),
        ("claude-haiku-5-5", True),
        ("claude-opus-4-6", True),
        ("claude-sonnet-4-6", True),
        ("claude-opus-4-5", True),
        ("claude-opus-4-5-20251101", True),
        ("claude-fable-9", True),
        ("claude-sonnet-4-5", False),
        ("claude-sonnet-4-5-20250929", False),
        ("claude-haiku-4-5-20251001", False),
        ("claude-opus-4-1-20250805", False),
        ("claude-opus-4-20250514", False),
        ("claude-sonnet-4-0", False),
        ("claude-3-7-sonnet-latest", False),
    ],
)
def test_effort_is_sent_to_every_model_but_the_old_ones(model: str, has_effort: bool) -> None:
    body = request_body(replace(REQUEST, model=ModelRef(provider="anthropic", model=model, effort="low")))
    assert ("output_config" in body) is has_effort


@pytest.mark.parametrize(
    ("model", "effort", "told"),
    [
        ("claude-opus-4-8", "high", True),
        ("claude-sonnet-4-6", "low", True),
        ("claude-opus-4-8", None, False),
        ("claude-opus-4-5", "high", False),
        ("claude-opus-5-5", "high", False),
        ("claude-haiku-5-5", "low", False),
    ],
)
def test_models_that_think_only_when_told_are_told_where_an_effort_is_set(
    model: str, effort: str | None, told: bool
) -> None:
    body = request_body(replace(REQUEST, model=ModelRef(provider="anthropic", model=model, effort=effort)))
    assert body.get("thinking") == ({"type": "adaptive"} if told else None)


def test_what_the_model_said_is_never_marked_for_the_cache() -> None:
    reply = read(THINKING, use("a", {"path": "x"}))
    exchanges = tuple(Exchange(reply=reply, results=(ToolResult(call_id="a", text="y"),)) for _ in range(3))
    request_body(replace(REQUEST, tools=(READ, READ), exchanges=exchanges))
    assert reply.opaque == [THINKING, use("a", {"path": "x"})]


def test_without_an_effort_the_model_has_its_own() -> None:
    assert "output_config" not in request_body(replace(REQUEST, model=replace(REQUEST.model, effort=None)))


def test_a_strict_schema_is_closed_at_every_depth_and_keeps_optional_properties_optional() -> None:
    item = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": []}
    choice = {"anyOf": [{"type": "string", "minLength": 1}, item]}
    properties = {"minimum": {"type": "string"}, "list": {"type": "array", "items": item, "minItems": 2}, "one": choice}
    closed = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": [],
        "additionalProperties": False,
    }
    assert strict({"type": "object", "properties": properties, "required": ["one"]}) == {
        "type": "object",
        "properties": {
            "minimum": {"type": "string"},
            "list": {"type": "array", "items": closed},
            "one": {"anyOf": [{"type": "string"}, closed]},
        },
        "required": ["one"],
        "additionalProperties": False,
    }


def test_results_come_before_the_remark_and_every_call_gets_one() -> None:
    reply = read(text("Reading."), use("a", {"path": "x"}), use("b", {"path": "y"}), use("c", {"path": "z"}))
    results = (ToolResult(call_id="b", text="no such file", is_error=True), ToolResult(call_id="a", text=" \n"))
    answered = sent(Exchange(reply=reply, results=results, remark="Go on."))[2]
    assert answered == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": wire.NO_OUTPUT, "is_error": False},
            {"type": "tool_result", "tool_use_id": "b", "content": "no such file", "is_error": True},
            {"type": "tool_result", "tool_use_id": "c", "content": wire.NOT_EXECUTED, "is_error": True},
            text("Go on."),
        ],
    }


@pytest.mark.parametrize("remark", [None, "", " \n"])
def test_a_conversation_never_ends_with_the_models_own_words(remark: str | None) -> None:
    messages = sent(Exchange(reply=read(text("Well."), stop="end_turn"), remark=remark))
    assert messages[-1] == {"role": "user", "content": [text(wire.GO_ON)]}


def test_an_empty_reply_leaves_no_message_behind() -> None:
    messages = sent(Exchange(reply=read(stop="end_turn"), remark="Call a tool."))
    assert [message["role"] for message in messages] == ["user", "user"]


def test_blank_text_and_thinking_that_nothing_follows_are_not_sent_back() -> None:
    assert read(THINKING, text("\n\n"), use("a", {})).opaque == [THINKING, use("a", {})]
    assert read(text("Hm."), THINKING, {"type": "redacted_thinking", "data": "x"}).opaque == [text("Hm.")]
    assert read(THINKING, text(" ")).opaque == []


def test_of_two_calls_with_one_id_each_gets_its_own_result() -> None:
    reply = read(use("a", {"path": "x"}), use("a", {"path": "y"}))
    results = tuple(ToolResult(call_id=call.id, text=str(call.arguments)) for call in reply.tool_calls)
    answered = sent(Exchange(reply=reply, results=results))[2]["content"]
    assert isinstance(answered, list)
    assert [block["content"] for block in answered] == ["{'path': 'x'}", "{'path': 'y'}"]
    assert len({block["tool_use_id"] for block in answered}) == 2


@pytest.mark.parametrize(
    ("reason", "stop", "executable"),
    [
        ("tool_use", Stop.TOOLS, True),
        ("end_turn", Stop.TOOLS, True),
        ("stop_sequence", Stop.TOOLS, True),
        ("max_tokens", Stop.MAX_TOKENS, False),
        ("model_context_window_exceeded", Stop.CONTEXT_FULL, False),
        ("refusal", Stop.REFUSAL, False),
        ("pause_turn", Stop.OTHER, False),
        ("a reason of next year", Stop.OTHER, False),
    ],
)
def test_calls_are_executable_only_if_the_model_came_to_its_own_end(reason: str, stop: Stop, executable: bool) -> None:
    reply = read(use("a", {"path": "x"}), stop=reason)
    assert reply.stop is stop
    assert reply.tool_calls[0].arguments == ({"path": "x"} if executable else None)


def test_words_alone_end_the_turn() -> None:
    reply = read(text("One."), text("Two."), stop="end_turn")
    assert (reply.text, reply.stop, reply.request_id) == ("One.\nTwo.", Stop.END, "req_1")


@pytest.mark.parametrize(
    ("given", "raw"), [({"INVALID_JSON": '{"path": '}, '{"path": '), (["x"], '["x"]'), ("x", '"x"'), (None, "null")]
)
def test_arguments_that_are_no_object_are_kept_as_they_came(given: object, raw: str) -> None:
    call = read(use("a", given)).tool_calls[0]
    assert (call.arguments, call.raw_arguments) == (None, raw)


def test_usage_adds_up_what_the_api_counts_beside_the_input() -> None:
    reported = {
        "input_tokens": 10,
        "cache_read_input_tokens": 200,
        "cache_creation_input_tokens": 3000,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000},
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 40},
    }
    assert read(usage=reported).usage == Usage(
        input_tokens=3210, cached_input_tokens=200, cache_write_tokens=3000, cache_write_1h_tokens=2000,
        output_tokens=50, reasoning_tokens=40,
    )  # fmt: skip


@pytest.mark.parametrize(
    "reported",
    [
        None,
        [],
        {},
        {"input_tokens": 10},
        {"input_tokens": None, "output_tokens": 5},
        {"input_tokens": -1, "output_tokens": 5},
        {"input_tokens": "10", "output_tokens": 5},
        {"input_tokens": 10.5, "output_tokens": 5},
        {"input_tokens": True, "output_tokens": 5},
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": 10, "output_tokens": 1_000_000},
        {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": -1},
        {"input_tokens": 10, "output_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 7}},
    ],
)
def test_absurd_usage_is_unknown(reported: object) -> None:
    assert read(text("x"), usage=reported).usage is None


def test_what_no_utf8_can_hold_is_replaced_on_both_ways() -> None:
    reply = read(use("a", {"path": "x\ud800"}))
    assert reply.tool_calls[0].arguments == {"path": "x\ufffd"}
    result = ToolResult(call_id="a", text="y\udfff")
    request = replace(REQUEST, opening="z\ud800", exchanges=(Exchange(reply=reply, results=(result,)),))
    assert json.dumps(request_body(request), ensure_ascii=False).encode("utf-8")
