"""A step of the plan -> the tree it leaves: attempts, their proof, and the decision after each."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from coderoute.domain import places
from coderoute.domain.judgement import (
    Action,
    Admission,
    Cause,
    Decision,
    Evidence,
    TestReport,
    Verification,
)  # fmt: skip
from coderoute.domain.plan import Class, Plan, Step
from coderoute.domain.task import Base
from coderoute.domain.visible import visible_bytes
from coderoute.domain.work import Attempt, AttemptEnd, Ending, FileChange
from coderoute.errors import Exhausted, Refused
from coderoute.flow.admission import admit_tree
from coderoute.flow.evidence import History, account, gather
from coderoute.flow.world import Questions, World
from coderoute.ports import Sandbox
from coderoute.stages.escalate.decide import decide
from coderoute.stages.execute.attempt import Assignment, attempt_step
from coderoute.stages.verify.verify_tree import is_red, verify_tree

COMMAND_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every step of a run stands on."""

    base: Base
    image: str
    baseline: TestReport | None
    questions: Questions


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where the execution of a run stands: attempts of a step id count on over plans."""

    tree: str
    attempts: Counter[str] = field(default_factory=Counter)
    done: list[str] = field(default_factory=list)
    replans_used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """The plan does not hold; `reason` is told to the planner."""

    reason: str


def carry_out_plan(world: World, plan: Plan, ground: Ground, progress: Progress) -> Replan | None:
    """Every step in order; `progress.tree` then holds the whole change. A Replan leaves the work to a new plan."""
    worked_on = [step.id for step in plan.steps if first_class(world, step) != Class.HUMAN]
    for step in plan.steps:
        if first_class(world, step) == Class.HUMAN:
            answer = ground.questions.ask(step.title, (f"{step.title}: {step.instructions}",), reason="question")
            progress.done.append(f"{step.title}: {answer}")
            continue
        ended = carry_out(world, plan, step, step.id == worked_on[-1], ground, progress)
        if isinstance(ended, Replan):
            return ended
    return None


def carry_out(world: World, plan: Plan, step: Step, last: bool, ground: Ground, progress: Progress) -> Replan | None:
    """Attempts at one step until one is accepted, the plan falls, or the ladder ends. `last`: nobody works on the
    tree after it, so everything must be green.

    Raises:
        Exhausted: budget or ladder used up.
        Blocked: a question nobody has answered yet.
        Unavailable
    """
    start = progress.tree
    cls, refused = first_class(world, step), 0
    tried: list[str] = []
    signatures: tuple[str, ...] = ()
    tries: Counter[str] = Counter()
    while True:
        progress.attempts[step.id] += 1
        number = progress.attempts[step.id]
        tries[cls] += 1
        assignment = assign(world, plan, step, last, number, cls, start, ground, tuple(tried), tuple(progress.done))
        if world.is_new(places.attempt(step.id, number)):
            world.tell("attempt.started", {"step": step.id, "attempt": number, "class": cls, "title": step.title})
        attempt = world.journal.once(
            places.attempt(step.id, number), Attempt, try_once, world, assignment, ground.image
        )
        changes = world.repository.changes(start, attempt.tree)
        world.journal.once(places.size(step.id, number), tuple[int, int], size_of, changes)
        admission = world.journal.once(
            places.admission(step.id, number), Admission, admit_tree, world.repository, ground.base.tree, attempt.tree,
            planned=plan.files, protected=world.terms.protected_paths,
        )  # fmt: skip
        proof = world.journal.once(
            places.verification(step.id, number),
            Verification,
            prove,
            world,
            plan,
            step,
            last,
            ground,
            attempt,
            admission,
        )
        history = History(
            attempts_of_class=tries[cls], refused=refused, signatures=signatures, replans_used=progress.replans_used
        )
        spent = world.ledger.spent_usd
        evidence = gather(
            plan=plan, step=step, last=last, attempt=attempt, changes=changes, admission=admission, verification=proof,
            baseline=ground.baseline, history=history, spent_usd=f"{spent:f}", budget_usd=f"{world.terms.budget_usd:f}",
        )  # fmt: skip
        is_new = world.is_new(places.decision(step.id, number))
        decision = world.journal.once(places.decision(step.id, number), Decision, decide, evidence, world.policy())
        if is_new:
            world.tell("attempt.decided", told(step, number, attempt, evidence, decision))
        match decision.action:
            case Action.ACCEPT:
                progress.tree = attempt.tree
                progress.done.append(step.title)
                return None
            case Action.RETRY | Action.ESCALATE:
                cls = decision.to or cls
                tried.append(account(attempt, evidence, decision.reason, diff_to_tell(world, start, attempt, evidence)))
            case Action.REPLAN:
                return Replan(reason=f"step {step.id} ({step.title}): {decision.reason}")
            case Action.ASK_HUMAN:
                tried.append(ask_or_end(decision, step, attempt, ground.questions))
                if decision.cause is Cause.ENVIRONMENT:
                    tries[cls] -= 1  # what the environment broke does not count against the model
        refused = evidence.attempts_refused
        signatures = (*signatures, evidence.failure_signature) if evidence.failure_signature else signatures


def diff_to_tell(world: World, start: str, attempt: Attempt, evidence: Evidence) -> str:
    """The attempt's diff for the next one; none that admission refused: it may hold a secret."""
    if evidence.secrets or evidence.refusals:
        return ""
    return visible_bytes(world.repository.diff(start, attempt.tree))


