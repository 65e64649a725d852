"""What a run cost: sums over its ledger, what of it was in vain, and what other choices might have cost."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from coderoute.domain import places
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.judgement import Action, Decision
from coderoute.domain.money import CallState, LedgerRow, add_up
from coderoute.domain.terms import Terms
from coderoute.journal import Journal
from coderoute.ports import PriceList
from coderoute.report.plain import Json, last_number, money, moneys
from coderoute.report.steps import attempts_of_this_plan


def cost_json(
    rows: Iterable[LedgerRow], journal: Journal | None, terms: Terms | None, prices: PriceList | None
) -> Json:
    """The cost object. The two counterfactuals price the same tokens at one class's model: estimates, no more."""
    rows = tuple(rows)
    cost = add_up(rows)
    return {
        "total_usd": money(cost.total_usd),
        "estimated_usd": money(cost.estimated_usd),
        "by_class": moneys(cost.by_class),
        "by_stage": moneys(cost.by_stage),
        "by_model": moneys(cost.by_model),
        "retry_tax_usd": money(retry_tax(rows, journal)) if journal else None,
        "all_frontier_estimate_usd": money(at_one_price(rows, terms, "frontier", prices)),
        "all_cheap_estimate_usd": money(at_one_price(rows, terms, "cheap", prices)),
        "calls": cost.calls,
        "input_tokens": cost.input_tokens,
        "cached_input_tokens": cost.cached_input_tokens,
        "output_tokens": cost.output_tokens,
        "budget_usd": money(terms.budget_usd) if terms else None,
    }


def retry_tax(rows: Iterable[LedgerRow], journal: Journal) -> Decimal:
    """What was paid for attempts whose output was thrown away, and for plans that did not hold with all their steps."""
    tax = Decimal(0)
    plans, standing = last_number(journal, "plan/"), attempts_of_this_plan(journal)
    for row in rows:
        if row.stage == "plan" and row.attempt < plans:
            tax += row.cost_usd
        elif row.stage == "execute":
            decision = journal.get(places.decision(row.step, row.attempt), Decision)
            kept = decision is None or decision.action is Action.ACCEPT
            if not kept or (decision is not None and places.attempt(row.step, row.attempt) not in standing):
                tax += row.cost_usd
    return tax


def at_one_price(rows: Iterable[LedgerRow], terms: Terms | None, role: str, prices: PriceList | None) -> Decimal | None:
    """The same tokens, every call at `role`'s price; None where a price or a usage is unknown."""
    if terms is None or prices is None:
        return None
    total = Decimal(0)
    for row in rows:
        if row.state is CallState.FREE:
            continue
        cost = reprice(row, terms.models[role], prices)
        if cost is None:
            return None
        total += cost
    return total


def reprice(row: LedgerRow, model: ModelRef, prices: PriceList) -> Decimal | None:
    if row.usage is None:
        return None
    plain = Usage(
        input_tokens=row.usage.input_tokens, output_tokens=row.usage.output_tokens,
        cached_input_tokens=row.usage.cached_input_tokens,
    )  # fmt: skip
    return prices.cost_usd(model, plain, datetime.fromisoformat(row.at))
