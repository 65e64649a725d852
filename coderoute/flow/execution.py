"""A plan -> the tree its steps leave: one after the other, or side by side where they cannot meet."""

from coderoute.domain.plan import Class, Plan, Step
from coderoute.domain.waves import waves
from coderoute.flow.ground import Ground
from coderoute.flow.joining import carry_out_together
from coderoute.flow.steps import Progress, Replan, carry_out, first_class
from coderoute.flow.world import World


def carry_out_plan(world: World, plan: Plan, ground: Ground, progress: Progress) -> Replan | None:
    """Every step; `progress.tree` then holds the whole change. A Replan leaves the work to a new plan.

    Raises:
        Stopped: as `carry_out`.
    """
    groups = groups_of(world, plan)
    worked_on = [step.id for group in groups for step in group if first_class(world, step) != Class.HUMAN]
    for number, group in enumerate(groups, start=1):
        last = worked_on[-1:] == [group[-1].id]
        if first_class(world, group[0]) == Class.HUMAN:
            ask(group[0], ground, progress)
            continue
        if len(group) > 1:
            ended = carry_out_together(world, plan, group, number, last, ground, progress)
        else:
            ended = carry_out(world, plan, group[0], last, ground, progress)
        if isinstance(ended, Replan):
            return ended
    return None


def groups_of(world: World, plan: Plan) -> tuple[tuple[Step, ...], ...]:
    """The plan's waves; single steps where nothing may run side by side, or a route gives a step to a person."""
    by_people = any(first_class(world, step) == Class.HUMAN and step.cls != Class.HUMAN for step in plan.steps)
    if world.terms.parallel_steps == 1 or by_people:
        return tuple((step,) for step in plan.steps)
    return waves(plan)


def ask(step: Step, ground: Ground, progress: Progress) -> None:
    """A step that a person does: their answer is told to the steps behind it."""
    answer = ground.questions.ask(step.title, (f"{step.title}: {step.instructions}",), reason="question")
    progress.done.append(f"{step.title}: {answer}")
