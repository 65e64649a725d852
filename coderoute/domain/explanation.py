"""A decision in one sentence that a person understands."""

from decimal import ROUND_HALF_EVEN, Decimal

from coderoute.domain.judgement import Action, Cause, Decision
from coderoute.domain.visible import one_line

MAX_REASON = 240
"""Characters of a reason: a model's own words may be in it."""
BRANCHES = {
    "cheap": "the cheap model", "frontier": "the frontier model", "replan": "a new plan", "human": "a person",
}  # fmt: skip
CAUSES = {
    Cause.PLAN: "the plan", Cause.ENVIRONMENT: "the environment", Cause.FLAKY: "a flaky test",
    Cause.PROVIDER: "the provider",
}  # fmt: skip
"""A failure of the model goes without saying."""


def explain(decision: Decision) -> str:
    """What happens next, why, and what each way on was expected to cost; then what the gate will list."""
    return "; ".join(part for part in (what_next(decision), at_what_cost(decision), for_the_gate(decision)) if part)


def what_next(decision: Decision) -> str:
    match decision.action:
        case Action.ACCEPT:
            step = "accepted"
        case Action.RETRY:
            step = f"the {decision.to} model tries again"
        case Action.ESCALATE:
            step = f"the {decision.to} model takes over"
        case Action.REPLAN:
            step = "a new plan is made"
        case Action.ASK_HUMAN:
            step = "a person is asked"
    charged = f" (charged to {CAUSES[decision.cause]})" if decision.cause in CAUSES else ""
    named = f" [{decision.trigger}]" if decision.trigger else ""
    return f"{step}{charged}: {one_line(' '.join(decision.reason.split()), MAX_REASON)}{named}"


def at_what_cost(decision: Decision) -> str:
    if not decision.branches:
        return ""
    known = [f"{BRANCHES.get(way, way)} {in_dollars(Decimal(usd))}" for way, usd in decision.branches.items()]
    return f"expected to cost, people's time included, by way on: {', '.join(known)}"


def for_the_gate(decision: Decision) -> str:
    return f"to be acknowledged at the gate: {', '.join(decision.noted)}" if decision.noted else ""


def in_dollars(amount: Decimal) -> str:
    """`$12.30`, and below ten cents `$0.0043`: an expectation needs no more digits."""
    fine = amount.quantize(Decimal("0.01") if amount >= Decimal("0.1") else Decimal("0.0001"), ROUND_HALF_EVEN)
    return f"${fine:f}"


def compared(less: Decimal, more: Decimal) -> str:
    """`$0.31 against $0.42`, with more digits where they would look alike."""
    if in_dollars(less) != in_dollars(more):
        return f"{in_dollars(less)} against {in_dollars(more)}"
    return f"${less:f} against ${more:f}"
