"""Dollars are exact, and nothing is counted twice or forgotten."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.conversation import Usage
from coderoute.domain.money import CallState, LedgerRow, PriceOverride, add_up

ROW = LedgerRow(
    id=1, run_id="r", at="2026-11-22T10:00:00+00:00", provider="anthropic", model="m", role="cheap", stage="execute",
    step="fix", attempt=1, state=CallState.SETTLED, reserved_usd=Decimal(1), cost_usd=Decimal("0.01"),
    usage=Usage(input_tokens=100, output_tokens=10, cached_input_tokens=40),
)  # fmt: skip

money = st.decimals(min_value=0, max_value=1000, places=9)
rows = st.lists(
    st.builds(
        lambda cost, state, role, stage, model: replace(
            ROW, cost_usd=cost, state=state, role=role, stage=stage, model=model
        ),
        money,
        st.sampled_from(CallState),
        st.sampled_from(["cheap", "frontier", "premium"]),
        st.sampled_from(["plan", "execute", "review"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=8,
)


def test_a_price_is_dollars_per_million_tokens() -> None:
    price = PriceOverride(input_usd_per_mtok=Decimal(3), output_usd_per_mtok=Decimal(15))
    assert price.cost_usd(Usage(input_tokens=1_000_000, output_tokens=100_000)) == Decimal("4.5")


def test_cached_tokens_are_part_of_the_input_and_have_their_own_price() -> None:
    usage = Usage(input_tokens=100, output_tokens=0, cached_input_tokens=40)
    price = PriceOverride(
        input_usd_per_mtok=Decimal(10), output_usd_per_mtok=Decimal(0), cached_input_usd_per_mtok=Decimal(1)
    )
    assert price.cost_usd(usage) == Decimal("0.00064")


def test_without_a_cache_price_cached_tokens_cost_what_others_cost() -> None:
    usage = Usage(input_tokens=100, output_tokens=0, cached_input_tokens=40)
    price = PriceOverride(input_usd_per_mtok=Decimal(10), output_usd_per_mtok=Decimal(0))
    assert price.cost_usd(usage) == Decimal("0.001")


def test_a_cache_price_of_zero_is_a_price() -> None:
    usage = Usage(input_tokens=100, output_tokens=0, cached_input_tokens=100)
    free = PriceOverride(
        input_usd_per_mtok=Decimal(10), output_usd_per_mtok=Decimal(0), cached_input_usd_per_mtok=Decimal(0)
    )
    assert free.cost_usd(usage) == 0


def test_one_token_costs_its_exact_share() -> None:
    price = PriceOverride(input_usd_per_mtok=Decimal("0.1"), output_usd_per_mtok=Decimal(0))
    assert price.cost_usd(Usage(input_tokens=1, output_tokens=0)) == Decimal("0.0000001")


def test_nothing_costs_nothing() -> None:
    cost = add_up([])
    assert (cost.total_usd, cost.estimated_usd) == (Decimal(0), Decimal(0))
    assert (cost.calls, cost.input_tokens) == (0, 0)
    assert cost.by_class == cost.by_stage == cost.by_model == {}


@given(rows)
def test_every_table_adds_up_to_the_total(found: list[LedgerRow]) -> None:
    cost = add_up(found)
    assert cost.total_usd == sum((row.cost_usd for row in found), Decimal(0))
    for table in (cost.by_class, cost.by_stage, cost.by_model):
        assert sum(table.values(), Decimal(0)) == cost.total_usd
    assert 0 <= cost.estimated_usd <= cost.total_usd


@pytest.mark.parametrize(
    ("state", "estimated"),
    [
        (CallState.SETTLED, False),
        (CallState.FREE, False),
        (CallState.ESTIMATED, True),
        (CallState.OPEN, True),
    ],
)
def test_what_no_usage_proved_is_an_estimate(state: CallState, estimated: bool) -> None:
    cost = add_up([replace(ROW, state=state)])
    assert cost.estimated_usd == (ROW.cost_usd if estimated else 0)


def test_premium_is_a_route_of_the_class_frontier() -> None:
    cost = add_up([replace(ROW, role="premium"), replace(ROW, role="frontier"), ROW])
    assert cost.by_class == {"frontier": Decimal("0.02"), "cheap": Decimal("0.01")}


def test_tokens_of_calls_without_usage_are_not_made_up() -> None:
    cost = add_up([ROW, replace(ROW, usage=None)])
    assert (cost.calls, cost.input_tokens, cost.cached_input_tokens, cost.output_tokens) == (2, 100, 40, 10)