def size_of(changes: Sequence[FileChange]) -> tuple[int, int]:
    """(changed lines, changed files)."""
    return sum(change.added + change.removed for change in changes), len(changes)


def first_class(world: World, step: Step) -> str:
    """The user's route for this kind of step, or for execution, else the plan's class; `premium` works as frontier.
    What a command does and who mends a rejected change is nobody's choice."""
    if step.cls is Class.CODE or places.is_rework(step.id):
        return step.cls
    route = world.terms.role(step.kind.value, world.terms.role("execute", step.cls.value))
    match route:
        case "human":
            return Class.HUMAN
        case "frontier" | "premium":
            return Class.FRONTIER
        case "code":
            return step.cls  # a route to code helps only a step that has a command
        case _:
            return Class.CHEAP


def assign(
    world: World, plan: Plan, step: Step, last: bool, number: int, cls: str, tree: str, ground: Ground,
    tried: tuple[str, ...], done: tuple[str, ...],
) -> Assignment:  # fmt: skip
    role = "cheap" if cls == Class.CHEAP else "frontier"
    return Assignment(
        run_id=world.run_id, step=step, number=number, cls=cls, role=role, model=world.model(role),
        base_tree=ground.base.tree, tree=tree, tried=tried, done=done, max_turns=world.terms.max_turns,
        max_lines=min(world.terms.diff_lines, max(2 * step.diff_lines, 50)), env=dict(world.terms.test.env),
        nonce=world.nonce(f"execute/{step.id}/{number}"), test_command=world.terms.test.command,
        must_fail=plan.reproduction.test if plan.reproduction.step == step.id and not last else None,
    )  # fmt: skip


def try_once(world: World, assignment: Assignment, image: str) -> Attempt:
    """One attempt on a fresh machine; a step of class code runs its command there and asks no model."""

    def work(open_tree: Callable[[str], Sandbox]) -> Attempt:
        with closing(open_tree(assignment.tree)) as sandbox:
            if assignment.cls == Class.CODE:
                return run_command(world, assignment, sandbox)
            return attempt_step(
                assignment, sandbox, repository=world.repository, ledger=world.ledger, journal=world.journal
            )

    return world.on_machines(image, work)


def run_command(world: World, assignment: Assignment, sandbox: Sandbox) -> Attempt:
    result = sandbox.run(assignment.step.command or "", timeout_s=COMMAND_TIMEOUT_S, env=assignment.env)
    well = result.ending is Ending.EXIT and result.exit_code == 0
    refused, tree = None, assignment.tree
    try:
        tree = world.repository.write_tree(assignment.base_tree, sandbox.snapshot())
    except Refused as error:
        refused = error.problem
    return Attempt(
        number=assignment.number, cls=assignment.cls, model="-", tree=tree, refused=refused, turns=0, commands=1,
        end=AttemptEnd.FINISHED if well else AttemptEnd.GAVE_UP, give_up_kind=None if well else "impossible",
        summary=f"exit code {result.exit_code}: {result.text[-1500:]}".strip(),
    )  # fmt: skip


