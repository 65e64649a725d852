"""THE STORY: triage, locate, baseline, plan, execute, verify, escalate, review, and then a person.

Told from the top each time a run is started or resumed; what the journal holds is not done again.
"""

from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.cost_model import DirectOrPlanned
from coderoute.domain.economics import ReviewOutcome
from coderoute.domain.judgement import Action, Decision, Outcome, Review, Strength, TestReport, Verification
from coderoute.domain.mutants import mutants
from coderoute.domain.plan import Class, Kind, Plan, Quote, Reproduction, Step
from coderoute.domain.run import Status
from coderoute.domain.task import Base, Risk, Task, Triage
from coderoute.errors import Blocked, Exhausted
from coderoute.flow.admission import contents
from coderoute.flow.baseline import believed, measure
from coderoute.flow.candidate import make_candidate, needed, read_patch, summary_for_reviewer
from coderoute.flow.experience import Experience, economics_of, experience_of, remember_review
from coderoute.flow.proof import Ground, concerned
from coderoute.flow.steps import Progress, Replan, carry_out, carry_out_plan, first_class
from coderoute.flow.world import Questions, World
from coderoute.journal import Journal
from coderoute.ledger import OverBudget
from coderoute.prompt import fence
from coderoute.stages.escalate.chances import chance
from coderoute.stages.escalate.decide import after_review
from coderoute.stages.locate import Located, locate
from coderoute.stages.plan.make_plan import Context, Planning, make_plan
from coderoute.stages.plan.quote import assumed_chance, direct_or_planned, quote
from coderoute.stages.review.judge import Reviewing, judge
from coderoute.stages.triage import triage
from coderoute.stages.verify.mutation import spot_check

T = TypeVar("T")

REFUSED = "refused_by_model"
MAX_REWORKS = 1
MAX_PLANS_REFUSED = 2
"""Plans in a row that stay unusable after their mending turn."""


def tell(world: World, *, plan_only: bool) -> Status:
    """PLANNED or AWAITING_APPROVAL: where the run waits for a person.

    Raises:
        Stopped: the run ends here for now.
    """
    journal, base = world.journal, needed(world.journal, places.BASE, Base)
    task = needed(journal, places.TASK, Task)
    require_prices(world)
    sizes = {file.path: file.size for file in world.repository.files(base.tree)}
    triaged = journal.once(
        places.TRIAGE, Triage, triage, task, sizes, lambda path: direct_or_planned_at(world, sizes.get(path))
    )
    located = journal.once(places.LOCATE, Located, locate, task, triaged.paths, base.tree, world.repository)
    image = journal.once(places.IMAGE, str, prepare, world, base)
    baseline = (
        believed(journal.once(places.BASELINE, TestReport, measure, world, base, image)) if has_tests(world) else None
    )
    experience = journal.once(places.EXPERIENCE, Experience, experience_of, world.store)
    ground = Ground(
        base=base, image=image, baseline=baseline, questions=Questions(journal), experience=experience
    )  # fmt: skip
    progress = Progress(tree=base.tree)

    remarks: list[str] = []
    plan, number = plan_it(world, task, triaged, located, ground, remarks)
    if plan_only:
        return Status.PLANNED
    while True:
        ended = carry_out_plan(world, plan, ground, progress)
        if not isinstance(ended, Replan):
            break
        progress.replans_used += 1
        progress.tree = base.tree
        progress.done.clear()
        remarks.append(f"Plan {number} did not hold. {ended.reason}. Plan anew, from the base commit.")
        triaged = replace(triaged, tiny=False)  # what fell once is no tiny task
        plan, number = plan_it(world, task, triaged, located, ground, remarks, after=number)
    return to_the_gate(world, task, triaged, plan, number, ground, progress)


def has_tests(world: World) -> bool:
    return bool(world.terms.test.command)


def require_prices(world: World) -> None:
    """Every model that may be called has a price, or nothing is called at all."""
    for ref in world.terms.models.values():
        world.ledger.require_price(ref)


def prepare(world: World, base: Base) -> str:
    world.tell("image.preparing", {"setup": list(world.terms.environment.setup)})
    return world.sandboxes.prepare(world.terms.environment, lambda: world.repository.tar(base.tree))


