"""Stories of a world that fails: money, models, machines, and people who stop the program."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import CallState
from coderoute.domain.run import Status

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


def ready(journey: "Journey") -> "Journey":
    """Everything for a good end is at hand."""
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.writes_fix()
    journey.reviews(1)
    return journey


def test_a_provider_that_is_down_makes_the_run_unavailable_and_a_resume_pays_nothing_twice(journey: "Journey") -> None:
    ready(journey).begin()
    processes = 0
    run = journey.run
    while run.status is not Status.AWAITING_APPROVAL:
        processes += 1
        journey.line.good, journey.line.failures = 2, 5  # two more calls come through, then the line is down again
        run = journey.resume()
        if run.status is not Status.AWAITING_APPROVAL:
            assert journey.ending == (Status.UNAVAILABLE, "provider_down")
            assert "529" in str(run.problem)
            assert f"coderoute resume {journey.id}" in str(run.remedy)

    assert processes == 3
    assert len(journey.calls()) == 6, "each call that came through was paid once"
    assert {row.state for row in journey.disk.calls(journey.id)} == {CallState.SETTLED, CallState.FREE}


def test_a_provider_that_is_down_counts_against_no_model(journey: "Journey") -> None:
    ready(journey).line.good = 3
    journey.line.failures = 5
    journey.start()
    assert journey.ending == (Status.UNAVAILABLE, "provider_down")

    journey.resume()

    assert journey.decisions() == [("cheap", "accept", None), ("cheap", "accept", None)]


def test_a_short_outage_is_waited_out(journey: "Journey") -> None:
    ready(journey).line.failures = 4

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert [event for event, _ in journey.told].count("model_retry") == 4


def test_a_model_without_a_price_blocks_before_anything_is_sent(new_journey: "Callable[..., Journey]") -> None:
    journey = new_journey()
    unknown = ModelRef(provider="recorded", model="mystery")
    journey.terms = replace(journey.terms, models=journey.terms.models | {"premium": unknown})
    ready(journey).start()

    assert journey.ending == (Status.BLOCKED, "unpriced_model")
    assert "recorded:mystery" in str(journey.run.problem)
    assert 'prices."recorded:mystery"' in str(journey.run.remedy)
    assert journey.line.requests == []


def test_a_budget_too_small_for_the_plan_sends_nothing(new_journey: "Callable[..., Journey]") -> None:
    journey = new_journey()
    journey.terms = replace(journey.terms, budget_usd=Decimal("1.10"))
    ready(journey).start()

    assert journey.ending == (Status.EXHAUSTED, "over_budget")
    assert "$1.10" in str(journey.run.problem)
    assert journey.line.requests == []
    assert Decimal(journey.section("cost")["total_usd"]) == 0


def test_a_budget_that_is_used_up_on_the_way_ends_the_run_and_is_never_exceeded(
    new_journey: "Callable[..., Journey]",
) -> None:
    journey = new_journey()
    journey.terms = replace(journey.terms, budget_usd=Decimal("1.90"))
    ready(journey)
    journey.line.replies = [reply for reply in journey.line.replies if reply.step != "fix"]
    journey.gives_up("fix", 1, "needs_stronger")
    reads = [("read_file", {"path": path}) for path in ("shout.py", "README.md") * 20]
    journey.says("execute", "fix", 2, *reads)
    journey.terms = replace(journey.terms, max_turns=60)

    journey.start()

    assert journey.ending == (Status.EXHAUSTED, "over_budget")
    assert journey.decisions()[-1] == ("frontier", "ask_human", "over_budget")
    spent = Decimal(journey.section("cost")["total_usd"])
    assert spent <= Decimal("0.90"), "the review's dollar was left alone"
    assert len(journey.calls()) > 5


def test_the_review_may_use_the_reserve_that_execution_could_not(new_journey: "Callable[..., Journey]") -> None:
    journey = new_journey()
    # a planning call of this model reserves about 0.09, the review 0.64: it fits only with the 0.62 kept for it
    models = journey.terms.models | {"frontier": journey.terms.models["cheap"]}
    journey.terms = replace(
        journey.terms, models=models, budget_usd=Decimal("0.80"), review_reserve_usd=Decimal("0.62")
    )  # fmt: skip
    ready(journey)

    assert journey.start().status is Status.AWAITING_APPROVAL


def test_a_machine_that_is_lost_is_made_anew_and_no_paid_turn_is_paid_again(journey: "Journey") -> None:
    ready(journey)
    journey.line.replies = [reply for reply in journey.line.replies if reply.step != "fix"]
    turns = [
        ("write_file", {"path": "shout.py", "content": journey.RIGHT}),
        ("run", {"command": "python -m pytest -q"}),
        ("run", {"command": "test -s shout.py"}),
        ("finish", {"summary": "done"}),
    ]
    journey.says("execute", "fix", 1, *turns)
    # machines: baseline, test, its proof, the test on the base; the fix's breaks in its second command
    journey.losses = [0, 0, 0, 0, 2]

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert [event for event, _ in journey.told].count("sandbox.lost") == 1
    assert len([call for call in journey.calls() if call[1] == "fix"]) == 4
    assert journey.section("patch")["files"] == ["shout.py", "tests/test_shout.py"]


def test_three_lost_machines_block_as_a_broken_environment_and_count_against_nobody(journey: "Journey") -> None:
    ready(journey).losses = [0, 0, 1, 1, 1]
    journey.start()

    assert journey.ending == (Status.BLOCKED, "environment_broken")
    assert "3 times" in str(journey.run.problem)
    assert journey.resume().status is Status.AWAITING_APPROVAL, "with a sound engine it goes on"
    assert journey.decisions() == [("cheap", "accept", None), ("cheap", "accept", None)]
    assert len(journey.calls()) == 6


def test_a_test_command_that_collects_nothing_blocks_before_anything_is_paid(
    new_journey: "Callable[..., Journey]",
) -> None:
    journey = new_journey(files={"tests/test_shout.py": "x = 1\n"})
    ready(journey).start()

    assert journey.ending == (Status.BLOCKED, "environment_broken")
    assert "collects no tests" in str(journey.run.problem)
    assert journey.line.requests == []


def test_a_test_command_that_does_not_exist_blocks_before_anything_is_paid(
    new_journey: "Callable[..., Journey]",
) -> None:
    journey = new_journey()
    journey.terms = replace(journey.terms, test=replace(journey.terms.test, command="no-such-runner pytest"))
    ready(journey).start()

    assert journey.ending == (Status.BLOCKED, "environment_broken")
    assert "no-such-runner" in str(journey.run.problem)
    assert journey.line.requests == []


def test_a_person_who_stops_the_run_can_resume_it(journey: "Journey") -> None:
    ready(journey).line.interrupted_at = 4
    with pytest.raises(KeyboardInterrupt):
        journey.start()
    assert journey.ending == (Status.INTERRUPTED, "interrupted")

    assert journey.resume().status is Status.AWAITING_APPROVAL
    assert len(journey.calls()) == 6
    states = [row.state for row in journey.disk.calls(journey.id)]
    assert states.count(CallState.ESTIMATED) == 1, "nobody knows whether the call in flight was billed"


def test_a_resumed_run_does_not_tell_again_what_was_told(journey: "Journey") -> None:
    ready(journey).line.good, journey.line.failures = 5, 5
    journey.start()
    assert journey.ending == (Status.UNAVAILABLE, "provider_down")
    before = len(journey.told)

    journey.resume()

    told_again = [event for event, _ in journey.told[before:] if event not in ("model_call", "review.decided")]
    assert told_again == ["run.working", "review.started", "run.waiting"]


def test_a_bug_of_ours_is_a_failed_run_with_its_traceback_in_the_log(journey: "Journey") -> None:
    ready(journey).line.bug = ZeroDivisionError("oh")

    assert journey.start().status is Status.FAILED
    assert journey.ending == (Status.FAILED, "bug")
    assert "ZeroDivisionError: oh" in str(journey.run.problem)
    assert f"coderoute log {journey.id}" in str(journey.run.remedy)
    (bug,) = [event for event in journey.disk.events(journey.id) if event.event == "bug"]
    assert "Traceback" in str(bug.data["traceback"])


def test_one_run_is_driven_by_one_process_at_a_time(journey: "Journey") -> None:
    ready(journey).begin()
    with journey.disk.lock(f"run-{journey.id}"):
        assert "another process" in journey.refusal(journey.resume).problem
        assert "another process" in journey.refusal(journey.reject, "no").problem
    assert journey.resume().status is Status.AWAITING_APPROVAL
