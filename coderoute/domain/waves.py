"""Which steps of a plan may be worked on side by side: those that a mistake of the other cannot touch."""

from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step


def waves(plan: Plan) -> tuple[tuple[Step, ...], ...]:
    """The steps in groups; a step is in the first group behind all that it follows. In a group, in the plan's order."""
    level: dict[str, int] = {}
    for number, step in enumerate(plan.steps):
        before = [earlier for earlier in plan.steps[:number] if follows(step, earlier, plan.reproduction)]
        level[step.id] = 1 + max((level[earlier.id] for earlier in before), default=-1)
    last = max(level.values(), default=-1)
    return tuple(tuple(step for step in plan.steps if level[step.id] == wanted) for wanted in range(last + 1))


def follows(later: Step, earlier: Step, reproduction: Reproduction) -> bool:
    """Whether `later` must not begin before `earlier` is done: it says so, or the two may meet.

    Commands and people, renames and steps that name no files may concern everything. Nothing begins before the test
    that proves the issue is there.
    """
    return (
        earlier.id in later.depends_on
        or earlier.id == reproduction.step
        or concerns_all(later)
        or concerns_all(earlier)
        or meet(later, earlier)
    )


def concerns_all(step: Step) -> bool:
    return (
        step.cls in (Class.CODE, Class.HUMAN)
        or step.kind in (Kind.COMMAND, Kind.QUESTION, Kind.RENAME)
        or not step.files
        or bool(step.command_checks)
    )


def meet(one: Step, other: Step) -> bool:
    """Whether they change the same file, or one is checked by a test that the other writes."""
    mine, its = (frozenset(step.files) | tested(step) for step in (one, other))
    return bool(frozenset(one.files) & its or frozenset(other.files) & mine)


def tested(step: Step) -> frozenset[str]:
    """The files of the tests that the step is checked with."""
    return frozenset(check.partition("::")[0] for check in step.test_checks)
