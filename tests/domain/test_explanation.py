"""A decision as a person reads it."""

from decimal import Decimal

import pytest

from coderoute.domain.explanation import compared, explain, in_dollars
from coderoute.domain.judgement import Action, Cause, Decision

ACCEPTED = Decision(action=Action.ACCEPT, trigger=None, reason="no trigger fired")


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (ACCEPTED, "accepted: no trigger fired"),
        (
            Decision(
                action=Action.ESCALATE, trigger="retry_not_worth_it", reason="still red: a", cause=Cause.MODEL,
                to="frontier", branches={"cheap": "0.420000", "frontier": "0.313", "human": "45"},
                noted=("protected_path", "test_weakened"),
            ),
            "the frontier model takes over: still red: a [retry_not_worth_it]; expected to cost, people's time "
            "included, by way on: the cheap model $0.42, the frontier model $0.31, a person $45.00; to be acknowledged "
            "at the gate: protected_path, test_weakened",
        ),
        (
            Decision(action=Action.RETRY, trigger="target_still_red", reason="r", cause=Cause.FLAKY, to="cheap"),
            "the cheap model tries again (charged to a flaky test): r [target_still_red]",
        ),
        (
            Decision(action=Action.REPLAN, trigger="plan_wrong", reason="r", cause=Cause.PLAN),
            "a new plan is made (charged to the plan): r [plan_wrong]",
        ),
        (
            Decision(action=Action.ASK_HUMAN, trigger="environment_broken", reason="r", cause=Cause.ENVIRONMENT),
            "a person is asked (charged to the environment): r [environment_broken]",
        ),
    ],
)  # fmt: skip
def test_a_decision_is_one_sentence(decision: Decision, sentence: str) -> None:
    assert explain(decision) == sentence


def test_every_action_and_cause_has_its_words() -> None:
    for action in Action:
        for cause in Cause:
            assert explain(Decision(action=action, trigger="t", reason="because", cause=cause, to="cheap"))


@pytest.mark.parametrize(
    ("usd", "text"),
    [("0", "$0.0000"), ("0.00431", "$0.0043"), ("0.1", "$0.10"), ("12.345", "$12.34"), ("45", "$45.00")],
)
def test_small_sums_have_more_digits(usd: str, text: str) -> None:
    assert in_dollars(Decimal(usd)) == text


def test_two_sums_never_look_alike_when_one_is_less() -> None:
    assert compared(Decimal("0.31"), Decimal("0.42")) == "$0.31 against $0.42"
    assert compared(Decimal("12.341000"), Decimal("12.341200")) == "$12.341000 against $12.341200"