def plan_it(
    world: World, task: Task, triaged: Triage, located: Located, ground: Ground, remarks: list[str], after: int = 0
) -> tuple[Plan, int]:
    """A plan that may be executed, and its number; questions and high risk were answered by a person. `remarks` grows
    by what is learnt on the way, for this plan and those after it.

    Raises:
        Blocked: questions, high risk, or nothing to do.
        Exhausted: no usable plan, or no money for one.
    """
    number, refused = after, 0
    while True:
        number += 1
        planning = journaled_plan(world, task, triaged, located, ground, tuple(remarks), number)
        plan = planning.plan
        if plan is None:
            refused += 1
            if refused >= MAX_PLANS_REFUSED:
                raise Exhausted(
                    f"no usable plan: {planning.problem}", reason=reason_of(planning.problem, "plan_wrong"),
                    remedy="make the issue clearer or choose another models.frontier, then start anew",
                )  # fmt: skip
            remarks.append(f"An earlier plan was not usable: {planning.problem}")
            continue
        if plan.questions:
            answer = ground.questions.ask("the plan has questions", plan.questions, reason="question")
            asked = " ".join(plan.questions)
            remarks.append(f"It was asked: {asked} A person answered: {answer}")
            continue
        if not plan.steps:
            raise Blocked(
                f"there is nothing to do: {plan.summary}", reason="nothing_to_do",
                remedy="if something is missing, say what in the issue and start anew",
            )  # fmt: skip
        if plan.risk == Risk.HIGH:
            why = "; ".join(plan.risk_reasons) or plan.summary
            ground.questions.ask(
                f"the plan's risk is high: {why}", (f"Shall this be done although the risk is high? ({why})",),
                reason="high_risk",
            )  # fmt: skip
        is_new, reviewer = world.is_new(places.quote(number)), world.terms.role("review", "premium")
        quoted = world.journal.once(
            places.quote(number), Quote, quote_of, world, plan, ground.experience, None if triaged.tiny else reviewer
        )
        if is_new:
            world.tell("plan.quoted", told_quote(plan, quoted))
        return plan, number


def journaled_plan(
    world: World, task: Task, triaged: Triage, located: Located, ground: Ground, remarks: tuple[str, ...], number: int
) -> Planning:
    if triaged.tiny:
        return Planning(
            plan=world.journal.once(places.plan(number), Plan, direct, task, triaged, world.nonce("direct")),
            problem=None,
        )
    worth_reading = (*located.files[:5], *located.tests[:2], *located.files[5:])
    context = Context(
        task=task, tree=ground.base.tree, located=tuple((p.path, p.why, p.lines) for p in worth_reading),
        test_files=tuple(p.path for p in located.tests), baseline=ground.baseline, remarks=remarks,
    )  # fmt: skip
    if world.is_new(places.planning(number)):
        world.tell("plan.started", {"number": number})
    role = world.terms.role("plan", "frontier")
    try:
        planning = world.journal.once(
            places.planning(number), Planning, make_plan, context, run_id=world.run_id, number=number,
            model=world.model(role), role=role, repository=world.repository, ledger=world.ledger,
            nonce=world.nonce(f"plan/{number}"),
        )  # fmt: skip
    except OverBudget as error:
        raise Exhausted(error.problem, reason="over_budget", remedy=error.remedy) from error
    if planning.plan is not None:
        keep(world, places.plan(number), Plan, planning.plan)
    return planning


def reason_of(problem: str | None, usual: str) -> str:
    """A model's refusal is a reason of its own."""
    return REFUSED if problem is not None and problem.startswith(REFUSED) else usual


def keep(world: World, key: str, kind: type[T], value: T) -> None:
    """Record `value` where readers look for it, unless a first telling did."""
    world.journal.once(key, kind, lambda: value)


def direct(task: Task, triaged: Triage, nonce: str) -> Plan:
    """The plan of a tiny task: itself. No model is asked for it."""
    issue = fence("issue", f"{task.title}\n\n{task.body}".strip(), nonce)
    step = Step(
        id="direct", title=task.title, cls=Class.FRONTIER,
        instructions=f"Do what this issue asks for, and nothing else.\n\n{issue}",
        kind=Kind.DOCS, files=triaged.paths, depends_on=(), diff_lines=20, checks=(),
    )  # fmt: skip
    why = Reproduction(test=None, step=None, why_not="a tiny task, done directly: the existing tests must stay green")
    return Plan(summary=task.title, risk=triaged.risk, risk_reasons=(), questions=(), reproduction=why, steps=(step,))


