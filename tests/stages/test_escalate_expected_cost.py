"""What each way on is expected to cost: the routing design's thresholds come out, and more room never costs more."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coderoute.domain.economics import Counter, Economics, Odds
from coderoute.domain.plan import Class
from coderoute.stages.escalate.chances import chance, right
from coderoute.stages.escalate.expected_cost import Standing, attempt_usd, branches, expected_usd

CHEAP, FRONTIER = Class.CHEAP, Class.FRONTIER
SURE = Counter(right=1e9, wrong=0.0)


def known(share: float) -> Counter:
    """So many trials that no prior counts any more."""
    return Counter(right=share * 1e9, wrong=(1 - share) * 1e9, seen=1e9)


def odds(usd: str, **trials: Counter) -> Odds:
    """Trials by history: `own1_other0=...`."""
    keyed = {key.replace("own", "").replace("_other", "/"): counter for key, counter in trials.items()}
    return Odds(model="p:m", attempt_usd=Decimal(usd), attempt_s=60.0, trials=keyed)


def tokens_only(rho: str, first: float = 0.5, retry: float = 0.0) -> Economics:
    """Nothing but tokens is paid for, tests see everything, and the frontier model, at $1, never fails."""
    return Economics(
        cheap=odds(
            str(1 / Decimal(rho)), own0_other0=known(first), own1_other0=known(retry), own2_other0=known(0.0),
            own3_other0=known(0.0),
        ),
        frontier=odds("1", own0_other0=SURE, own0_other1=SURE, own0_other2=SURE, own0_other3=SURE, own0_other4=SURE),
        gate_usd=Decimal("0.007"), false_accept=0.0, false_reject=0.0, review_usd=Decimal(0), wrong_usd=Decimal(0),
        takeover_usd=Decimal(45), plan_usd=Decimal("0.1"),
    )  # fmt: skip


def usual(cheap_usd: str = "0.035", frontier_usd: str = "0.72") -> Economics:
    """Nothing measured yet; people's time as the routing design assumes it."""
    return Economics(
        cheap=odds(cheap_usd), frontier=odds(frontier_usd), gate_usd=Decimal("0.005"), false_accept=0.1,
        false_reject=0.03, review_usd=Decimal("7.5"), wrong_usd=Decimal("22.5"), takeover_usd=Decimal(45),
        plan_usd=Decimal("0.1"),
    )  # fmt: skip


