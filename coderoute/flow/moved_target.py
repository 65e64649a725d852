"""The target moved on: the change is carried over to where it is now and proved there, and a person is asked again."""

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.carried import carried_review
from coderoute.domain.judgement import Review
from coderoute.domain.plan import Class, Kind, Plan, Step
from coderoute.domain.run import RunRecord, Status
from coderoute.domain.task import Base
from coderoute.domain.visible import visible_bytes
from coderoute.errors import BadInput, Blocked
from coderoute.flow.candidate import exhibit, pieces_of
from coderoute.flow.ground import Ground
from coderoute.flow.joining import proved, to_mend
from coderoute.flow.steps import Progress
from coderoute.flow.world import World
from coderoute.ports import Reapplied

MAX_SHOWN_CHARS = 12_000
"""Of the parts of a change that conflict, to whoever mends it."""


def notice(world: World, run: RunRecord) -> bool:
    """Whether the target of a change that waits for a person, or for its merge, moved away; then that is recorded, and
    the story goes on there."""
    found = exhibit(world.journal, run.id)
    if found is None or found[0].base.target is None:
        return False
    shown, candidate, _ = found
    try:
        now = world.target_now(shown.base)
        if now.commit == shown.base.commit or now.repository_id != shown.base.repository_id:
            return False
        done = world.repository.reapply(shown.base.tree, candidate.patch.tree, now.tree)
    except BadInput:  # the target is gone, or is nothing we work with: `merge` says which
        return False
    if run.status is Status.APPROVED and done.tree == now.tree:
        return False  # this is our own merge, killed before it was written down; `merge` finishes it
    world.repository.keep(now)
    world.journal.once(places.moved(candidate.number), Base, lambda: now)
    world.tell("target.moved", {"target": now.target, "from": shown.base.commit, "to": now.commit})
    return True


def carry_over(
    world: World, plan: Plan, candidate: Candidate, old: Ground, new: Ground, progress: Progress
) -> str | None:  # fmt: skip
    """Takes the change from the old ground to the new one; `progress.tree` then holds it. What has to be mended there,
    or None where it stands.

    Raises:
        Blocked: the target has it already, or a person has to answer first.
    """
    done = world.journal.once(
        places.reapplied(candidate.number), Reapplied, world.repository.reapply, old.base.tree, progress.tree,
        new.base.tree,
    )  # fmt: skip
    before, progress.tree = progress.tree, done.tree
    if done.conflicts:
        return conflict_in_words(world, old, new, before, done)
    if done.tree == new.base.tree:
        raise Blocked(
            f"{new.base.target} moved to {new.base.commit}, which has this change already", reason="nothing_to_do",
            remedy="nothing is left to merge; end the run: coderoute reject RUN --reason ...",
        )  # fmt: skip
    return prove_there(world, plan, candidate, new, progress)


def conflict_in_words(world: World, old: Ground, new: Ground, before: str, done: Reapplied) -> str:
    """What whoever mends a conflict needs: the files, and what the change was in them."""
    only = world.repository.overlay(old.base.tree, before, done.conflicts)
    was = visible_bytes(world.repository.diff(old.base.tree, only))[:MAX_SHOWN_CHARS]
    return (
        f"The target branch moved from {old.base.commit[:12]} to {new.base.commit[:12]} while the change waited. In "
        f"these files both sides changed the same lines, so there the change is not made yet: "
        f"{', '.join(done.conflicts)}. Make it there anew, in the sense of the code as it is now, and keep what the "
        f"other side did. On the old code it was:\n\n{was}"
    )


def prove_there(world: World, plan: Plan, candidate: Candidate, ground: Ground, progress: Progress) -> str | None:
    """The tests and rules say on the new ground what they said on the old one, or what has to be mended."""
    step = Step(
        id=places.onto_step(candidate.number), title="Carry the change over to the target as it is now",
        instructions="", cls=Class.CODE, kind=Kind.COMMAND, depends_on=(), diff_lines=candidate.patch.lines,
        files=tuple(sorted(plan.files)), checks=plan.steps[-1].checks,
    )  # fmt: skip
    found = proved(world, plan, step, True, ground, progress)
    if found.proof.reproduction_red_on_base is False:
        raise Blocked(
            f"{plan.reproduction.test} passes without the change on {ground.base.target} as it is now "
            f"({ground.base.commit[:12]}): the issue seems to be solved there", reason="nothing_to_do",
            remedy="look at the branch; end the run with: coderoute reject RUN --reason ...",
        )  # fmt: skip
    wanted = to_mend(world, plan, found, True, ground, progress)
    if wanted is None:
        return None
    return (
        "The target branch moved while the change waited. The change was carried over without a conflict, and there it "
        f"does not hold: {wanted}"
    )


def review_carried_over(world: World, before: Candidate, after: Candidate) -> Review | None:
    """The review of `before`, where `after` is the same lines on another base; else None: it has to be made anew."""
    review = world.journal.get(places.review(before.number), Review)
    if review is None or not after.only_base:
        return None
    return carried_review(review, pieces_of(before.patch), pieces_of(after.patch), after.patch.sha256)