def direct_or_planned_at(world: World, file_bytes: int | None) -> DirectOrPlanned | None:
    """What a tiny change in a file of that size costs at once, and with plan and review."""
    terms = world.terms
    return direct_or_planned(
        file_bytes, cost_of=world.cost_of, worker=terms.role(Kind.DOCS.value, "frontier"),
        planner=terms.role("plan", "frontier"), reviewer=terms.role("review", "premium"),
    )  # fmt: skip


def quote_of(world: World, plan: Plan, experience: Experience, reviewer: str | None) -> Quote:
    """By the chances that the decisions will be made with."""
    roles = {
        step.id: "cheap" if first_class(world, step) == Class.CHEAP else "frontier"
        for step in plan.steps
        if first_class(world, step) not in (Class.CODE, Class.HUMAN)
    }

    def chance_of(cls: Class, kind: Kind, own: int, other: int) -> Decimal:
        known = economics_of(experience, world.terms, kind, world.cost_of, 0)
        if known is None:
            return assumed_chance(cls, kind, own, other)
        return Decimal(str(chance(known, cls, own, other).accepted))

    return quote(
        plan, cost_of=world.cost_of, roles=roles, cheap_tries=world.terms.cheap_tries,
        frontier_tries=world.terms.frontier_tries, reviewer=reviewer, chance=chance_of,
    )  # fmt: skip


def told_quote(plan: Plan, quoted: Quote) -> dict[str, object]:
    """The log's line about a plan: unknown dollars are null."""
    sums = {"low_usd": quoted.low_usd, "likely_usd": quoted.likely_usd, "high_usd": quoted.high_usd}
    dollars = {name: None if usd is None else f"{usd:f}" for name, usd in sums.items()}
    return {"steps": len(plan.steps), "risk": plan.risk, **dollars}


def to_the_gate(
    world: World, task: Task, triaged: Triage, plan: Plan, plan_number: int, ground: Ground, progress: Progress
) -> Status:
    """Review and rework until the change may stand before a person."""
    number = reworks = 0
    while True:
        number += 1
        if progress.tree == ground.base.tree:
            raise Blocked(
                "the steps are done and nothing has changed", reason="nothing_to_do",
                remedy="say in the issue what should be different and start anew",
            )  # fmt: skip
        proof = last_verification(world.journal, progress.tree)
        strength = None
        if world.terms.mutation and proof is not None:
            strength = world.journal.once(places.strength(number), Strength, spot_checked, world, ground, progress.tree)
        candidate = world.journal.once(
            places.candidate(number), Candidate, make_candidate, world, number, plan, plan_number, ground.base,
            progress.tree, proof, red_on_base(plan, ground, proof), strength,
        )  # fmt: skip
        if not triaged.tiny:
            wanted = review_it(world, task, plan, candidate, ground, reworks)
            if wanted is not None:
                reworks += 1
                rework(world, plan, candidate, wanted, places.rework_step(number), ground, progress)
                continue
        comment = world.journal.get(places.send_back(number), str)
        if comment is None:
            return Status.AWAITING_APPROVAL
        wanted = f"A person looked at the change and sent it back:\n{comment}"
        rework(world, plan, candidate, wanted, places.rework_step(number), ground, progress)


def spot_checked(world: World, ground: Ground, tree: str) -> Strength:
    """How many broken versions of the change its tests notice."""
    world.tell("mutation.started", {})
    broken = mutants(*contents(world.repository, world.repository.changes(ground.base.tree, tree)))
    only = concerned(world, ground, tree, ()) or ()
    return world.on_machines(
        ground.image, lambda open_tree: spot_check(tree, broken, open_tree=open_tree, test=world.terms.test, only=only)
    )


