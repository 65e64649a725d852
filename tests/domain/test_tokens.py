"""How long a conversation is, by its provider's count where there is one."""

from dataclasses import replace

import pytest

from coderoute.domain.conversation import (
    CallTags,
    Exchange,
    ModelRef,
    ModelReply,
    ModelRequest,
    Stop,
    Tool,
    ToolResult,
    Usage,
)
from coderoute.domain.tokens import HIDDEN_INPUT_TOKENS, is_outgrown, likely_input_tokens, upper_input_tokens

REQUEST = ModelRequest(
    model=ModelRef(provider="p", model="m", context_tokens=20_000), system="s" * 300, opening="o" * 600,
    max_output_tokens=10_000, tags=CallTags(run="r", stage="execute"),
)  # fmt: skip


def exchange(usage: Usage | None, result: str = "r" * 3_000) -> Exchange:
    reply = ModelReply(text="t" * 300, tool_calls=(), stop=Stop.END, usage=usage)
    return Exchange(reply=reply, results=(ToolResult(call_id="c", text=result),))


def test_before_the_first_answer_everything_is_estimated_from_its_bytes() -> None:
    assert likely_input_tokens(REQUEST) == 300 + HIDDEN_INPUT_TOKENS
    assert likely_input_tokens(replace(REQUEST, opening="\u00e9" * 300)) == 300 + HIDDEN_INPUT_TOKENS
    more = replace(REQUEST, tools=(Tool(name="n", description="d" * 300, schema={}),))
    assert 100 <= likely_input_tokens(more) - likely_input_tokens(REQUEST) <= 110


def test_afterwards_the_providers_count_goes_before_the_estimate() -> None:
    counted = exchange(Usage(input_tokens=5_000, output_tokens=200))
    assert likely_input_tokens(replace(REQUEST, exchanges=(exchange(None), counted))) == 5_000 + 200 + 1_000


@pytest.mark.parametrize("usage", [None, Usage(input_tokens=0, output_tokens=0)])
def test_without_a_count_it_is_estimated_again(usage: Usage | None) -> None:
    assert likely_input_tokens(replace(REQUEST, exchanges=(exchange(usage),))) == 300 + HIDDEN_INPUT_TOKENS + 1_100


def test_the_upper_bound_is_above_what_is_likely() -> None:
    request = replace(REQUEST, exchanges=(exchange(None),))
    assert upper_input_tokens(request) > likely_input_tokens(request)


@pytest.mark.parametrize(
    ("context_tokens", "input_tokens", "outgrown"),
    [(20_000, 6_000, False), (20_000, 8_000, True), (None, 10**9, False), (5_000, 10, True)],
)
def test_a_conversation_is_outgrown_when_little_room_is_left_beside_the_answer(
    context_tokens: int | None, input_tokens: int, outgrown: bool
) -> None:
    model = replace(REQUEST.model, context_tokens=context_tokens)
    turns = (exchange(Usage(input_tokens=input_tokens, output_tokens=10), result=""),)
    assert is_outgrown(replace(REQUEST, model=model, exchanges=turns)) is outgrown
