"""What a run cost, what of it was in vain, and what it might have cost otherwise."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from coderoute.domain.conversation import Usage
from coderoute.domain.judgement import Action
from coderoute.domain.money import CallState
from coderoute.domain.plan import Plan
from coderoute.report import cost_json
from coderoute.report.plain import money

Story = Any
"""Of conftest.py: a run that is brought from stage to stage."""


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"), ("3.00", "3.00"), ("1E-7", "0.0000001"), ("1.5E+3", "1500"), ("0E-10", "0.0000000000"),
        ("0.12345678901234567890", "0.12345678901234567890"),
    ],
)  # fmt: skip
def test_money_is_exact_and_never_in_powers_of_ten(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text
    assert money(None) is None


def test_a_tiny_cost_is_shown_digit_by_digit(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", cost="1E-7")
    cost = story.document()["cost"]
    assert (cost["total_usd"], cost["by_model"]) == ("0.0000001", {"openai:small": "0.0000001"})


def test_sums_by_class_stage_and_model(story: Story) -> None:
    story.begin()
    story.call("plan", role="frontier", model="large", cost="0.2")
    story.call("execute", "fix", cost="0.01")
    story.call("review", role="premium", model="largest", cost="0.05")
    cost = story.document()["cost"]
    assert cost["total_usd"] == "0.26"
    assert cost["by_class"] == {"cheap": "0.01", "frontier": "0.25"}
    assert cost["by_stage"] == {"execute": "0.01", "plan": "0.2", "review": "0.05"}
    assert cost["by_model"] == {"openai:large": "0.2", "openai:largest": "0.05", "openai:small": "0.01"}
    assert (cost["calls"], cost["input_tokens"], cost["cached_input_tokens"], cost["output_tokens"]) == (
        3,
        3000,
        1200,
        300,
    )
    assert cost["budget_usd"] == "3.00"


def test_what_no_usage_proves_is_marked_as_estimated(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", cost="0.01")
    story.call("execute", "fix", cost="0.5", state=CallState.OPEN)
    story.call("execute", "fix", cost="0.25", state=CallState.ESTIMATED)
    cost = story.document()["cost"]
    assert (cost["total_usd"], cost["estimated_usd"]) == ("0.76", "0.75")


def test_the_tax_is_what_was_thrown_away(story: Story) -> None:
    story.begin()
    story.plan()
    story.execute()  # of four attempts at a cent each, one retried and one escalated
    assert story.document()["cost"]["retry_tax_usd"] == "0.02"


def test_an_attempt_without_a_decision_is_not_thrown_away_yet(story: Story) -> None:
    story.begin()
    story.plan()
    story.call("execute", "fix", 1)
    assert story.document()["cost"]["retry_tax_usd"] == "0"


def test_a_plan_that_was_given_up_is_thrown_away_with_all_its_steps(story: Story, plan: Plan) -> None:
    story.begin()
    story.plan()
    story.attempt("test", 1, Action.ACCEPT)
    story.attempt("fix", 1, Action.REPLAN)
    story.plan(replace(plan, summary="another"), number=2)
    story.attempt("test", 2, Action.ACCEPT)
    assert story.document()["cost"]["retry_tax_usd"] == "0.22"  # a plan at 0.2 and two attempts


def test_the_same_tokens_at_one_classs_price_are_an_estimate(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", usage=Usage(input_tokens=1_000_000, output_tokens=0))
    story.call("execute", "fix", state=CallState.FREE, cost="0")
    cost = story.document()["cost"]
    assert (cost["all_cheap_estimate_usd"], cost["all_frontier_estimate_usd"]) == ("1", "10")


def test_where_tokens_are_not_known_neither_is_the_estimate(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", state=CallState.ESTIMATED)
    cost = story.document()["cost"]
    assert (cost["all_cheap_estimate_usd"], cost["all_frontier_estimate_usd"]) == (None, None)


def test_over_all_runs_only_sums_are_known(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", cost="0.01")
    cost = cost_json(story.store.calls(), None, None, None)
    assert cost["total_usd"] == "0.01"
    for key in ("retry_tax_usd", "all_frontier_estimate_usd", "all_cheap_estimate_usd", "budget_usd"):
        assert cost[key] is None, key


def test_each_call_stands_in_it_as_it_was_booked(story: Story) -> None:
    story.begin()
    usage = Usage(
        input_tokens=900, output_tokens=70, cached_input_tokens=300, cache_write_tokens=200, reasoning_tokens=40
    )  # fmt: skip
    story.call("plan", role="frontier", model="large", cost="0.20", usage=usage)
    story.call("execute", "fix", 2, cost="0.5", state=CallState.ESTIMATED)
    story.call("execute", "fix", 2, cost="0.1", state=CallState.OPEN)
    exact, lost, waiting = story.document()["cost"]["each_call"]
    assert exact == {
        "at": exact["at"], "provider": "openai", "model": "large", "role": "frontier", "stage": "plan", "step": "-",
        "attempt": 1, "state": "settled", "cost_usd": "0.20", "input_tokens": 900, "cached_input_tokens": 300,
        "cache_write_tokens": 200, "output_tokens": 70, "reasoning_tokens": 40, "latency_s": 1.5, "problem": None,
    }  # fmt: skip
    assert (lost["step"], lost["attempt"], lost["state"], lost["cost_usd"]) == ("fix", 2, "estimated", "0.5")
    assert (lost["input_tokens"], lost["output_tokens"]) == (None, None)
    assert (waiting["state"], waiting["cost_usd"]) == ("open", "0.1")
