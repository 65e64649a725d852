"""What the planner hears of a plan that did not hold: its steps, what of them stood, and how far the work had come."""

from collections.abc import Collection

from coderoute.domain.plan import Plan, Step

STEPS_CHARS = 4_000
"""About a thousand tokens; shared by the steps."""
DIFF_CHARS = 5_000
ACCOUNT_CHARS = 7_000


def account_of_plan(plan: Plan, number: int, reason: str, *, done: Collection[str], accepted: str, failed: str) -> str:
    """`done`: titles of the steps that were done, a person's with their answer behind. `accepted`: the
    diff of these steps together. `failed`: an account of the attempt that ended the plan. Empty where there is none."""
    each = STEPS_CHARS // max(1, len(plan.steps))
    parts = [
        f"Plan {number} did not hold: {reason.rstrip('. ')}.",
        "Everything starts anew from the base commit: nothing of the work is kept. Find what was wrong in the plan, "
        "keep what held, and mend the rest. These were its steps:",
        *(told(step, is_done(step, done), each) for step in plan.steps),
    ]
    if plan.reproduction.test:
        parts.append(f"Its reproduction: {plan.reproduction.test}")
    if accepted:
        parts.append(f"The diff of the steps that were done:\n{cut(accepted, DIFF_CHARS)}")
    if failed:
        parts.append(f"The attempt at which it fell, on top of those, {cut(failed, ACCOUNT_CHARS)}")
    return "\n\n".join(parts)


def told(step: Step, was_done: bool, chars: int) -> str:
    state = "done, accepted" if was_done else "not done"
    files, checks = ", ".join(step.files), "; ".join(step.checks)
    instructions = "\n".join(f"  {row}" for row in cut(step.instructions, chars).split("\n"))
    rows = [f"- {step.id} ({step.kind.value}, {state}): {step.title}", instructions, f"  files: {files}"]
    return "\n".join([*rows, f"  checks: {checks}"] if checks else rows)


def is_done(step: Step, done: Collection[str]) -> bool:
    return any(title == step.title or title.startswith(f"{step.title}: ") for title in done)


def cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[:chars]}\n... cut"
