"""Stories of runs that know their models well: expected cost decides who begins and who tries again, `show` says so in
money, and only what a model did is left to later runs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.cli.render import evidence_text
from coderoute.domain import places
from coderoute.domain.economics import AttemptOutcome
from coderoute.domain.judgement import Decision
from coderoute.domain.run import EXIT_CODES, Status
from coderoute.flow.experience import executor_prompts_sha256, remember_attempt
from coderoute.journal import from_json
from coderoute.ports import RunStore

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey

WRONG_OTHERWISE = "def shout(text):\n    return text[0].upper() + text[1:].upper() + '!'\n"
RIGHT, WRONG = True, False
NO_LATER_TRY_HELPS = tuple((own, 0, [WRONG] * 60) for own in (1, 2, 3))
NO_RETRY_HELPS = ((0, 0, [RIGHT] * 60), *NO_LATER_TRY_HELPS)
"""First tries are right, and no later one is."""


def teaches(
    journey: "Journey", *histories: tuple[int, int, Sequence[bool]], model: str = "cheap", usd: str = "4.00",
    run: str = "earlier",
) -> None:  # fmt: skip
    """Another run leaves what attempts at edit.local came to: (own failures, failures of the other class, results)."""
    for own, other, results in histories:
        for number, accepted in enumerate(results):
            outcome = AttemptOutcome(
                at="2026-02-01", model=f"recorded:{model}", prompt_sha256=executor_prompts_sha256(), kind="edit.local",
                own_failures=own, other_failures=other, accepted=accepted, cost_usd=Decimal(usd), latency_s=1.0,
                diff_lines=5,
            )  # fmt: skip
            place = places.attempt(f"{model}-{own}-{other}", number)
            remember_attempt(journey.disk, run, place, outcome)


def planned(journey: "Journey") -> "Journey":
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.reviews(1)
    return journey


def own_rows(journey: "Journey") -> list[dict[str, object]]:
    """What this run left to later ones; earlier ones' places begin with their model's name."""
    rows = [(place.split("/"), json.loads(value)) for place, value in journey.disk.outcomes(10_000)]
    return [row for place, row in rows if place[0] == "attempt" and place[1] in ("test", "fix")]


def models_at_fix(journey: "Journey") -> list[str]:
    return [model for _, step, _, model in journey.calls() if step == "fix"]


def explained(journey: "Journey", attempt: int) -> str:
    return str(journey.doc["steps"][1]["attempts"][attempt - 1]["explanation"])


class TestRetryNotWorthIt:
    def test_where_no_second_try_was_ever_right_the_frontier_model_takes_over(self, journey: "Journey") -> None:
        teaches(journey, *NO_RETRY_HELPS)
        planned(journey).writes_fix(1, journey.WRONG)
        journey.writes_fix(2)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert journey.decisions()[1:] == [("cheap", "escalate", "retry_not_worth_it"), ("frontier", "accept", None)]
        assert models_at_fix(journey) == ["cheap"] * 2 + ["frontier"] * 2
        sentence = explained(journey, 1)
        assert "another cheap try would cost $3." in sentence
        assert "one frontier call is expected to be cheaper: $" in sentence
        assert sentence in evidence_text(journey.doc)

    def test_where_a_person_is_cheaper_than_any_model_the_run_ends(self, new_journey: "Callable[..., Journey]") -> None:
        journey = new_journey()
        journey.terms = replace(journey.terms, takeover_minutes=Decimal(3))
        teaches(journey, *NO_RETRY_HELPS, usd="0.40")
        planned(journey).writes_fix(1, journey.WRONG)

        journey.start()

        assert journey.decisions()[1:] == [("cheap", "ask_human", "retry_not_worth_it")]
        assert journey.ending == (Status.EXHAUSTED, "retry_not_worth_it")
        assert EXIT_CODES[journey.run.status] == 5
        assert "a person is expected to be cheaper: $3.00 against $" in evidence_text(journey.doc)
        paid = journey.calls()
        assert journey.resume().status is Status.EXHAUSTED
        assert journey.calls() == paid

    def test_where_later_tries_mostly_help_the_cheap_model_goes_on_past_the_ladder(self, journey: "Journey") -> None:
        often_right = tuple((own, 0, [RIGHT] * 60) for own in (0, 1, 2))
        teaches(journey, *often_right, usd="0.01")
        planned(journey).writes_fix(1, journey.WRONG)
        journey.writes_fix(2, WRONG_OTHERWISE)
        journey.writes_fix(3)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert journey.terms.cheap_tries == 2
        assert journey.decisions()[1:] == [
            ("cheap", "retry", "target_still_red"), ("cheap", "retry", "target_still_red"), ("cheap", "accept", None),
        ]  # fmt: skip

    def test_the_same_failure_twice_allows_no_cheap_try_however_cheap(self, journey: "Journey") -> None:
        teaches(journey, *((own, 0, [RIGHT] * 60) for own in (0, 1, 2)), usd="0.01")
        planned(journey).writes_fix(1, journey.WRONG)
        journey.writes_fix(2, journey.WRONG)
        journey.writes_fix(3)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert journey.decisions()[2] == ("cheap", "escalate", "same_failure_twice")

    @pytest.mark.parametrize(
        ("trials", "trigger"), [(49, "target_still_red"), (50, "retry_not_worth_it")], ids=["49 trials", "50 trials"]
    )
    def test_the_rule_decides_from_fifty_first_tries_on(self, trials: int, trigger: str, journey: "Journey") -> None:
        teaches(journey, (0, 0, [RIGHT] * trials), *NO_LATER_TRY_HELPS)
        planned(journey).writes_fix(1, journey.WRONG)
        journey.writes_fix(2)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert journey.decisions()[1][2] == trigger
        assert "expected to cost" in explained(journey, 1), "what the ways on cost is told in any case"


class TestWhoBegins:
    def test_where_the_cheap_model_is_never_right_the_frontier_model_begins(self, journey: "Journey") -> None:
        teaches(journey, (0, 0, [WRONG] * 60))
        planned(journey).writes_fix(1)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert journey.decisions() == [("cheap", "accept", None), ("frontier", "accept", None)]
        assert models_at_fix(journey) == ["frontier"] * 2, "the cheap model was asked for nothing"
        begun = journey.doc["steps"][1]["start"]
        assert begun["class"] == "frontier"
        assert "beginning with the frontier model is expected to be cheaper: $" in begun["explanation"]
        assert begun["explanation"] in evidence_text(journey.doc)
        assert journey.doc["steps"][0]["start"]["class"] == "cheap", "of steps of another kind nothing is known"

    def test_one_trial_too_few_leaves_the_step_to_the_cheap_model(self, journey: "Journey") -> None:
        teaches(journey, (0, 0, [WRONG] * 49))
        planned(journey).writes_fix(1)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert models_at_fix(journey) == ["cheap"] * 2

    def test_what_the_user_routed_is_not_weighed(self, new_journey: "Callable[..., Journey]") -> None:
        journey = new_journey()
        journey.terms = replace(journey.terms, routes={"edit.local": "cheap"})
        teaches(journey, (0, 0, [WRONG] * 60))
        planned(journey).writes_fix(1)

        assert journey.start().status is Status.AWAITING_APPROVAL
        assert models_at_fix(journey) == ["cheap"] * 2


class TestWhatIsLeftToLaterRuns:
    def test_each_attempt_leaves_what_came_before_it_and_what_became_of_it(self, journey: "Journey") -> None:
        planned(journey).writes_fix(1, journey.WRONG)
        journey.writes_fix(2, journey.WRONG)
        journey.writes_fix(3)
        journey.start()

        rows = [
            (row["model"], row["kind"], row["own_failures"], row["other_failures"], row["accepted"])
            for row in own_rows(journey)
        ]
        assert rows == [
            ("recorded:cheap", "test.write", 0, 0, True),
            ("recorded:cheap", "edit.local", 0, 0, False),
            ("recorded:cheap", "edit.local", 1, 0, False),
            ("recorded:frontier", "edit.local", 0, 2, True),
        ]

    @pytest.mark.parametrize("kind", ["environment", "unclear", "impossible"])
    def test_what_was_not_the_model_s_doing_leaves_nothing(self, kind: str, journey: "Journey") -> None:
        planned(journey).gives_up("fix", 1, kind)
        journey.start()
        assert [row["kind"] for row in own_rows(journey)] == ["test.write"]

    def test_a_provider_that_is_down_leaves_nothing_and_a_resume_counts_once(self, journey: "Journey") -> None:
        planned(journey).writes_fix(1)
        journey.line.good, journey.line.failures = 4, 5
        journey.start()
        assert journey.ending == (Status.UNAVAILABLE, "provider_down")
        assert [row["kind"] for row in own_rows(journey)] == ["test.write"]

        journey.resume()
        assert [(row["kind"], row["own_failures"]) for row in own_rows(journey)] == [
            ("test.write", 0), ("edit.local", 0),
        ]  # fmt: skip

    def test_a_broken_environment_does_not_shift_the_history_of_the_next_attempt(self, journey: "Journey") -> None:
        planned(journey).gives_up("fix", 1, "environment")
        journey.writes_fix(2, journey.WRONG)
        journey.writes_fix(3)
        journey.start()
        journey.send_back("It is mended.")
        journey.resume()

        assert journey.decisions()[1:] == [
            ("cheap", "ask_human", "environment_broken"), ("cheap", "retry", "target_still_red"),
            ("cheap", "accept", None),
        ]  # fmt: skip
        assert [row["own_failures"] for row in own_rows(journey)] == [0, 0, 1]


class Killed(BaseException):
    """The process died here."""


class MortalStore:
    """The store of a process that dies just before its write number `last`; what its `finally` blocks try is lost."""

    WRITES = frozenset({"set_status", "put_record", "open_call", "settle_call", "add_event", "add_outcome"})

    def __init__(self, disk: InMemoryStore, last: int | None) -> None:
        self._disk = disk
        self._last = last
        self.writes = 0

    def __getattr__(self, name: str) -> object:
        there = getattr(self._disk, name)
        if name not in self.WRITES:
            return there

        def write(*args: object, **kwargs: object) -> object:
            self.writes += 1
            if self._last is not None and self.writes >= self._last:
                raise Killed
            return there(*args, **kwargs)

        return write


def lives(journey: "Journey", last: int | None) -> int:
    """Goes on with the run in a process that dies at write `last`; how many writes there were."""
    process = MortalStore(journey.disk, last)
    journey.store = cast("RunStore", process)
    try:
        journey.resume()
    except Killed:
        pass
    finally:
        journey.store = journey.disk
    return process.writes


def judged(journey: "Journey") -> dict[str, Decision]:
    """Every decision of the run about attempts, with what each way on was expected to cost."""
    keys = ("decision/", "start/")
    return {key: from_json(Decision, text) for key, text in journey.disk.records(journey.id) if key.startswith(keys)}


def known_well(journey: "Journey") -> "Journey":
    teaches(journey, *NO_RETRY_HELPS)
    planned(journey).writes_fix(1, journey.WRONG)
    journey.writes_fix(2)
    journey.begin()
    return journey


def test_a_run_killed_at_any_write_decides_by_what_it_knew_when_it_started(
    new_journey: "Callable[..., Journey]",
) -> None:
    undisturbed = known_well(new_journey())
    writes = lives(undisturbed, None)
    wanted = judged(undisturbed)
    assert [decision.trigger for decision in wanted.values()].count("retry_not_worth_it") == 1
    interrupted = 0

    for number in range(1, writes + 1, 2):
        journey = known_well(new_journey())
        lives(journey, number)
        knew = journey.disk.record(journey.id, places.EXPERIENCE) is not None
        # other runs end while this one is down, and all they saw says the opposite
        often_right = tuple((own, 0, [RIGHT] * 100) for own in (0, 1, 2))
        teaches(journey, *often_right, usd="0.0001", run="meanwhile")
        lives(journey, None)

        if knew:
            interrupted += 1
            assert judged(journey) == wanted, f"killed at write {number}"
            assert journey.ending == undisturbed.ending
            assert [row["accepted"] for row in own_rows(journey)] == [True, False, True], f"killed at write {number}"
    assert interrupted > 20
