"""The formulas give the figures of the two examples the product is built on, and of the routing design's tables."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.prices_genai import GenaiPrices
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.cost_model import (
    Calls,
    DirectOrPlanned,
    Rung,
    calls_usd,
    chance_after,
    ladder,
    least_acceptance,
    monthly_usd,
    plan_pays_from_usd,
    retry_pays_from,
    routed_usd,
)

D = Decimal
CALL = D("0.84") / 14
AT = datetime(2026, 11, 22, tzinfo=UTC)


def price_ratio(strong: str, weak: str) -> Decimal:
    """How many times dearer the same tokens are, by the price list."""
    usage = Usage(input_tokens=1500, output_tokens=500)
    usd = [
        GenaiPrices().cost_usd(ModelRef(provider="anthropic", model=f"claude-{name}"), usage, AT)
        for name in (strong, weak)
    ]
    assert usd[0] is not None
    assert usd[1] is not None
    return usd[0] / usd[1]


def test_a_ticket_of_fourteen_calls_costs_84_cents_and_half_a_hundred_thousand_dollars_a_month() -> None:
    ticket = calls_usd(CALL, [Calls(count=14)])
    assert ticket == D("0.84")
    assert monthly_usd(ticket, D(2000)) == 50_400


@pytest.mark.parametrize(
    ("frontier", "middle", "cheap", "usd"),
    [
        ("opus-4-1", "sonnet-4-5", "haiku-4-5", "0.032"),
        ("opus-4-5", "sonnet-4-5", "haiku-4-5", "0.096"),
        ("opus-5-5", "sonnet-5-5", "haiku-5-5", "0.0375"),
    ],
)
def test_the_ticket_routed_is_six_calls_five_of_them_cheap(frontier: str, middle: str, cheap: str, usd: str) -> None:
    routed = [
        Calls(count=5, price_ratio=price_ratio(frontier, cheap)),
        Calls(count=1, price_ratio=price_ratio(frontier, middle)),
    ]
    assert calls_usd(CALL, routed) == pytest.approx(D(usd), abs=D("1e-20"))


def test_most_of_the_tickets_saving_is_calls_that_are_not_made() -> None:
    six = calls_usd(CALL, [Calls(count=6)])
    assert six == D("0.36")
    assert (D("0.84") - six) / (D("0.84") - D("0.032")) == pytest.approx(D("0.59"), abs=D("0.005"))


@pytest.mark.parametrize(
    ("cheap_share", "usd"),
    [("0.7", ["4.40", "3.70", "3.47", "3.18"]), ("0.8", ["3.60", "2.80", "2.53", "2.20"])],
)
def test_a_workflow_of_ten_dollars_routed(cheap_share: str, usd: list[str]) -> None:
    found = [routed_usd(D(10), cheap_share=D(cheap_share), price_ratio=D(ratio)) for ratio in (5, 10, 15, 40)]
    assert [f"{cost:.2f}" for cost in found] == [f"{D(cost):.2f}" for cost in usd]


@pytest.mark.parametrize(
    ("price_ratio", "usd"), [(15, ["4.75", "6.50", "8.50"]), (5, ["6.25", "8.50", "11.50"])]
)  # fmt: skip
def test_retries_and_redone_work_eat_the_workflows_saving(price_ratio: int, usd: list[str]) -> None:
    found = [
        routed_usd(D(10), cheap_share=D("0.75"), price_ratio=D(price_ratio), retry_share=D(retry), redo_share=D(redo))
        for retry, redo in (("0.5", "0.2"), ("1", "0.4"), ("2", "0.6"))
    ]
    assert found == [pytest.approx(D(cost)) for cost in usd]


@pytest.mark.parametrize(
    ("ratio", "textbook", "measured"),
    [
        ("3", ".34", ".51"), ("5", ".21", ".42"), ("7.9", ".13", ".36"), ("10", ".11", ".34"), ("15", ".07", ".32"),
        ("20", ".06", ".31"), ("40", ".03", ".29"),
    ],
)  # fmt: skip
def test_the_acceptance_below_which_nobody_should_start_cheap(ratio: str, textbook: str, measured: str) -> None:
    gate = D("0.007")
    simple = least_acceptance(D(ratio), gate_share=gate, escalated_cost=D(1))
    assert simple == pytest.approx(D(textbook), abs=D("0.0051"))
    assert least_acceptance(D(ratio), gate_share=gate) == pytest.approx(D(measured), abs=D("0.0051"))


@pytest.mark.parametrize(
    ("ratio", "percent"), [("40", "2.9"), ("20", "5.3"), ("8", "12.5"), ("5", "19.6"), ("3", "32.4"), ("1.1", "87.4")]
)
def test_the_chance_from_which_a_retry_pays(ratio: str, percent: str) -> None:
    found = retry_pays_from(retry_usd=D("1.3") / D(ratio), gate_usd=D(".007"), stronger_usd=D("1.36"))
    assert f"{100 * found:.1f}" == percent


@pytest.mark.parametrize(("ratio", "usd"), [("20", "0.19"), ("5", "0.24")])
def test_the_price_from_which_a_plan_and_a_review_pay(ratio: str, usd: str) -> None:
    found = plan_pays_from_usd(
        overhead_usd=D("0.1275"), acceptance=D("0.75"), price_ratio=D(ratio), gate_usd=D("0.005")
    )
    assert found is not None
    assert f"{found:.2f}" == usd


@pytest.mark.parametrize(
    ("direct", "ratio", "is_direct"), [("0.19", "20", True), ("0.20", "20", False), ("99", "1.3", True)]
)
def test_a_small_task_goes_the_cheaper_way(direct: str, ratio: str, is_direct: bool) -> None:
    choice = DirectOrPlanned(
        direct_usd=D(direct), overhead_usd=D("0.128"), acceptance=D("0.75"), price_ratio=D(ratio)
    )  # fmt: skip
    assert choice.direct_is_cheaper is is_direct


@pytest.mark.parametrize(
    ("first", "own", "other", "chance"),
    [("0.6", 0, 0, "0.60"), ("0.6", 1, 0, "0.24"), ("0.6", 2, 0, "0.15"), ("0.6", 3, 0, "0.11"),
     ("0.744", 0, 1, "0.47")],
)  # fmt: skip
def test_a_failure_makes_the_next_success_less_likely(first: str, own: int, other: int, chance: str) -> None:
    found = chance_after(D(first), own_failures=own, other_failures=other)
    assert found == pytest.approx(D(chance), abs=D("0.0051"))


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)), max_size=6))
def test_a_ladder_costs_between_its_first_rung_and_all_of_them(rungs: list[tuple[int, int]]) -> None:
    found = ladder(Rung(usd=D(usd), chance=D(percent) / 100) for usd, percent in rungs)
    assert found.low_usd <= found.likely_usd <= found.high_usd
    assert found.high_usd == sum(usd for usd, _ in rungs)


def test_a_later_rung_is_paid_for_as_often_as_it_is_reached() -> None:
    found = ladder([Rung(usd=D(1), chance=D("0.6")), Rung(usd=D(10), chance=D("0.5"))])
    assert (found.low_usd, found.likely_usd, found.high_usd) == (D(1), D(5), D(11))