class TestChances:
    @pytest.mark.parametrize(("failures", "expected"), [(1, 0.24), (2, 0.15), (3, 0.11)])
    def test_a_retry_is_worth_what_the_history_formula_says(self, failures: int, expected: float) -> None:
        economics = replace(tokens_only("20"), cheap=odds("1", own0_other0=known(0.6)), feedback_odds=1.0)
        assert right(economics, CHEAP, failures, 0) == pytest.approx(expected, abs=0.005)

    @pytest.mark.parametrize(
        ("cheap", "frontier", "measured", "off"),
        [(0.598, 0.744, 0.433, 0.01), (0.348, 0.744, 0.635, 0.01), (0.598, 0.65, 0.27, 0.07)],
        ids=["GPT-5-mini, Opus 4.5", "GPT-5-nano, Opus 4.5", "GPT-5-mini, GPT-5"],
    )
    def test_frontier_after_a_reject_of_cheap_is_no_fresh_start(
        self, cheap: float, frontier: float, measured: float, off: float
    ) -> None:
        economics = replace(
            tokens_only("20"),
            cheap=odds("1", own0_other0=known(cheap)),
            frontier=odds("1", own0_other0=known(frontier)),
        )
        assert right(economics, FRONTIER, 0, 1) == pytest.approx(measured, abs=off)

    def test_the_frontier_model_is_known_by_what_it_does_after_the_cheap_one(self) -> None:
        """Where it never began, its chance to begin follows from both, as if 15 trials had said so."""
        after_cheap = odds("1", own0_other2=known(0.6))
        economics = replace(tokens_only("20"), cheap=odds("1", own0_other0=known(0.4)), frontier=after_cheap)
        implied = 0.4 * 0.95 + 0.6 * 0.6
        assert right(economics, FRONTIER, 0, 0) == pytest.approx((20 * 0.7 + 15 * implied) / 35)

    @settings(deadline=None)
    @given(st.floats(0, 1), st.floats(0, 1))
    def test_another_s_failure_is_no_good_news_and_tells_no_more_than_one_s_own(
        self, cheap: float, frontier: float
    ) -> None:
        economics = replace(
            tokens_only("20"), cheap=odds("1", own0_other0=known(cheap)),
            frontier=odds("1", own0_other0=known(frontier)), feedback_odds=1.0,
        )  # fmt: skip
        own, other, fresh = (right(economics, FRONTIER, *before) for before in ((1, 0), (0, 1), (0, 0)))
        assert own - 1e-9 <= other <= fresh + 1e-9

    def test_failing_output_doubles_the_odds_of_a_retry_and_of_nothing_else(self) -> None:
        blind = replace(usual(), feedback_odds=1.0)
        told, untold = right(usual(), CHEAP, 1, 0), right(blind, CHEAP, 1, 0)
        assert told / (1 - told) == pytest.approx(2 * untold / (1 - untold))
        assert right(usual(), CHEAP, 0, 0) == right(blind, CHEAP, 0, 0)
        assert right(usual(), FRONTIER, 0, 2) == right(blind, FRONTIER, 0, 2)

    def test_without_trials_the_priors_speak(self) -> None:
        assert right(usual(), CHEAP, 0, 0) == pytest.approx(0.55)
        assert right(usual(), FRONTIER, 0, 0) == pytest.approx(0.70)

    def test_a_weaker_gate_accepts_more_and_makes_no_model_better_or_worse(self) -> None:
        weak = replace(usual(), false_accept=0.3)
        assert right(weak, FRONTIER, 0, 0) == pytest.approx(right(usual(), FRONTIER, 0, 0))
        assert chance(weak, FRONTIER, 0, 0).accepted > chance(usual(), FRONTIER, 0, 0).accepted

    def test_one_unlucky_attempt_does_not_ruin_the_frontier_model(self) -> None:
        unlucky = replace(usual(), frontier=odds("0.72", own0_other0=Counter(wrong=1)))
        assert right(unlucky, FRONTIER, 0, 0) > 0.65

    def test_trials_of_the_kind_outweigh_those_of_other_kinds_and_those_the_prior(self) -> None:
        elsewhere = replace(odds("1"), elsewhere={"0/0": Counter(right=0, wrong=40)})
        both = replace(elsewhere, trials={"0/0": Counter(right=40, wrong=0)})
        assert chance(replace(usual(), cheap=elsewhere), CHEAP, 0, 0).accepted < 0.15
        assert chance(replace(usual(), cheap=both), CHEAP, 0, 0).accepted > 0.75

    def test_a_history_of_its_own_is_learnt_slowly(self) -> None:
        cheap = odds("1", own1_other0=Counter(right=15, wrong=0))
        before, after = (chance(replace(usual(), cheap=c), CHEAP, 1, 0).accepted for c in (odds("1"), cheap))
        assert after == pytest.approx((before + 1) / 2), "15 trials weigh as much as the formula"

    def test_what_one_failure_taught_speaks_after_two(self) -> None:
        """Where first retries turn out hopeless, second ones are not hoped for either."""
        hopeless = replace(usual(), cheap=odds("1", own1_other0=known(0.1)), false_accept=0.1, false_reject=0.0)
        assert right(hopeless, CHEAP, 1, 0) == pytest.approx(0.0, abs=1e-6)
        assert right(hopeless, CHEAP, 2, 0) == pytest.approx(0.0, abs=1e-6)
        assert right(usual(), CHEAP, 2, 0) > 0.2

    def test_of_the_other_class_it_counts_whether_it_failed_and_not_how_often(self) -> None:
        """Its attempts at one task fail together: the second failure is hardly news."""
        for economics in (
            usual(),
            replace(usual(), frontier=odds("1", own0_other2=known(0.5), own1_other1=known(0.3))),
        ):
            for own in (0, 1):
                once, *more = (right(economics, FRONTIER, own, other) for other in (1, 2, 3, 4))
                assert more == [once] * 3
                assert once < right(economics, FRONTIER, own, 0)

    @settings(deadline=None)
    @given(
        st.floats(0, 1), st.floats(0, 1), st.floats(0, 200), st.floats(0, 200), st.integers(0, 4), st.integers(0, 2),
        st.sampled_from([CHEAP, FRONTIER]),
    )  # fmt: skip
    def test_chances_are_chances(
        self, f: float, g: float, ok: float, not_ok: float, own: int, other: int, cls: Class
    ) -> None:
        of_all = odds("1", own0_other0=Counter(right=ok, wrong=not_ok), own1_other0=Counter(right=not_ok, wrong=ok))
        economics = replace(usual(), cheap=of_all, frontier=of_all, false_accept=f, false_reject=g)
        found = chance(economics, cls, own, other)
        assert 0 <= right(economics, cls, own, other) <= 1
        assert 0 <= found.accepted <= 1
        assert 0 <= found.bad <= 1 + 1e-9, "even where fewer are accepted than the gate lets through by mistake"

    @settings(deadline=None)
    @given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([CHEAP, FRONTIER]))
    def test_without_trials_no_failure_is_good_news(self, own: int, other: int, cls: Class) -> None:
        now = right(usual(), cls, own, other) + 1e-12
        assert right(usual(), cls, own + 1, other) <= now
        assert right(usual(), cls, own, other + 1) <= now


