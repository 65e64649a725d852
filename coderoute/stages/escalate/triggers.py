"""The rules that stop an executor. One function each; the first that fires decides.

To add one: write `(evidence, policy) -> Decision | None`, put it in TRIGGERS where its severity belongs,
and add its row to tests/stages/test_escalate.py. Nothing else changes. What only lists an item for the gate and
decides nothing is a `(evidence, policy) -> bool` in NOTES.
"""

from collections.abc import Callable

from coderoute.domain.judgement import Cause, Decision, Evidence, Policy
from coderoute.domain.plan import Class
from coderoute.domain.work import AttemptEnd
from coderoute.stages.escalate.ladder import ask, go_stronger, has_tries_left, replan, retry, try_again

Trigger = Callable[[Evidence, Policy], Decision | None]
Note = Callable[[Evidence, Policy], bool]

SLACK_LINES = 50
"""A step may always change this many lines, however small its estimate was."""


def some(names: tuple[str, ...], limit: int = 3) -> str:
    """The first few names and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def secret_in_diff(evidence: Evidence, policy: Policy) -> Decision | None:
    if not evidence.secrets:
        return None
    return feedback_once(evidence, policy, "secret_in_diff", f"the change adds a secret: {some(evidence.secrets)}")


def admission_refused(evidence: Evidence, policy: Policy) -> Decision | None:
    if not evidence.refusals:
        return None
    reason = f"admission refuses the change: {some(evidence.refusals)}"
    return feedback_once(evidence, policy, "admission_refused", reason)


def feedback_once(evidence: Evidence, policy: Policy, trigger: str, reason: str) -> Decision:
    """The author hears of it once; a second time is no slip and goes to a person. Of a command the author is the
    planner: running it again would only do the same again."""
    if evidence.attempts_refused > 1:
        return ask(trigger, f"{reason} (again, after it was told)", Cause.MODEL)
    if evidence.step_class == Class.CODE:
        return replan(evidence, policy, trigger, reason) or ask(trigger, reason, Cause.PLAN)
    return retry(evidence, trigger, reason)


def environment_broken(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.environment_problem is not None:
        return ask("environment_broken", evidence.environment_problem, Cause.ENVIRONMENT)
    if evidence.end == AttemptEnd.GAVE_UP and evidence.give_up_kind == "environment":
        return ask("environment_broken", f"the model cannot work here: {evidence.summary}", Cause.ENVIRONMENT)
    return None


def provider_down(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.provider_problem is None:
        return None
    if evidence.provider_replaced:
        return retry(evidence, "provider_down", evidence.provider_problem, Cause.PROVIDER)
    return ask("provider_down", evidence.provider_problem, Cause.PROVIDER)


def blocked(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.end != AttemptEnd.GAVE_UP or evidence.give_up_kind != "unclear":
        return None
    return ask("blocked", f"the task is unclear: {evidence.summary}", Cause.PLAN)


def over_budget(evidence: Evidence, policy: Policy) -> Decision | None:
    if not evidence.over_budget and evidence.end != AttemptEnd.NO_MONEY:
        return None
    spent = "an unknown sum" if evidence.spent_usd is None else f"${evidence.spent_usd}"
    return ask("over_budget", f"spent {spent} of ${evidence.budget_usd}; the next call does not fit")


def plan_wrong(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.end != AttemptEnd.GAVE_UP or evidence.give_up_kind != "impossible":
        return None
    reason = f"the step is impossible as planned: {evidence.summary}"
    return replan(evidence, policy, "plan_wrong", reason) or go_stronger(
        evidence, policy, "plan_wrong", reason, Cause.PLAN
    )


def gave_up(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.end == AttemptEnd.REFUSED:
        return go_stronger(evidence, policy, "gave_up", "refused_by_model: the model refused the work")
    if evidence.end == AttemptEnd.GAVE_UP:
        return go_stronger(evidence, policy, "gave_up", f"the model asks for a stronger one: {evidence.summary}")
    return None


def protected_path(evidence: Evidence, policy: Policy) -> bool:
    """Risk goes to a person, not to a stronger model. Weakened tests and files outside the plan have names of their
    own."""
    others = set(evidence.protected) - set(evidence.weakened)
    return any(not item.startswith("plan.outside:") for item in others)


def test_weakened(evidence: Evidence, policy: Policy) -> bool:
    return bool(evidence.weakened)


def outside_plan(evidence: Evidence, policy: Policy) -> Decision | None:
    """Feedback while the ladder has a try left; after that the gate lists the files, and a person acknowledges them."""
    if not evidence.outside_plan or evidence.end != AttemptEnd.FINISHED or not has_tries_left(evidence, policy):
        return None
    if any(rule(evidence, policy) for rule in (diff_too_large, same_failure_twice)) or broke_far_off(evidence):
        return None  # these allow no retry by the same class
    return retry(evidence, "outside_plan", f"the change leaves the plan: {some(evidence.outside_plan)}")


def stays_outside_plan(evidence: Evidence, policy: Policy) -> bool:
    return bool(evidence.outside_plan) and outside_plan(evidence, policy) is None


def diff_too_large(evidence: Evidence, policy: Policy) -> Decision | None:
    lines, files = evidence.diff_lines, evidence.diff_files
    reason = None
    if lines > policy.max_diff_lines:
        reason = f"{lines} changed lines; the limit is {policy.max_diff_lines}"
    elif lines > 2 * evidence.estimated_lines and lines > SLACK_LINES:
        reason = f"{lines} changed lines; the plan expected {evidence.estimated_lines}"
    elif files > policy.max_diff_files:
        reason = f"{files} changed files; the limit is {policy.max_diff_files}"
    return None if reason is None else go_stronger(evidence, policy, "diff_too_large", reason, plan_doubted=True)


def unexpected_failure(evidence: Evidence, policy: Policy) -> Decision | None:
    reason = what_broke(evidence)
    if reason is None or failed_alike_before(evidence):
        return None
    if broke_far_off(evidence):
        far = f"{reason}, in files the plan does not name"
        return go_stronger(evidence, policy, "unexpected_failure", far)
    return try_again(evidence, policy, "unexpected_failure", reason)


def same_failure_twice(evidence: Evidence, policy: Policy) -> Decision | None:
    """Trying the same model again would be delay."""
    reason = what_broke(evidence) or what_is_red(evidence)
    if reason is None or not failed_alike_before(evidence) or only_flaky(evidence):
        return None
    return go_stronger(evidence, policy, "same_failure_twice", f"the same failure twice; {reason}")


def stuck(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.end == AttemptEnd.OUT_OF_TURNS:
        reason = evidence.summary or "the attempt used up its turns without finishing"
        return go_stronger(evidence, policy, "stuck", reason)
    if evidence.end == AttemptEnd.NO_TOOLS:
        return try_again(evidence, policy, "stuck", "the model talked instead of calling a tool")
    return None


def no_change(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.has_changes or not evidence.expects_changes:
        return None
    if not evidence.failed_checks and evidence.has_checks:
        return None
    return try_again(evidence, policy, "no_change", "the attempt changed nothing")


def target_still_red(evidence: Evidence, policy: Policy) -> Decision | None:
    reason = what_is_red(evidence)
    if reason is None:
        return None
    if not only_flaky(evidence):
        return try_again(evidence, policy, "target_still_red", reason)
    reason = f"flaky, so nothing is shown: {some(evidence.failed_checks)}"
    if has_tries_left(evidence, policy):
        return retry(evidence, "target_still_red", reason, Cause.FLAKY)
    return ask("target_still_red", reason, Cause.FLAKY)


def broke_far_off(evidence: Evidence) -> bool:
    """The cheap model broke what the plan does not speak of: it has not understood how things hang together."""
    return bool(evidence.unplanned_failures) and evidence.step_class == Class.CHEAP


def what_broke(evidence: Evidence) -> str | None:
    """What was well on the base and is not any more; or that nobody can know."""
    if evidence.test_problem is not None:
        return f"the test run proves nothing: {evidence.test_problem}"
    broken = [f"tests fail that should pass: {some(evidence.unexpected_failures)}"]
    gone = [f"tests are gone or skipped: {some(evidence.vanished)}"]
    found = (broken if evidence.unexpected_failures else []) + (gone if evidence.vanished else [])
    return "; ".join(found) or None


def what_is_red(evidence: Evidence) -> str | None:
    """What the step was to make green and is not."""
    if evidence.reproduction_green_on_base:
        return "the reproduction test is not red on the base commit: it does not show the problem"
    return f"still red: {some(evidence.failed_checks)}" if evidence.failed_checks else None


def only_flaky(evidence: Evidence) -> bool:
    """Nothing is red but what is green on the same tree at other times."""
    sound = evidence.reproduction_green_on_base or what_broke(evidence) is not None
    return bool(evidence.failed_checks) and not sound and set(evidence.failed_checks) <= set(evidence.flaky)


def failed_alike_before(evidence: Evidence) -> bool:
    return evidence.failure_signature is not None and evidence.failure_signature in evidence.earlier_signatures


TRIGGERS: tuple[Trigger, ...] = (
    secret_in_diff,
    admission_refused,
    environment_broken,
    provider_down,
    blocked,
    over_budget,
    plan_wrong,
    gave_up,
    outside_plan,
    diff_too_large,
    unexpected_failure,
    same_failure_twice,
    stuck,
    no_change,
    target_still_red,
)
"""In order of severity. Two more have no place here: `review_rejected` is decided on in `decide.after_review`, and
`retry_not_worth_it` is what a trigger's own retry becomes when another way is expected to cost less (`ladder`)."""

NOTES: tuple[tuple[str, Note], ...] = (
    ("protected_path", protected_path),
    ("test_weakened", test_weakened),
    ("outside_plan", stays_outside_plan),
)
"""What a person will have to acknowledge, in order of severity."""
