"""What a plan should cost: tokens per kind of step times prices, before money is spent on it.

The token counts are assumptions (medians we expect of a tool loop without cache), to be replaced by measured ones.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from coderoute.domain.conversation import Usage
from coderoute.domain.cost_model import DirectOrPlanned, Rung, Spread, chance_after, ladder
from coderoute.domain.economics import rise
from coderoute.domain.plan import Class, Kind, Plan, Quote, StepQuote

CostOf = Callable[[str, Usage], Decimal | None]
"""(role, usage) -> dollars, or None where the model's price is unknown."""
ChanceOf = Callable[[Class, Kind, int, int], Decimal]
"""(class, kind, own failures, failures of the other class) -> the chance that such an attempt is accepted."""

FIRST_TRY = {Class.CHEAP: Decimal("0.6"), Class.FRONTIER: Decimal("0.75")}
"""Assumed chance that a first attempt is accepted (routing design, section 3.5: the priors' means, rounded)."""


def assumed_chance(cls: Class, kind: Kind, own_failures: int, other_failures: int) -> Decimal:  # noqa: ARG001 - a ChanceOf
    """The prior, where nothing was measured yet."""
    return chance_after(FIRST_TRY[cls], own_failures=own_failures, other_failures=other_failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    input_tokens: int
    output_tokens: int

    def usage(self) -> Usage:
        return Usage(input_tokens=self.input_tokens, output_tokens=self.output_tokens)


ATTEMPT = {
    Kind.EDIT_LOCAL: Tokens(input_tokens=50_000, output_tokens=2_500),
    Kind.EDIT_CROSS: Tokens(input_tokens=110_000, output_tokens=6_000),
    Kind.TEST_WRITE: Tokens(input_tokens=45_000, output_tokens=3_000),
    Kind.RENAME: Tokens(input_tokens=40_000, output_tokens=2_500),
    Kind.DOCS: Tokens(input_tokens=25_000, output_tokens=2_000),
    Kind.COMMAND: Tokens(input_tokens=15_000, output_tokens=800),
    Kind.QUESTION: Tokens(input_tokens=0, output_tokens=0),
}
"""Of one attempt by a model; a step of class code or human costs nothing."""
PLAN = Tokens(input_tokens=8_000, output_tokens=1_000)
REVIEW = Tokens(input_tokens=15_000, output_tokens=1_500)
DIRECT = Tokens(input_tokens=17_000, output_tokens=2_000)
"""Of the direct attempt at a tiny task, but for the file: that is sent with each of about four turns."""
DIRECT_TURNS = 4
BYTES_PER_TOKEN = 4
MICRODOLLAR = Decimal("0.000001")
MOST_SHOWN_BYTES = 36_000
"""Of a file that an attempt is shown at most."""


def direct_or_planned(
    file_bytes: int | None, *, cost_of: CostOf, worker: str = "frontier", planner: str = "frontier",
    reviewer: str = "premium", chance: ChanceOf = assumed_chance,
) -> DirectOrPlanned | None:  # fmt: skip
    """What a tiny change in a file of so many bytes costs both ways, by roles; None where a price is unknown, or where
    the cheap model costs nothing and no ratio can be told."""
    shown = MOST_SHOWN_BYTES if file_bytes is None else min(file_bytes, MOST_SHOWN_BYTES)
    usage = Usage(
        input_tokens=DIRECT.input_tokens + DIRECT_TURNS * (shown // BYTES_PER_TOKEN), output_tokens=DIRECT.output_tokens
    )
    direct, cheap = cost_of(worker, usage), cost_of("cheap", usage)
    plan, review = cost_of(planner, PLAN.usage()), cost_of(reviewer, REVIEW.usage())
    if direct is None or plan is None or review is None or not cheap:
        return None
    return DirectOrPlanned(
        direct_usd=direct, overhead_usd=plan + review, acceptance=chance(Class.CHEAP, Kind.DOCS, 0, 0),
        price_ratio=direct / cheap,
    )  # fmt: skip


def quote(
    plan: Plan, *, cost_of: CostOf, roles: Mapping[str, str], cheap_tries: int, frontier_tries: int = 2,
    reviewer: str | None, chance: ChanceOf = assumed_chance,
) -> Quote:  # fmt: skip
    """Low: every step right at once. Likely: each rung is climbed as often as those before it are expected to fail.
    High: every try of every rung is used, and the review is done twice. `roles`: the role that starts each step, by
    step id; a step that no model works on has none."""
    by_step: dict[str, StepQuote] = {}
    for step in plan.steps:
        role = roles.get(step.id)
        if role is None:
            by_step[step.id] = step_quote(None, Spread(low_usd=Decimal(0), likely_usd=Decimal(0), high_usd=Decimal(0)))
            continue
        usage = ATTEMPT[step.kind].usage()
        cheap = cost_of(role, usage) if role == "cheap" else Decimal(0)
        frontier = cost_of("frontier", usage)
        if cheap is None or frontier is None:
            by_step[step.id] = step_quote(role, None)
            continue
        tries = cheap_tries if role == "cheap" else 0
        by_step[step.id] = step_quote(role, ladder(rungs(step.kind, cheap, tries, frontier, frontier_tries, chance)))
    if reviewer is not None:
        cost = cost_of(reviewer, REVIEW.usage())
        once = None if cost is None else Spread(low_usd=cost, likely_usd=cost, high_usd=2 * cost)
        by_step["review"] = step_quote(reviewer, once)
    low = total(step.low_usd for step in by_step.values())
    review = by_step["review"].likely_usd if reviewer is not None else Decimal(0)
    return Quote(
        low_usd=low,
        likely_usd=total(step.likely_usd for step in by_step.values()),
        high_usd=total(step.high_usd for step in by_step.values()),
        steps={step_id: step.likely_usd for step_id, step in by_step.items()},
        all_frontier_usd=None if low is None else one_class(plan, "frontier", roles, cost_of, review),
        all_cheap_usd=None if low is None else one_class(plan, "cheap", roles, cost_of, review),
        by_step=by_step,
    )


def rungs(
    kind: Kind, cheap_usd: Decimal, cheap_tries: int, frontier_usd: Decimal, frontier_tries: int, chance: ChanceOf
) -> Iterator[Rung]:
    """The ladder of a step: so many cheap tries, then so many of the frontier model, each later one dearer."""
    for failures in range(cheap_tries):
        yield Rung(usd=cheap_usd * rise(failures, 0), chance=chance(Class.CHEAP, kind, failures, 0))
    for failures in range(frontier_tries):
        usd = frontier_usd * rise(failures, cheap_tries)
        yield Rung(usd=usd, chance=chance(Class.FRONTIER, kind, failures, cheap_tries))


def step_quote(role: str | None, spread: Spread | None) -> StepQuote:
    """The expectation is rounded up to a millionth of a dollar: more digits would only pretend."""
    if spread is None:
        return StepQuote(role=role, low_usd=None, likely_usd=None, high_usd=None)
    likely = min(spread.likely_usd.quantize(MICRODOLLAR, ROUND_CEILING), spread.high_usd)
    return StepQuote(role=role, low_usd=spread.low_usd, likely_usd=likely, high_usd=spread.high_usd)


def total(amounts: Iterator[Decimal | None]) -> Decimal | None:
    """The sum; None as soon as one is unknown."""
    found = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def one_class(
    plan: Plan, role: str, roles: Mapping[str, str], cost_of: CostOf, review: Decimal | None
) -> Decimal | None:  # fmt: skip
    """One attempt by `role` at every step that a model works on, and the review as it is quoted."""
    found = review
    for step in plan.steps:
        if step.id not in roles:
            continue
        cost = cost_of(role, ATTEMPT[step.kind].usage())
        if cost is None or found is None:
            return None
        found += cost
    return found