A_STAR_TEXTBOOK = {"3": 0.34, "5": 0.21, "7.9": 0.13, "10": 0.11, "15": 0.07, "20": 0.06, "40": 0.03}
A_STAR = {"3": 0.51, "5": 0.42, "7.9": 0.36, "10": 0.34, "15": 0.32, "20": 0.31, "40": 0.29}
P_RETRY = {"40": 0.029, "20": 0.053, "8": 0.125, "5": 0.196, "3": 0.32}
"""By price ratio: routing design, section 3.3."""
ONE_CHEAP = Standing(cheap_tries=1, frontier_tries=1)
RETRY = Standing(cheap_failures=1, cheap_tries=1, frontier_tries=1)


def prefers_cheap(economics: Economics, standing: Standing) -> bool:
    values = branches(economics, standing)
    return values["cheap"] < values["frontier"]


class TestThresholds:
    @pytest.mark.parametrize(("rho", "least"), A_STAR.items())
    def test_starting_cheap_pays_from_the_acceptance_of_the_closed_form(self, rho: str, least: float) -> None:
        closed = 1 - (1 - 1 / float(rho) - 0.007) / 1.36
        assert closed == pytest.approx(least, abs=0.006)
        assert prefers_cheap(tokens_only(rho, first=closed + 0.01), ONE_CHEAP)
        assert not prefers_cheap(tokens_only(rho, first=closed - 0.01), ONE_CHEAP)

    @pytest.mark.parametrize(("rho", "least"), P_RETRY.items())
    def test_a_retry_pays_from_the_chance_of_the_closed_form(self, rho: str, least: float) -> None:
        closed = (1.3 / float(rho) + 0.007) / 1.36
        assert closed == pytest.approx(least, abs=0.005)
        assert prefers_cheap(tokens_only(rho, retry=closed + 0.005), RETRY)
        assert not prefers_cheap(tokens_only(rho, retry=closed - 0.005), RETRY)

    @pytest.mark.parametrize(("rho", "least"), A_STAR_TEXTBOOK.items())
    def test_the_textbook_s_threshold_is_too_low_because_escalated_work_costs_more(
        self, rho: str, least: float
    ) -> None:
        closed = 1 - (1 - 1 / float(rho) - 0.007)
        assert closed == pytest.approx(least, abs=0.006)
        assert not prefers_cheap(tokens_only(rho, first=closed + 0.01), ONE_CHEAP)

    @pytest.mark.parametrize(("rho", "worth"), [("20", True), ("8", True), ("5", False), ("3", False)])
    def test_a_blind_retry_is_worth_it_where_the_table_says_so(self, rho: str, worth: bool) -> None:
        assert prefers_cheap(tokens_only(rho, retry=0.16), RETRY) is worth

    def test_a_retry_with_test_output_is_worth_it_at_a_ratio_of_five(self) -> None:
        assert prefers_cheap(tokens_only("5", retry=0.387), RETRY)

    def test_a_weak_gate_makes_another_cheap_try_a_loss(self) -> None:
        """What slips through costs a person's minutes, and a retry mostly slips through."""
        weak = replace(usual(), false_accept=0.3, feedback_odds=1.0, cheap=odds("0.035", own0_other0=known(0.6)))
        strong = replace(weak, false_accept=0.0)
        assert not prefers_cheap(weak, RETRY)
        assert branches(strong, RETRY)["cheap"] < branches(weak, RETRY)["cheap"]

    @pytest.mark.parametrize(("takeover", "best"), [("1", "human"), ("45", "frontier")])
    def test_the_stronger_model_is_asked_while_a_person_costs_more(self, takeover: str, best: str) -> None:
        economics = replace(
            usual(), takeover_usd=Decimal(takeover), review_usd=Decimal(0), wrong_usd=Decimal(0), false_accept=0.0
        )
        values = branches(economics, Standing(cheap_failures=4, cheap_tries=0))
        assert min(values, key=lambda way: values[way]) == best


