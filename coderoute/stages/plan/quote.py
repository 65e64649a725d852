"""What a plan should cost: tokens per kind of step times prices, before money is spent on it.

The token counts are assumptions (medians we expect of a tool loop without cache), to be replaced by measured ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain.conversation import Usage
from coderoute.domain.plan import Class, Kind, Plan, Quote

CostOf = Callable[[str, Usage], Decimal | None]
"""(role, usage) -> dollars, or None where the model's price is unknown."""

FIRST_TRY = {Class.CHEAP: Decimal("0.6"), Class.FRONTIER: Decimal("0.75")}
"""Assumed chance that a first attempt is accepted (routing design, section 3.5: the priors' means, rounded)."""


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
REVIEW = Tokens(input_tokens=15_000, output_tokens=1_500)


def quote(plan: Plan, *, cost_of: CostOf, roles: Mapping[str, str], cheap_tries: int, reviewer: str | None) -> Quote:
    """Low: every step right at once. Likely: each first try succeeds with its assumed chance, else the ladder goes
    on one rung. High: every try of every rung is used. `roles`: the role that starts each step, by step id; a step
    that no model works on has none."""
    low = likely = high = Decimal(0)
    unknown = False
    steps: dict[str, Decimal | None] = {}
    for step in plan.steps:
        role = roles.get(step.id)
        if role is None:
            steps[step.id] = Decimal(0)
            continue
        usage = ATTEMPT[step.kind].usage()
        first, strong = cost_of(role, usage), cost_of("frontier", usage)
        if first is None or strong is None:
            unknown, steps[step.id] = True, None
            continue
        expected = first + (1 - FIRST_TRY[Class.CHEAP if role == "cheap" else Class.FRONTIER]) * strong
        steps[step.id] = expected
        low, likely = low + first, likely + expected
        high += (cheap_tries * first if role == "cheap" else first) + 2 * strong
    if reviewer is not None:
        cost = cost_of(reviewer, REVIEW.usage())
        steps["review"] = cost
        if cost is None:
            unknown = True
        else:
            low, likely, high = low + cost, likely + cost, high + 2 * cost
    if unknown:
        return Quote(
            low_usd=None, likely_usd=None, high_usd=None, steps=steps, all_frontier_usd=None, all_cheap_usd=None
        )
    review = steps.get("review") or Decimal(0)
    return Quote(
        low_usd=low, likely_usd=likely, high_usd=high, steps=steps,
        all_frontier_usd=one_class(plan, "frontier", roles, cost_of, review),
        all_cheap_usd=one_class(plan, "cheap", roles, cost_of, review),
    )  # fmt: skip


def one_class(
    plan: Plan, role: str, roles: Mapping[str, str], cost_of: CostOf, review: Decimal
) -> Decimal | None:  # fmt: skip
    """One attempt by `role` at every step that a model works on, and the review as it is quoted."""
    total = review
    for step in plan.steps:
        if step.id not in roles:
            continue
        cost = cost_of(role, ATTEMPT[step.kind].usage())
        if cost is None:
            return None
        total += cost
    return total
