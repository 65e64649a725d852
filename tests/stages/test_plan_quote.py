"""What a plan should cost, before anything is spent on it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.conversation import Usage
from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step
from coderoute.stages.plan.quote import ATTEMPT, MOST_SHOWN_BYTES, REVIEW, direct_or_planned, quote

STEP = Step(
    id="fix", title="t", instructions="i", cls=Class.CHEAP, kind=Kind.EDIT_LOCAL, files=(), depends_on=(), diff_lines=5,
    checks=(),
)  # fmt: skip
PRICES = {"cheap": Decimal(1), "frontier": Decimal(10), "premium": Decimal(20)}
"""Dollars per million tokens, in or out."""


def cost_of(role: str, usage: Usage) -> Decimal | None:
    return PRICES[role] * (usage.input_tokens + usage.output_tokens) / 1_000_000


def plan(*steps: Step) -> Plan:
    why = Reproduction(test=None, step=None, why_not="x")
    return Plan(summary="s", risk="low", risk_reasons=(), questions=(), reproduction=why, steps=steps)


def tokens(kind: Kind) -> Decimal:
    return Decimal(ATTEMPT[kind].input_tokens + ATTEMPT[kind].output_tokens) / 1_000_000


EDIT = tokens(Kind.EDIT_LOCAL)
REVIEWED = 20 * Decimal(REVIEW.input_tokens + REVIEW.output_tokens) / 1_000_000


def test_a_cheap_step() -> None:
    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "cheap"}, cheap_tries=2, reviewer=None)
    assert found.low_usd == EDIT
    assert found.likely_usd is not None
    retry = Decimal("0.4") * Decimal("1.3")
    escalated = Decimal("0.4") * Decimal("0.76") * 10 * Decimal("1.36")
    again = (
        escalated * (1 - Decimal("0.75") / Decimal("2.2")) * Decimal("1.3")
    )  # after two failures, at a weight of 0.4
    expected = EDIT * (1 + retry + escalated + again)
    assert found.likely_usd == pytest.approx(expected, abs=Decimal("0.000001"))
    assert found.high_usd == EDIT * (Decimal("2.3") + 10 * Decimal("1.36") * Decimal("2.3"))
    assert found.steps == {"fix": found.likely_usd}


def test_each_step_and_the_review_are_quoted_low_likely_and_high() -> None:
    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "cheap"}, cheap_tries=2, reviewer="premium")
    fix, review = found.by_step["fix"], found.by_step["review"]
    assert (fix.role, review.role) == ("cheap", "premium")
    assert (fix.low_usd, fix.likely_usd) == (EDIT, found.steps["fix"])
    assert (review.low_usd, review.likely_usd, review.high_usd) == (REVIEWED, REVIEWED, 2 * REVIEWED)


def test_chances_that_were_measured_take_the_place_of_the_assumed_ones() -> None:
    def sure(cls: Class, kind: Kind, own: int, other: int) -> Decimal:
        return Decimal(1)

    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "cheap"}, cheap_tries=2, reviewer=None, chance=sure)
    assert found.likely_usd == found.low_usd


@pytest.mark.parametrize(("size", "is_direct"), [(400, True), (8_000, True), (MOST_SHOWN_BYTES, False), (None, False)])
def test_a_tiny_change_in_a_large_file_is_dearer_done_at_once(size: int | None, is_direct: bool) -> None:
    found = direct_or_planned(
        size, cost_of=lambda role, usage: cost_of("frontier" if role == "premium" else role, usage)
    )
    assert found is not None
    assert found.direct_is_cheaper is is_direct


@pytest.mark.parametrize("unknown", ["cheap", "frontier", "premium"])
def test_what_a_plan_would_cost_is_unknown_where_a_price_is(unknown: str) -> None:
    assert direct_or_planned(400, cost_of=lambda r, u: None if r == unknown else cost_of(r, u)) is None


def test_a_frontier_step() -> None:
    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "frontier"}, cheap_tries=2, reviewer=None)
    assert (found.low_usd, found.likely_usd) == (10 * EDIT, EDIT * 10 * (1 + Decimal("0.25") * Decimal("1.3")))


def test_the_review_is_quoted_where_there_is_one() -> None:
    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "cheap"}, cheap_tries=1, reviewer="premium")
    assert found.steps["review"] == REVIEWED
    assert found.low_usd == EDIT + REVIEWED


def test_what_no_model_works_on_costs_nothing() -> None:
    steps = (replace(STEP, id="run", cls=Class.CODE), replace(STEP, id="ask", cls=Class.HUMAN), STEP)
    found = quote(plan(*steps), cost_of=cost_of, roles={"fix": "cheap"}, cheap_tries=1, reviewer=None)
    assert (found.steps["run"], found.steps["ask"]) == (Decimal(0), Decimal(0))
    assert found.low_usd == found.all_cheap_usd == EDIT
    assert found.all_frontier_usd == 10 * EDIT


@pytest.mark.parametrize("unknown", ["cheap", "frontier", "premium"])
def test_an_unknown_price_makes_the_whole_unknown_and_never_zero(unknown: str) -> None:
    def cost(role: str, usage: Usage) -> Decimal | None:
        return None if role == unknown else cost_of(role, usage)

    found = quote(plan(STEP), cost_of=cost, roles={"fix": "cheap"}, cheap_tries=1, reviewer="premium")
    assert (found.low_usd, found.likely_usd, found.high_usd) == (None, None, None)
    assert (found.all_frontier_usd, found.all_cheap_usd) == (None, None)
    assert found.steps["review"] == (None if unknown == "premium" else REVIEWED)


@given(
    st.lists(st.sampled_from([k for k in Kind if k is not Kind.QUESTION]), min_size=1, max_size=6),
    st.sampled_from(["cheap", "frontier"]),
    st.integers(min_value=1, max_value=4),
    st.booleans(),
)
def test_low_is_never_above_likely_nor_likely_above_high(
    kinds: list[Kind], role: str, cheap_tries: int, reviewed: bool
) -> None:
    steps = [replace(STEP, id=f"s{n}", kind=kind) for n, kind in enumerate(kinds)]
    roles = {step.id: role for step in steps}
    found = quote(
        plan(*steps), cost_of=cost_of, roles=roles, cheap_tries=cheap_tries, reviewer="premium" if reviewed else None
    )
    assert found.low_usd is not None
    assert found.likely_usd is not None
    assert found.high_usd is not None
    assert 0 < found.low_usd <= found.likely_usd <= found.high_usd
    assert sum((cost or Decimal(0) for cost in found.steps.values()), Decimal(0)) == found.likely_usd