class TestWays:
    def test_one_attempt_and_then_a_person_is_computed_by_hand(self) -> None:
        economics = replace(usual(), false_accept=0.0, false_reject=0.0)
        cost = Decimal("0.035") + Decimal("0.005") + Decimal("0.55") * Decimal("7.5") + Decimal("0.45") * 45
        values = branches(economics, Standing(cheap_tries=1, frontier_tries=0))
        assert values == {"cheap": cost.quantize(Decimal("0.000001")), "human": Decimal(45)}

    def test_what_is_accepted_and_wrong_costs_finding_it_and_a_takeover(self) -> None:
        economics = replace(
            usual(), cheap=odds("0", own0_other0=known(0.1)), gate_usd=Decimal(0), false_accept=0.1, false_reject=0.0
        )
        values = branches(economics, Standing(cheap_tries=1, frontier_tries=0))
        by_hand = 0.1 * (7.5 + 22.5 + 45) + 0.9 * 45
        assert float(values["cheap"]) == pytest.approx(by_hand, abs=1e-4), "all that was accepted slipped through"

    def test_waiting_costs_what_it_is_said_to_cost(self) -> None:
        waiting = replace(usual(), usd_per_s=Decimal("0.01"))
        standing = Standing(cheap_tries=1, frontier_tries=0)
        assert branches(waiting, standing)["cheap"] - branches(usual(), standing)["cheap"] == Decimal("0.6")

    @pytest.mark.parametrize(
        ("own", "other", "times"), [(0, 0, "1"), (1, 0, "1.3"), (3, 0, "1.3"), (0, 1, "1.36"), (1, 2, "1.768")]
    )
    def test_attempts_after_failures_cost_more(self, own: int, other: int, times: str) -> None:
        assert attempt_usd(usual(), CHEAP, own, other) == Decimal("0.035") * Decimal(times)
        assert attempt_usd(usual(), FRONTIER, own, other) == Decimal("0.72") * Decimal(times)

    def test_a_way_that_is_closed_is_absent(self) -> None:
        assert set(branches(usual(), Standing())) == {"cheap", "frontier", "human"}
        assert set(branches(usual(), Standing(cheap_tries=0, replans=1, plan_doubted=True))) == {
            "frontier", "replan", "human",
        }  # fmt: skip
        assert set(branches(usual(), Standing(cheap_tries=0, frontier_tries=0, replans=1))) == {"human"}

    def test_a_new_plan_is_a_way_on_only_where_the_plan_is_in_doubt(self) -> None:
        doubted = Standing(cheap_tries=0, frontier_tries=0, replans=1, plan_doubted=True)
        assert branches(usual(), doubted)["replan"] == Decimal("0.1") + expected_usd(usual(), Standing())
        assert "replan" not in branches(usual(), replace(doubted, plan_doubted=False))
        assert "replan" not in branches(usual(), replace(doubted, replans=0))


