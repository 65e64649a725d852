"""Where the work goes after a failed attempt: by expected cost once enough is known, by a fixed ladder until then."""

from dataclasses import replace
from decimal import Decimal

from coderoute.domain.economics import Economics
from coderoute.domain.explanation import compared, in_dollars
from coderoute.domain.judgement import Action, Cause, Decision, Evidence, Policy
from coderoute.domain.plan import Class
from coderoute.stages.escalate.chances import chance
from coderoute.stages.escalate.expected_cost import (
    MAX_CHEAP_TRIES,
    MAX_FRONTIER_TRIES,
    REPLAN,
    Standing,
    attempt_usd,
    branches,
)

MODELS = (Class.CHEAP, Class.FRONTIER)
IN_WORDS = {Class.CHEAP: "a cheap call", Class.FRONTIER: "one frontier call", REPLAN: "a new plan", "human": "a person"}


def try_again(evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause = Cause.MODEL) -> Decision:
    """The same class or a stronger one: whichever is worth more. A command is tried once: it has no second idea."""
    if evidence.step_class == Class.CODE:
        return go_stronger(evidence, policy, trigger, reason, Cause.PLAN)
    return next_rung(evidence, policy, trigger, reason, cause, same_class=True)


def go_stronger(
    evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause = Cause.MODEL,
    *, plan_doubted: bool = False,
) -> Decision:  # fmt: skip
    """Anything but another try by the class that made this attempt."""
    return next_rung(evidence, policy, trigger, reason, cause, same_class=False, plan_doubted=plan_doubted)


def next_rung(
    evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause, *, same_class: bool,
    plan_doubted: bool = False,
) -> Decision:  # fmt: skip
    """By expected cost once that is known well. Every way's cost is recorded as soon as prices are known."""
    ladder = on_ladder(evidence, policy, trigger, reason, cause, same_class=same_class)
    if policy.economics is None or evidence.step_class not in MODELS:
        return ladder
    standing = standing_of(evidence, policy, same_class=same_class, plan_doubted=plan_doubted)
    values = branches(policy.economics, standing)
    decision = ladder
    if policy.economics.is_known_well:
        decision = by_cost(evidence, policy.economics, standing, values, trigger, reason, cause)
    return replace(decision, branches=recorded(values))


def recorded(values: dict[str, Decimal]) -> dict[str, str]:
    return {way: f"{usd:f}" for way, usd in values.items()}


def standing_of(evidence: Evidence, policy: Policy, *, same_class: bool, plan_doubted: bool) -> Standing:
    """What is behind this attempt, which failed, and what it leaves open."""
    failed, others = evidence.own_failures + 1, evidence.other_failures
    replans = policy.max_replans - evidence.replans_used
    if evidence.step_class == Class.CHEAP:
        cheap = max(MAX_CHEAP_TRIES - evidence.attempts_of_class, 0) if same_class else 0
        return Standing(
            cheap_failures=failed, frontier_failures=others, cheap_tries=cheap, frontier_tries=MAX_FRONTIER_TRIES,
            replans=replans, plan_doubted=plan_doubted,
        )  # fmt: skip
    frontier = max(MAX_FRONTIER_TRIES - evidence.attempts_of_class, 0) if same_class else 0
    return Standing(
        cheap_failures=others, frontier_failures=failed, cheap_tries=0, frontier_tries=frontier, replans=replans,
        plan_doubted=plan_doubted or not frontier,  # where the strongest model fails for good, the plan may be at fault
    )  # fmt: skip


def by_cost(
    evidence: Evidence, economics: Economics, standing: Standing, values: dict[str, Decimal], trigger: str,
    reason: str, cause: Cause,
) -> Decision:  # fmt: skip
    """The way that is expected to cost least; of equal ones the lower rung."""
    own = evidence.step_class
    way = min(values, key=lambda name: values[name])
    if own in values and way != own:
        trigger, reason = "retry_not_worth_it", f"{reason}; {not_worth_it(economics, standing, values, own, way)}"
    if way == own:
        return retry(evidence, trigger, reason, cause)
    if way == Class.FRONTIER:
        return Decision(action=Action.ESCALATE, trigger=trigger, reason=reason, cause=cause, to=Class.FRONTIER)
    if way == REPLAN:
        return Decision(action=Action.REPLAN, trigger=trigger, reason=reason, cause=Cause.PLAN)
    return ask(trigger, reason, cause)


def not_worth_it(economics: Economics, standing: Standing, values: dict[str, Decimal], own: str, way: str) -> str:
    """Why the class that could try again should not, for a person."""
    before = (standing.cheap_failures, standing.frontier_failures)
    failures = before if own == Class.CHEAP else before[::-1]
    price = in_dollars(attempt_usd(economics, Class(own), *failures))
    accepted = 100 * chance(economics, Class(own), *failures).accepted
    return (
        f"another {own} try would cost {price} and succeeds with about {accepted:.0f} %; {IN_WORDS[way]} is expected "
        f"to be cheaper: {compared(values[way], values[own])}"
    )


def on_ladder(
    evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause, *, same_class: bool
) -> Decision:  # fmt: skip
    """The same class while its tries last, then the frontier model, then a new plan, then nobody."""
    if same_class and has_tries_left(evidence, policy):
        return retry(evidence, trigger, reason, cause)
    if evidence.step_class == Class.CHEAP:
        return Decision(action=Action.ESCALATE, trigger=trigger, reason=reason, cause=cause, to=Class.FRONTIER)
    return replan(evidence, policy, trigger, reason) or ask(trigger, reason, cause)


def has_tries_left(evidence: Evidence, policy: Policy) -> bool:
    """Whether the ladder lets the class that made this attempt make another."""
    tries = {Class.CHEAP: policy.cheap_tries, Class.FRONTIER: policy.frontier_tries}
    return evidence.attempts_of_class < tries.get(Class(evidence.step_class), 0)


def retry(evidence: Evidence, trigger: str, reason: str, cause: Cause = Cause.MODEL) -> Decision:
    """The same class, whatever that costs."""
    return Decision(action=Action.RETRY, trigger=trigger, reason=reason, cause=cause, to=evidence.step_class)


def replan(evidence: Evidence, policy: Policy, trigger: str, reason: str) -> Decision | None:
    """A new plan, None when none is left."""
    if evidence.replans_used >= policy.max_replans:
        return None
    return Decision(action=Action.REPLAN, trigger=trigger, reason=reason, cause=Cause.PLAN)


def ask(trigger: str, reason: str, cause: Cause | None = None) -> Decision:
    return Decision(action=Action.ASK_HUMAN, trigger=trigger, reason=reason, cause=cause)
