"""What all runs together tell: attempts with what failed before them, runs with their overhead, outcomes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from coderoute.domain import places
from coderoute.domain.economics import AttemptOutcome, ReviewOutcome
from coderoute.domain.judgement import Action, Cause, Decision
from coderoute.domain.plan import Class, Kind, Plan
from coderoute.domain.run import Status
from coderoute.journal import to_json
from coderoute.report.past import past_of

Story = Any
"""Of conftest.py: a run that is brought from stage to stage."""


def test_attempts_know_what_failed_before_them_at_their_step(story: Story) -> None:
    story.begin()
    story.plan()
    story.execute()
    found = past_of(story.store).tries
    assert [(t.step, t.cls, t.own_failures, t.other_failures, t.accepted) for t in found] == [
        ("test", "cheap", 0, 0, True),
        ("fix", "cheap", 0, 0, False),
        ("fix", "cheap", 1, 0, False),
        ("fix", "frontier", 0, 2, True),
    ]
    assert {(t.kind, t.cost_usd, t.lines, t.planned_lines) for t in found} == {("edit.local", Decimal("0.01"), 12, 5)}


@pytest.mark.parametrize("cause", [Cause.ENVIRONMENT, Cause.PROVIDER, Cause.FLAKY])
def test_what_was_not_the_models_fault_is_no_attempt_of_it(story: Story, cause: Cause) -> None:
    story.begin()
    story.plan()
    story.attempt("fix", 1, None)
    decision = Decision(action=Action.RETRY, trigger="environment_broken", reason="r", cause=cause, to="cheap")
    story.journal.put(places.decision("fix", 1), Decision, decision)
    story.attempt("fix", 2, Action.ACCEPT)
    assert [(t.own_failures, t.accepted) for t in past_of(story.store).tries] == [(0, True)]


def test_a_command_is_no_models_attempt(story: Story, plan: Plan) -> None:
    story.begin()
    command = replace(plan.steps[0], id="make", cls=Class.CODE, kind=Kind.COMMAND, command="make")
    story.plan(replace(plan, steps=(command,)))
    story.attempt("make", 1, Action.ACCEPT, cls="code", called=False)
    assert past_of(story.store).tries == ()


def test_a_run_tells_what_went_beside_the_work(story: Story) -> None:
    story.begin()
    story.plan()
    story.execute()
    story.come_to_the_gate()
    (run,) = past_of(story.store).runs
    assert (run.resolved, run.frontier_only) == (True, False)
    assert (run.total_usd, run.overhead_usd) == (Decimal("0.29"), Decimal("0.25"))
    assert run.direct_usd == Decimal(1), "every step by the frontier model, as quoted"
    story.status(Status.REJECTED)
    assert past_of(story.store).runs[0].resolved is False


def test_a_run_that_cannot_be_read_is_left_out(story: Story) -> None:
    story.begin()
    story.store.put_record("run-1", places.attempt("fix", 1), "Attempt", '{"of": "another version"}')
    found = past_of(story.store)
    assert (found.runs, found.tries) == ((), ())


def test_outcomes_are_read_by_their_place_and_strange_ones_are_left_out(story: Story) -> None:
    attempt = AttemptOutcome(
        at="2026-11-22T10:00:00+00:00", model="openai:small", prompt_sha256="p", kind="docs", own_failures=0,
        other_failures=0, accepted=True, cost_usd=None, latency_s=None, diff_lines=1,
    )  # fmt: skip
    review = ReviewOutcome(at="2026-11-22T10:00:00+00:00", accepted=False)
    story.store.add_outcome("run-1", places.attempt("fix", 1), to_json(AttemptOutcome, attempt))
    story.store.add_outcome("run-1", places.review(1), to_json(ReviewOutcome, review))
    story.store.add_outcome("run-1", places.attempt("fix", 2), '{"of": "another version"}')
    found = past_of(story.store)
    assert (found.outcomes, found.reviews) == ((attempt,), (review,))
