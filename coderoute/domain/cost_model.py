"""What work should cost, what routing saves and what retries take of it again: formulas, no measurements.

They are those of the routing design, sections 3.3 and 3.4. Dollars and chances are Decimal; a price ratio says how
many times cheaper the cheap model's attempt is than the frontier model's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain.economics import rise

ESCALATED_COST = rise(0, 1)
"""An attempt at what another class has failed at, against a first attempt."""
GATE_USD = Decimal("0.005")
"""Container time of verifying one attempt (routing design, section 6: an assumption)."""
FAILURES_REMEMBERED = Decimal(2) / 3
"""(1 - c) / c for a correlation c = 0.6 of tries at one task: how little a failure is bad luck."""
OTHERS_WEIGHT = Decimal("0.4")
"""How much a failure of the other class says about this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """So many calls by a model `price_ratio` times cheaper than the one a call's price is given for."""

    count: int
    price_ratio: Decimal = Decimal(1)


def calls_usd(call_usd: Decimal, calls: Iterable[Calls]) -> Decimal:
    """The calls with the same tokens each, where one costs `call_usd` at price ratio 1."""
    return sum((some.count * call_usd / some.price_ratio for some in calls), Decimal(0))


def monthly_usd(task_usd: Decimal, tasks_per_day: Decimal, days: int = 30) -> Decimal:
    return task_usd * tasks_per_day * days


def routed_usd(
    work_usd: Decimal, *, cheap_share: Decimal, price_ratio: Decimal, retry_share: Decimal = Decimal(0),
    redo_share: Decimal = Decimal(0),
) -> Decimal:  # fmt: skip
    """What work costs that would be `work_usd` all frontier, when `cheap_share` of it goes to the cheap model.

    `retry_share`: cheap work done in vain, against the cheap work that was planned; `redo_share`: how much of what
    went to the cheap model the frontier model did after all.
    """
    cheap = cheap_share * (1 + retry_share) / price_ratio
    return work_usd * ((1 - cheap_share) + cheap + cheap_share * redo_share)


def least_acceptance(
    price_ratio: Decimal, *, gate_share: Decimal = Decimal(0), escalated_cost: Decimal = ESCALATED_COST
) -> Decimal:
    """The share of first cheap attempts that must be accepted for starting cheap to pay at all.

    `gate_share`: dollars of verifying one attempt, against one of the frontier model.
    """
    return 1 - (1 - 1 / price_ratio - gate_share) / escalated_cost


def retry_pays_from(*, retry_usd: Decimal, gate_usd: Decimal, stronger_usd: Decimal) -> Decimal:
    """The chance of success from which one more cheap try is worth its tokens, against going to the stronger model."""
    return (retry_usd + gate_usd) / stronger_usd


def chance_after(first: Decimal, *, own_failures: int, other_failures: int) -> Decimal:
    """The chance of an attempt after failures, where a first one has the chance `first`."""
    failures = own_failures + OTHERS_WEIGHT * other_failures
    return first * FAILURES_REMEMBERED / (FAILURES_REMEMBERED + failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One attempt on a ladder of attempts: its price, and the chance that nothing comes after it."""

    usd: Decimal
    chance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Low: right at once. Likely: the expectation. High: every rung is used."""

    low_usd: Decimal
    likely_usd: Decimal
    high_usd: Decimal


def ladder(rungs: Iterable[Rung]) -> Spread:
    """What climbing costs: each rung is paid for if all before it have failed."""
    low: Decimal | None = None
    likely, high, reached = Decimal(0), Decimal(0), Decimal(1)
    for rung in rungs:
        low = rung.usd if low is None else low
        likely, high, reached = likely + reached * rung.usd, high + rung.usd, reached * (1 - rung.chance)
    return Spread(low_usd=low or Decimal(0), likely_usd=likely, high_usd=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectOrPlanned:
    """The two ways to do a small task: one direct call, or a plan, cheap execution and a review."""

    direct_usd: Decimal
    """One attempt without a plan."""
    overhead_usd: Decimal
    """Of the plan and the review."""
    acceptance: Decimal
    """Share of the cheap model's first attempts that are accepted."""
    price_ratio: Decimal
    gate_usd: Decimal = GATE_USD

    @property
    def plan_pays_from_usd(self) -> Decimal | None:
        """The price of a direct attempt above which planning is the cheaper way; None: it never is."""
        return plan_pays_from_usd(
            overhead_usd=self.overhead_usd, gate_usd=self.gate_usd, acceptance=self.acceptance,
            price_ratio=self.price_ratio,
        )  # fmt: skip

    @property
    def direct_is_cheaper(self) -> bool:
        limit = self.plan_pays_from_usd
        return limit is None or self.direct_usd <= limit


def plan_pays_from_usd(
    *, overhead_usd: Decimal, acceptance: Decimal, price_ratio: Decimal, gate_usd: Decimal = Decimal(0)
) -> Decimal | None:
    """The price of doing a task at once from which a plan, cheap execution and a review are cheaper; None: never,
    because the cheap model is not cheap enough for how often it fails."""
    saved_share = acceptance - 1 / price_ratio
    return (overhead_usd + gate_usd) / saved_share if saved_share > 0 else None