def prove(
    world: World, plan: Plan, step: Step, last: bool, ground: Ground, attempt: Attempt, admission: Admission
) -> Verification:
    """What fresh machines say about the attempt's tree; a tree that admission refuses is not worth one."""
    if admission.refusals or attempt.refused is not None or attempt.end is not AttemptEnd.FINISHED:
        return Verification(
            tree=attempt.tree, report=None, verdicts=None, checks=(), reproduction_red_on_base=None,
            reproduction_green=None, feedback="",
        )  # fmt: skip
    world.tell("verify.started", {"step": step.id, "attempt": attempt.number})
    writes_reproduction = plan.reproduction.step == step.id and plan.reproduction.test is not None
    checks = tuple(
        check for check in step.checks if not (writes_reproduction and not last and check == plan.reproduction.test)
    )
    if last and plan.reproduction.test is not None and plan.reproduction.test not in checks:
        checks = (*checks, plan.reproduction.test)

    def work(open_tree: Callable[[str], Sandbox]) -> Verification:
        proof = verify_tree(
            attempt.tree, base_tree=ground.base.tree, baseline=ground.baseline, checks=checks,
            reproduction=plan.reproduction.test, test=world.terms.test, open_tree=open_tree,
        )  # fmt: skip
        if writes_reproduction and ground.baseline is not None:
            return with_reproduction(world, plan, ground, attempt, proof, open_tree)
        return proof

    return world.on_machines(ground.image, work)


def with_reproduction(
    world: World, plan: Plan, ground: Ground, attempt: Attempt, proof: Verification,
    open_tree: Callable[[str], Sandbox],
) -> Verification:  # fmt: skip
    """The new reproduction test alone on base plus its own file: it must be red there."""
    test = plan.reproduction.test or ""
    file = test.split("::", 1)[0]
    tree = world.repository.overlay(ground.base.tree, attempt.tree, [file])
    red = is_red(test, tree, open_tree=open_tree, test=world.terms.test)
    if red:
        return replace(proof, reproduction_red_on_base=True)
    why = (
        f"No test has the id {test}: give the test exactly this name."
        if red is None
        else f"{test} passes on the base commit. It must fail there because of the issue, and pass once that is solved."
    )
    return replace(proof, reproduction_red_on_base=False, feedback=f"{why}\n\n{proof.feedback}".strip())


def ask_or_end(decision: Decision, step: Step, attempt: Attempt, questions: Questions) -> str:
    """A person's answer as feedback for one more attempt, where a person can help; else the ladder is used up."""
    person_helps = decision.trigger in ("blocked", "environment_broken", "secret_in_diff", "admission_refused")
    if person_helps and decision.trigger is not None:
        answer = questions.ask(decision.reason, (decision.reason,), reason=decision.trigger)
        return f"by {attempt.cls}: {decision.reason}. A person answered: {answer}"
    raise Exhausted(
        f"step {step.id} ({step.title}): {decision.reason}",
        reason="refused_by_model" if attempt.end is AttemptEnd.REFUSED else decision.trigger or "ladder_used_up",
        remedy="coderoute show RUN tells what was tried; start anew with a clearer issue or other limits",
    )


def told(step: Step, number: int, attempt: Attempt, evidence: Evidence, decision: Decision) -> dict[str, object]:
    """The log's line about a decision."""
    return {
        "step": step.id, "attempt": number, "class": attempt.cls, "decision": decision.action.value,
        "trigger": decision.trigger, "reason": decision.reason, "to": decision.to,
        "cause": (decision.cause or Cause.MODEL).value if decision.trigger else None,
        "diff_lines": evidence.diff_lines, "diff_files": evidence.diff_files,
    }  # fmt: skip
