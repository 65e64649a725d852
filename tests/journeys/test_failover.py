"""Stories in which a model gives no answer, and the user listed another one for its role."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.domain.run import Status

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey

OTHER = ModelRef(provider="recorded", model="premium")
"""Any second model with a price."""


@pytest.fixture
def listed(journey: "Journey") -> "Journey":
    """Every role has a second model."""
    frontier = ModelRef(provider="recorded", model="frontier")
    fallbacks: dict[str, tuple[ModelRef, ...]] = {"cheap": (OTHER,), "frontier": (OTHER,), "premium": (frontier,)}
    journey.terms = replace(journey.terms, fallbacks=fallbacks)
    return journey


def asked(journey: "Journey", stage: str, step: str = "-") -> list[tuple[int, str]]:
    """(attempt, model) of the requests that were answered."""
    return [(number, model) for s, i, number, model in journey.calls() if (s, i) == (stage, step)]


def test_a_step_goes_on_as_a_new_attempt_of_the_other_model(listed: "Journey") -> None:
    listed.plans_test_and_fix()
    listed.writes_test(2)
    listed.writes_fix(2)
    listed.reviews(1)
    listed.line.dead = {"recorded:cheap"}

    assert listed.start().status is Status.AWAITING_APPROVAL

    first, second = next(step for step in listed.doc["steps"] if step["id"] == "fix")["attempts"]
    assert (first["model"], first["cause"], first["trigger"], first["decision"]) == (
        "recorded:cheap", "provider", "provider_down", "retry",
    )  # fmt: skip
    assert "recorded:premium is asked instead" in first["reason"]
    assert (second["model"], second["decision"]) == ("recorded:premium", "accept")
    assert [number for number, _ in asked(listed, "execute", "fix")] == [2, 2]
    assert "HTTP 529" not in listed.heard("execute", 2, "fix"), (
        "its conversation is a new one, and nothing failed in it"
    )


def test_no_attempt_is_counted_against_anybody(listed: "Journey") -> None:
    listed.plans_test_and_fix()
    listed.writes_test(2)
    listed.writes_fix(2, listed.WRONG)
    listed.writes_fix(3)
    listed.reviews(1)
    listed.line.dead = {"recorded:cheap"}

    assert listed.start().status is Status.AWAITING_APPROVAL

    assert [d for d in listed.decisions() if d[2] != "provider_down"] == [
        ("cheap", "accept", None), ("cheap", "retry", "target_still_red"), ("cheap", "accept", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("dead", "stage"), [("recorded:frontier", "plan"), ("recorded:premium", "review")])
def test_planner_and_reviewer_are_replaced_too(listed: "Journey", dead: str, stage: str) -> None:
    listed.plans_test_and_fix(attempt=2 if stage == "plan" else 1)
    listed.writes_test()
    listed.writes_fix()
    listed.reviews(2 if stage == "review" else 1)
    listed.line.dead = {dead}

    assert listed.start().status is Status.AWAITING_APPROVAL

    (number, model) = asked(listed, stage)[0]
    assert (number, model != dead.partition(":")[2]) == (2, True)
    listed.approve(listed.look())
    listed.merge()
    assert listed.ending == (Status.MERGED, None)


def test_where_nobody_answers_the_run_waits_and_goes_on_with_whoever_is_back(listed: "Journey") -> None:
    listed.plans_test_and_fix()
    listed.writes_test()
    listed.line.dead = {"recorded:cheap", "recorded:premium"}

    assert listed.start().status is Status.UNAVAILABLE
    assert listed.ending == (Status.UNAVAILABLE, "provider_down")

    listed.line.dead = set()
    listed.writes_test(2)
    listed.writes_test(3)
    listed.writes_fix()
    listed.reviews(1)
    assert listed.resume().status is Status.AWAITING_APPROVAL


def test_a_conversation_stays_with_its_model_after_a_kill(listed: "Journey") -> None:
    """The first model is back when the run is resumed; what the second began, it ends."""
    listed.plans_test_and_fix()
    listed.says("execute", "test", 2, ("write_file", {"path": "tests/test_shout.py", "content": listed.NEW_TESTS}))
    listed.says("execute", "test", 2, ("finish", {"summary": "done"}))
    listed.writes_fix()
    listed.reviews(1)
    listed.line.dead = {"recorded:cheap"}
    listed.line.interrupted_at = 8  # plan, five tries, the first turn of the other model
    with pytest.raises(KeyboardInterrupt):
        listed.start()
    listed.line.dead = set()

    assert listed.resume().status is Status.AWAITING_APPROVAL

    assert {model for _, model in asked(listed, "execute", "test")} == {"premium"}
    assert {model for _, model in asked(listed, "execute", "fix")} == {"cheap"}, "a new step asks the first again"


def test_without_a_list_the_run_waits(journey: "Journey") -> None:
    journey.plans_test_and_fix()
    journey.line.dead = {"recorded:cheap"}

    assert journey.start().status is Status.UNAVAILABLE
    assert journey.ending == (Status.UNAVAILABLE, "provider_down")
