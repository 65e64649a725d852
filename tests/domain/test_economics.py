"""What attempts and reviews teach: counters that forget slowly, prices by history, and how weak the gate is."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coderoute.domain.economics import (
    AttemptOutcome,
    Counter,
    Economics,
    Odds,
    ReviewOutcome,
    Track,
    false_accept,
    learn,
    odds_of,
    rise,
)
from coderoute.journal import from_json, to_json

RIGHT = AttemptOutcome(
    at="2026-11-22T10:00:00+00:00", model="p:m", prompt_sha256="a", kind="edit.local", own_failures=0,
    other_failures=0, accepted=True, cost_usd=Decimal("0.10"), latency_s=60.0, diff_lines=20,
)  # fmt: skip
WRONG = replace(RIGHT, accepted=False)


def only(outcomes: Sequence[AttemptOutcome], prompt_sha256: str | None = None) -> Track:
    (track,) = learn(outcomes, prompt_sha256=prompt_sha256)
    return track


class TestCounters:
    def test_each_history_of_each_model_and_kind_is_counted_by_itself(self) -> None:
        outcomes = [
            RIGHT, replace(WRONG, own_failures=1), replace(RIGHT, other_failures=2), replace(RIGHT, kind="docs"),
            replace(WRONG, model="p:n"),
        ]  # fmt: skip
        tracks = learn(outcomes)
        assert [(track.model, track.kind) for track in tracks] == [
            ("p:m", "docs"), ("p:m", "edit.local"), ("p:n", "edit.local"),
        ]  # fmt: skip
        ended = {key: (c.right > 0, c.wrong > 0, c.seen) for key, c in tracks[1].trials.items()}
        assert ended == {"0/0": (True, False, 1), "1/0": (False, True, 1), "0/2": (True, False, 1)}

    def test_what_is_long_ago_counts_less(self) -> None:
        counter = only([RIGHT, WRONG, WRONG]).trials["0/0"]
        assert counter.right == pytest.approx(0.98**2)
        assert counter.wrong == pytest.approx(1.98)
        assert counter.seen == 3

    def test_the_memory_holds_about_fifty_trials_and_every_one_is_seen(self) -> None:
        counter = only([RIGHT] * 1000).trials["0/0"]
        assert counter.trials == pytest.approx(50, abs=0.01)
        assert counter.seen == 1000

    def test_only_the_same_history_makes_a_trial_old(self) -> None:
        trials = only([RIGHT, *[replace(WRONG, own_failures=1)] * 10]).trials
        assert trials["0/0"] == Counter(right=1, seen=1)

    def test_under_other_words_old_trials_are_at_most_ten(self) -> None:
        many = only([RIGHT, WRONG] * 20)
        few = only([RIGHT, WRONG] * 2)
        assert only([RIGHT, WRONG] * 20, "a") == many, "the words are still the same"
        cut = only([RIGHT, WRONG] * 20, "b").trials["0/0"]
        assert cut.trials == pytest.approx(10)
        assert cut.seen == 10, "the safe default decides again"
        old = many.trials["0/0"]
        assert cut.right / cut.trials == pytest.approx(old.right / old.trials)
        assert only([RIGHT, WRONG] * 2, "b").trials == few.trials

    def test_words_that_change_on_the_way_count_too(self) -> None:
        changed = only([RIGHT] * 40 + [replace(WRONG, prompt_sha256="b")])
        assert changed.trials["0/0"].right == pytest.approx(10 * 0.98)
        assert changed.prompt_sha256 == "b"

    def test_learning_goes_on_where_it_was_left(self) -> None:
        outcomes = [RIGHT, WRONG, replace(RIGHT, kind="docs"), replace(WRONG, own_failures=1), RIGHT]
        assert learn(outcomes[2:], known=learn(outcomes[:2])) == learn(outcomes)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([RIGHT, WRONG, replace(WRONG, own_failures=1), replace(RIGHT, kind="docs")])))
    def test_what_was_learnt_survives_the_journal(self, outcomes: list[AttemptOutcome]) -> None:
        tracks = learn(outcomes)
        assert from_json(tuple[Track, ...], to_json(tuple[Track, ...], tracks)) == tracks
        assert all(0 <= c.trials <= min(c.seen, 50 + 1e-6) for track in tracks for c in track.trials.values())


class TestPrices:
    def test_an_assumed_price_gives_way_to_measured_ones(self) -> None:
        assumed = Decimal("0.40")
        usd = [odds_of(learn([RIGHT] * n), "p:m", "edit.local", first_usd=assumed, first_s=30).attempt_usd for n in
               (0, 5, 500)]  # fmt: skip
        assert usd[0] == assumed
        assert Decimal("0.24") < usd[1] < Decimal("0.26")
        assert usd[2] < Decimal("0.13")

    def test_the_price_of_a_later_attempt_counts_as_that_of_a_first_one(self) -> None:
        later = replace(RIGHT, own_failures=1, other_failures=1, cost_usd=Decimal("0.10") * rise(1, 1))
        first, second = (
            odds_of(learn([outcome]), "p:m", "edit.local", first_usd=Decimal(1), first_s=30).attempt_usd
            for outcome in (RIGHT, later)
        )
        assert first == second

    def test_an_unknown_price_is_not_free(self) -> None:
        unknown = replace(RIGHT, cost_usd=None, latency_s=None)
        found = odds_of(learn([unknown] * 9), "p:m", "edit.local", first_usd=Decimal("0.40"), first_s=30)
        assert (found.attempt_usd, found.attempt_s) == (Decimal("0.40"), 30.0)
        assert found.trials["0/0"].seen == 9

    def test_a_model_nobody_has_seen_has_no_trials(self) -> None:
        found = odds_of(learn([RIGHT]), "p:new", "edit.local", first_usd=Decimal(1), first_s=30)
        assert (found.trials, found.elsewhere) == ({}, {})

    def test_other_kinds_of_the_same_model_are_added_up(self) -> None:
        tracks = learn(
            [
                replace(RIGHT, kind="docs"),
                replace(WRONG, kind="rename"),
                RIGHT,
                replace(RIGHT, model="p:n", kind="docs"),
            ]
        )
        found = odds_of(tracks, "p:m", "edit.local", first_usd=Decimal(1), first_s=30)
        assert found.elsewhere == {"0/0": Counter(right=1, wrong=1, seen=2)}
        assert found.trials == {"0/0": Counter(right=1, seen=1)}


class TestGate:
    GOOD, BAD = (ReviewOutcome(at="2026-11-22", accepted=accepted) for accepted in (True, False))

    @pytest.mark.parametrize(
        ("rejects", "wrong_accepted", "expected"), [(0, 0, 0.1), (90, 0, 0.01), (0, 2, 0.25), (20, 3, 4 / 33)]
    )
    def test_the_share_of_wrong_changes_that_it_lets_through(
        self, rejects: int, wrong_accepted: int, expected: float
    ) -> None:
        found = false_accept([RIGHT] * 7 + [WRONG] * rejects, [self.GOOD] * 5 + [self.BAD] * wrong_accepted)
        assert found == pytest.approx(expected)

    def test_it_is_never_said_to_let_more_than_half_through(self) -> None:
        assert false_accept([], [self.BAD] * 1000) == 0.5


@pytest.mark.parametrize(("seen", "known"), [(49, False), (50, True)])
def test_a_model_is_known_well_by_its_first_attempts_alone(seen: int, known: bool) -> None:
    odds = Odds(
        model="p:m", attempt_usd=Decimal(1), attempt_s=1,
        trials={"0/0": Counter(right=9, seen=seen), "1/0": Counter(right=9, seen=999)},
    )  # fmt: skip
    economics = Economics(
        cheap=odds, frontier=odds, gate_usd=Decimal(0), false_accept=0.1, false_reject=0.0, review_usd=Decimal(1),
        wrong_usd=Decimal(1), takeover_usd=Decimal(1), plan_usd=Decimal(1),
    )  # fmt: skip
    assert economics.is_known_well is known
