"""What a plan should cost, before anything is spent on it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.conversation import Usage
from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step
from coderoute.stages.plan.quote import ATTEMPT, REVIEW, quote

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
    assert found.likely_usd == EDIT + Decimal("0.4") * 10 * EDIT
    assert found.high_usd == 2 * EDIT + 2 * 10 * EDIT
    assert found.steps == {"fix": found.likely_usd}


def test_a_frontier_step() -> None:
    found = quote(plan(STEP), cost_of=cost_of, roles={"fix": "frontier"}, cheap_tries=2, reviewer=None)
    assert (found.low_usd, found.likely_usd) == (10 * EDIT, Decimal("12.5") * EDIT)


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