cents = st.decimals(0, 3, places=2)
shares = st.builds(Counter, right=st.floats(0, 60), wrong=st.floats(0, 60))
tables = st.dictionaries(st.sampled_from(["0/0", "1/0", "2/0", "0/1", "0/2", "1/1"]), shares)
any_odds = st.builds(Odds, model=st.just("m"), attempt_usd=cents, attempt_s=st.just(1.0), trials=tables)
any_economics = st.builds(
    Economics, cheap=any_odds, frontier=any_odds, gate_usd=cents, false_accept=st.floats(0, 0.5),
    false_reject=st.floats(0, 0.5), review_usd=st.decimals(0, 20, places=2), wrong_usd=st.decimals(0, 30, places=2),
    takeover_usd=st.decimals(0, 60, places=2), plan_usd=cents,
)  # fmt: skip
standings = st.builds(
    Standing, cheap_failures=st.integers(0, 4), frontier_failures=st.integers(0, 2), cheap_tries=st.integers(0, 3),
    frontier_tries=st.integers(0, 1), replans=st.integers(0, 1), plan_doubted=st.booleans(),
)  # fmt: skip
CENT = Decimal("0.00001")
"""What rounding may take."""


class TestMoreRoom:
    @settings(deadline=None)
    @given(any_economics, standings)
    def test_nothing_is_expected_to_cost_more_than_a_person_nor_less_than_nothing(
        self, economics: Economics, standing: Standing
    ) -> None:
        assert 0 <= expected_usd(economics, standing) <= economics.takeover_usd

    @settings(deadline=None)
    @given(any_economics, standings)
    def test_another_try_or_plan_never_raises_the_expected_cost(self, economics: Economics, standing: Standing) -> None:
        now = expected_usd(economics, standing) + CENT
        assert expected_usd(economics, replace(standing, cheap_tries=standing.cheap_tries + 1)) <= now
        assert expected_usd(economics, replace(standing, frontier_tries=standing.frontier_tries + 1)) <= now
        assert expected_usd(economics, replace(standing, replans=standing.replans + 1)) <= now
        assert expected_usd(economics, replace(standing, plan_doubted=True)) <= now

    @settings(deadline=None)
    @given(any_economics, standings, cents)
    def test_dearer_models_tests_plans_or_people_never_lower_it(
        self, economics: Economics, standing: Standing, more: Decimal
    ) -> None:
        now = expected_usd(economics, standing) - CENT
        dearer = (
            replace(economics, cheap=replace(economics.cheap, attempt_usd=economics.cheap.attempt_usd + more)),
            replace(economics, frontier=replace(economics.frontier, attempt_usd=economics.frontier.attempt_usd + more)),
            replace(economics, gate_usd=economics.gate_usd + more),
            replace(economics, plan_usd=economics.plan_usd + more),
            replace(economics, review_usd=economics.review_usd + more),
            replace(economics, wrong_usd=economics.wrong_usd + more),
            replace(economics, takeover_usd=economics.takeover_usd + more),
        )
        for changed in dearer:
            assert expected_usd(changed, standing) >= now

    @settings(deadline=None)
    @given(standings, st.sampled_from(["cheap_failures", "frontier_failures"]))
    def test_without_trials_a_longer_history_never_lowers_it(self, standing: Standing, which: str) -> None:
        more = replace(
            standing,
            cheap_failures=standing.cheap_failures + (which == "cheap_failures"),
            frontier_failures=standing.frontier_failures + (which == "frontier_failures"),
        )
        assert expected_usd(usual(), more) >= expected_usd(usual(), standing) - CENT
