"""The rules that stop an executor. One function each; the first that fires decides.

To add one: write `(evidence, policy) -> Decision | None`, put it in TRIGGERS where its severity belongs,
and add its row to tests/stages/test_escalate.py. Nothing else changes.
"""

from collections.abc import Callable

from coderoute.domain.judgement import Action, Cause, Decision, Evidence, Policy
from coderoute.domain.plan import Class
from coderoute.domain.work import AttemptEnd

Trigger = Callable[[Evidence, Policy], Decision | None]

SLACK_LINES = 50
"""A step may always change this many lines, however small its estimate was."""


def some(names: tuple[str, ...], limit: int = 3) -> str:
    """The first few names and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def try_again(evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause = Cause.MODEL) -> Decision:
    """The next rung: the same class while its tries last, then the stronger one, then nobody."""
    if evidence.step_class == Class.CODE:
        return go_stronger(evidence, policy, trigger, reason, Cause.PLAN)
    if has_tries_left(evidence, policy):
        return Decision(action=Action.RETRY, trigger=trigger, reason=reason, cause=cause, to=evidence.step_class)
    return go_stronger(evidence, policy, trigger, reason, cause)


def has_tries_left(evidence: Evidence, policy: Policy) -> bool:
    """Whether the class that made this attempt may make another. A command is tried once: it has no second idea."""
    tries = {Class.CHEAP: policy.cheap_tries, Class.FRONTIER: policy.frontier_tries}
    return evidence.attempts_of_class < tries.get(Class(evidence.step_class), 0)


def go_stronger(evidence: Evidence, policy: Policy, trigger: str, reason: str, cause: Cause = Cause.MODEL) -> Decision:
    """To the frontier model; from there a new plan while one is left; then the ladder is used up."""
    if evidence.step_class == Class.CHEAP:
        return Decision(action=Action.ESCALATE, trigger=trigger, reason=reason, cause=cause, to=Class.FRONTIER)
    return replan(evidence, policy, trigger, reason) or ask(trigger, reason, cause)


def replan(evidence: Evidence, policy: Policy, trigger: str, reason: str) -> Decision | None:
    """A new plan, None when none is left."""
    if evidence.replans_used >= policy.max_replans:
        return None
    return Decision(action=Action.REPLAN, trigger=trigger, reason=reason, cause=Cause.PLAN)


def ask(trigger: str, reason: str, cause: Cause | None = None) -> Decision:
    return Decision(action=Action.ASK_HUMAN, trigger=trigger, reason=reason, cause=cause)


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
    return Decision(action=Action.RETRY, trigger=trigger, reason=reason, cause=Cause.MODEL, to=evidence.step_class)


def environment_broken(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.environment_problem is None:
        return None
    return ask("environment_broken", evidence.environment_problem, Cause.ENVIRONMENT)


def blocked(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.end != AttemptEnd.GAVE_UP or evidence.give_up_kind not in ("unclear", "environment"):
        return None
    if evidence.give_up_kind == "environment":
        return ask("environment_broken", f"the model cannot work here: {evidence.summary}", Cause.ENVIRONMENT)
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


def outside_plan(evidence: Evidence, policy: Policy) -> Decision | None:
    """Feedback while a try is left; after that the gate lists the files, and a person acknowledges them."""
    if not evidence.outside_plan or evidence.end != AttemptEnd.FINISHED or not has_tries_left(evidence, policy):
        return None
    if diff_too_large(evidence, policy) is not None:
        return None  # that allows no retry by the same class
    reason = f"the change leaves the plan: {some(evidence.outside_plan)}"
    return try_again(evidence, policy, "outside_plan", reason)


def diff_too_large(evidence: Evidence, policy: Policy) -> Decision | None:
    lines, files = evidence.diff_lines, evidence.diff_files
    reason = None
    if lines > policy.max_diff_lines:
        reason = f"{lines} changed lines; the limit is {policy.max_diff_lines}"
    elif lines > 2 * evidence.estimated_lines and lines > SLACK_LINES:
        reason = f"{lines} changed lines; the plan expected {evidence.estimated_lines}"
    elif files > policy.max_diff_files:
        reason = f"{files} changed files; the limit is {policy.max_diff_files}"
    return None if reason is None else go_stronger(evidence, policy, "diff_too_large", reason)


def unexpected_failure(evidence: Evidence, policy: Policy) -> Decision | None:
    if evidence.test_problem is not None:
        reason = f"the test run proves nothing: {evidence.test_problem}"
        return repeat_or_try_again(evidence, policy, "unexpected_failure", reason)
    broken = evidence.unexpected_failures
    gone = evidence.vanished
    if not broken and not gone:
        return None
    parts = ([f"fail that should pass: {some(broken)}"] if broken else []) + (
        [f"are gone or skipped: {some(gone)}"] if gone else []
    )
    return repeat_or_try_again(evidence, policy, "unexpected_failure", "tests " + "; tests ".join(parts))


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
    if evidence.reproduction_green_on_base:
        reason = "the reproduction test is not red on the base commit: it does not show the problem"
        return repeat_or_try_again(evidence, policy, "target_still_red", reason)
    if not evidence.failed_checks:
        return None
    return repeat_or_try_again(evidence, policy, "target_still_red", f"still red: {some(evidence.failed_checks)}")


def repeat_or_try_again(evidence: Evidence, policy: Policy, trigger: str, reason: str) -> Decision:
    """The same failure twice means that trying the same model again is delay."""
    if evidence.failure_signature is not None and evidence.failure_signature in evidence.earlier_signatures:
        return go_stronger(evidence, policy, "same_failure_twice", f"the same failure twice; {reason}")
    return try_again(evidence, policy, trigger, reason)


TRIGGERS: tuple[Trigger, ...] = (
    secret_in_diff,
    admission_refused,
    environment_broken,
    blocked,
    over_budget,
    plan_wrong,
    gave_up,
    outside_plan,
    diff_too_large,
    unexpected_failure,
    stuck,
    no_change,
    target_still_red,
)
"""In order of severity. `provider_down` and `review_rejected` are met where they arise: a provider that does not
answer ends the run as unavailable, and a review is decided on in `decide.after_review`. `same_failure_twice` is what
a failure is called that comes again. `protected_path` and `test_weakened` only list items, which the gate shows."""