def review_it(world: World, task: Task, plan: Plan, candidate: Candidate, ground: Ground, reworks: int) -> str | None:
    """What the reviewer wants mended, or None: on to the gate."""
    role = world.terms.role("review", "premium")
    if world.is_new(places.reviewing(candidate.number)):
        world.tell("review.started", {"candidate": candidate.number})
    try:
        reviewing = world.journal.once(
            places.reviewing(candidate.number), Reviewing, judge, task=task, plan=plan, patch=candidate.patch,
            patch_bytes=read_patch(candidate.patch), evidence=evidence_for_reviewer(world, candidate, ground),
            run_id=world.run_id, number=candidate.number, model=world.model(role), role=role,
            repository=world.repository, ledger=world.ledger, nonce=world.nonce(f"review/{candidate.number}"),
        )  # fmt: skip
    except OverBudget as error:
        raise Exhausted(error.problem, reason="over_budget", remedy=error.remedy) from error
    review = reviewing.review
    if review is None:
        problem = f"the reviewer gave no usable verdict: {reviewing.problem}"
        ground.questions.ask(
            problem,
            (f"{problem}. Go on to the gate without a review?",),
            reason=reason_of(reviewing.problem, "no_review"),
        )
        return None
    keep(world, places.review(candidate.number), Review, review)
    is_new = world.is_new(places.rework_decision(candidate.number))
    decision = world.journal.once(
        places.rework_decision(candidate.number), Decision, after_review, review, reworks, MAX_REWORKS
    )
    wrong = review.verdict == "request_changes" and any(found.severity != "low" for found in review.findings)
    said = ReviewOutcome(at=world.now().isoformat(), accepted=not wrong)
    remember_review(world.store, world.run_id, places.review(candidate.number), said)
    if is_new:
        found = {"verdict": review.verdict, "findings": len(review.findings), "reason": decision.reason}
        world.tell("review.decided", found)
    match decision.action:
        case Action.ACCEPT:
            return None
        case Action.ESCALATE:
            rows = [f"- [{f.severity}] {f.path}:{f.line} {f.title}: {f.detail}" for f in review.findings]
            asked = "A reviewer asks for changes. Mend what is high or medium; low only where it is a matter of a line."
            return "\n".join([asked, *rows] if rows else [asked, review.summary])
        case _:
            if review.verdict == "needs_human":
                ground.questions.ask(decision.reason, (review.summary,), reason="review_needs_human")
                return None
            raise Exhausted(
                decision.reason, reason="review_rejected",
                remedy="coderoute show RUN has the findings; start anew with a clearer issue",
            )  # fmt: skip


def evidence_for_reviewer(world: World, candidate: Candidate, ground: Ground) -> str:
    """The facts about the change, and what the last review of this run found."""
    facts = summary_for_reviewer(candidate, ground.baseline)
    earlier = world.journal.get(places.review(candidate.number - 1), Review)
    if earlier is None:
        return facts
    rows = [f"- [{f.severity}] {f.path}:{f.line} {f.title}: {f.detail}" for f in earlier.findings]
    return "\n".join([facts, f"the last review said {earlier.verdict}: {earlier.summary}", *rows])


def rework(
    world: World, plan: Plan, candidate: Candidate, wanted: str, step_id: str, ground: Ground, progress: Progress
) -> None:
    """The frontier model mends the change as it stands; all proofs are made again."""
    files = tuple(sorted(plan.files | {change.path for change in candidate.patch.changes}))
    last = plan.steps[-1]
    step = Step(
        id=step_id, title="Mend the change after review", cls=Class.FRONTIER, kind=Kind.EDIT_CROSS,
        instructions=f"{wanted}\n\nThe change so far is for: {plan.summary}\n\nMend what is asked, nothing else.",
        files=files, depends_on=(), diff_lines=max(40, candidate.patch.lines), checks=last.checks,
    )  # fmt: skip
    ended = carry_out(world, plan, step, True, ground, progress)
    if isinstance(ended, Replan):
        raise Exhausted(
            ended.reason, reason="review_rejected", remedy="coderoute show RUN tells what was tried; start anew"
        )


def last_verification(journal: Journal, tree: str) -> Verification | None:
    """The proof of exactly this tree: the whole suite in a fresh container, made by the step that left it."""
    found = [needed(journal, key, Verification) for key in journal.keys("verification/")]
    return next((v for v in reversed(found) if v.tree == tree and v.report is not None), None)


def red_on_base(plan: Plan, ground: Ground, proof: Verification | None) -> bool | None:
    """Whether the reproduction test was seen red on the base, as it is in the tree of `proof`."""
    test = plan.reproduction.test
    if test is None or ground.baseline is None:
        return None
    if plan.reproduction.step is None:
        outcomes = ground.baseline.outcomes_of(test)
        return Outcome.FAILED in outcomes if outcomes else None
    return proof.reproduction_red_on_base if proof else None
