"""Which recorded reply answers which request."""

import json
from dataclasses import replace

import pytest

from coderoute.adapters.model_scripted import ScriptedProvider, ScriptedReply
from coderoute.domain.conversation import CallTags, Exchange, ModelRef, ModelRequest, Stop, Usage
from coderoute.errors import ProviderError

REQUEST = ModelRequest(
    model=ModelRef(provider="recorded", model="demo"),
    system="",
    opening="Mend this.",
    tags=CallTags(run="r", stage="execute", step="step-1"),
)


def at(stage: str, step: str = "-", attempt: int = 1) -> ModelRequest:
    return replace(REQUEST, tags=CallTags(run="r", stage=stage, step=step, attempt=attempt))


def test_a_reply_answers_at_its_place_in_the_story_only() -> None:
    provider = ScriptedProvider([
        ScriptedReply(stage="plan", text="a plan"),
        ScriptedReply(stage="execute", step="step-1", attempt=1, text="one"),
        ScriptedReply(stage="execute", step="step-1", attempt=2, text="two"),
        ScriptedReply(stage="execute", step="step-2", text="three"),
    ])  # fmt: skip
    places = [at("execute", "step-2", 7), at("execute", "step-1", 2), at("execute", "step-1", 1), at("plan")]
    assert [provider.complete(place).text for place in places] == ["three", "two", "one", "a plan"]
    assert provider.requests == places


def test_a_resumed_run_hears_the_same_again() -> None:
    replies = [ScriptedReply(stage="execute", text="one"), ScriptedReply(stage="execute", text="two")]
    before_the_crash = ScriptedProvider(replies)
    first = before_the_crash.complete(REQUEST)
    later = replace(REQUEST, exchanges=(Exchange(reply=first, remark="Go on."),))
    assert ScriptedProvider(replies).complete(later) == before_the_crash.complete(later)
    assert ScriptedProvider(replies).complete(REQUEST) == first


def test_beyond_the_script_there_is_a_clear_error() -> None:
    with pytest.raises(ProviderError, match="stage execute, step step-1, attempt 1, turn 1") as caught:
        ScriptedProvider([]).complete(REQUEST)
    assert (caught.value.retryable, caught.value.billed) == (False, False)


def test_a_recording_is_read_from_json() -> None:
    recorded = [
        {
            "stage": "execute",
            "step": "step-1",
            "attempt": 1,
            "text": "Looking.",
            "tool_calls": [{"name": "search", "arguments": {"pattern": "x"}}],
            "usage": {"input_tokens": 10, "output_tokens": 2},
        },
        {"stage": "review", "stop": "refusal"},
    ]
    provider = ScriptedProvider.from_json(json.dumps(recorded))
    reply = provider.complete(REQUEST)
    assert (reply.text, reply.stop, reply.usage) == ("Looking.", Stop.TOOLS, Usage(input_tokens=10, output_tokens=2))
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [("search", {"pattern": "x"})]
    assert provider.complete(at("review")).stop is Stop.REFUSAL


@pytest.mark.parametrize(
    "mistake",
    [
        {"step": "1"},
        {"stage": "plan", "txt": "x"},
        {"stage": "plan", "tool_calls": [{"name": "x"}]},
        {"stage": "plan", "usage": {"tokens": 1}},
        {"stage": "plan", "stop": "whenever"},
        "plan",
    ],
)
def test_a_mistake_in_a_recording_names_its_entry(mistake: object) -> None:
    with pytest.raises(ValueError, match="recorded reply 1"):
        ScriptedProvider.from_json(json.dumps([{"stage": "plan"}, mistake]))
