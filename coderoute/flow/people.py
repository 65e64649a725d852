"""What people decide about a run: approve, reject, send back, merge."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.economics import ReviewOutcome
from coderoute.domain.plan import Plan
from coderoute.domain.reading import BETWEEN_COMMANDS, IDLE_S, Reading
from coderoute.domain.run import EXIT_CODES, FINISHED, Approval, RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.domain.terms import Terms
from coderoute.errors import BadInput, CoderouteError, Refused, TargetMoved
from coderoute.flow.admission import admit_tree
from coderoute.flow.candidate import exhibit
from coderoute.flow.experience import remember_review
from coderoute.flow.finding import addressed, found
from coderoute.flow.kept import needed, read_patch
from coderoute.flow.runs import other_history, way_back
from coderoute.flow.withdrawing import REJECTED, SENT_BACK, void, withdraw
from coderoute.journal import Journal
from coderoute.ports import Identity, MergeResult, Repository, RunStore
from coderoute.stages import approve as approving
from coderoute.stages import merge as merging
from coderoute.stages.approve import Exhibit, Person


@contextmanager
def alone(store: RunStore, run: RunRecord) -> Iterator[RunRecord]:
    """The run as it is now, with nobody else working on it.

    Raises:
        Refused: somebody does.
    """
    with store.lock(f"run-{run.id}") as ours:
        if not ours:
            raise Refused(f"run {run.id} is being worked on by another process", remedy="wait for it, then try again")
        try:
            yield found(store, run.id)
        except CoderouteError as error:
            error.remedy = addressed(error.remedy, run.id)
            raise


def stands(store: RunStore, run: RunRecord) -> tuple[Exhibit, Candidate, Plan]:
    """What stands before the person.

    Raises:
        Refused: the run has not come to the gate.
    """
    shown = exhibit(Journal(store, run.id), run.id)
    at_the_gate = run.status in (Status.AWAITING_APPROVAL, Status.APPROVED, Status.MERGED)
    if shown is None or not at_the_gate:
        raise Refused(
            f"run {run.id} is {run.status.value}: there is nothing to approve", remedy=f"coderoute show {run.id}"
        )
    return shown


def note_reading(store: RunStore, run: RunRecord, look: Reading) -> None:
    """Keep how long a person looked at the change."""
    journal = Journal(store, run.id)
    journal.once(places.reading(len(journal.keys("reading/")) + 1), Reading, lambda: look)


def look_between(journal: Journal, patch_sha256: str, now: datetime) -> Reading | None:
    """The look that ends with a command of its own: from where the patch was shown, or from the last look that was
    measured, to `now`. None where the patch was never shown."""
    shown = journal.get(places.shown(patch_sha256), str)
    if shown is None:
        return None
    looks = [needed(journal, key, Reading) for key in journal.keys("reading/")]
    since = max(datetime.fromisoformat(at) for at in [shown, *(look.until for look in looks)])
    seconds = min(max((now - since).total_seconds(), 0.0), IDLE_S)
    return Reading(patch_sha256=patch_sha256, seconds=seconds, how=BETWEEN_COMMANDS, until=now.isoformat())


def approve(
    store: RunStore, run: RunRecord, person: Person, *, patch_name: str, acknowledged: Sequence[str], key: bytes,
    now: datetime, evidence_sha256: str | None = None,
) -> Approval:  # fmt: skip
    """Record a person's approval of exactly one patch; the same word twice is the same record.

    `evidence_sha256` is what the person had before them; None where they name the patch alone.

    Raises:
        BadInput, Refused: as `stages.approve.approve`; also when the evidence is another one by now.
    """
    with alone(store, run) as run:
        shown, candidate, _ = stands(store, run)
        approving.check_patch_name(patch_name, candidate.patch)
        if evidence_sha256 not in (None, shown.evidence_sha256):
            raise Refused(
                "the evidence is no longer what was on the screen", remedy=f"look again: coderoute gate {run.id}"
            )
        if run.status is Status.MERGED:
            return store.approvals(run.id)[-1]  # the one it was merged with; by now it may have expired
        if run.status is Status.APPROVED:
            taken_back = void(Journal(store, run.id))
            standing = [
                a for a in store.approvals(run.id) if approving.holds(a, shown, key, now, void=taken_back) is None
            ]
            if standing:
                return standing[-1]
        check_other_approver(Journal(store, run.id), person)
        seen = Journal(store, run.id).get(places.shown(candidate.patch.sha256), str) is not None
        record = approving.approve(
            shown, person, patch_name=patch_name, acknowledged=acknowledged, seen=seen, key=key, now=now,
            nonce=secrets.token_hex(16),
        )  # fmt: skip
        if person.channel == "command":  # at the gate the look is measured there
            journal = Journal(store, run.id)
            look = look_between(journal, candidate.patch.sha256, now)
            if look is not None:
                journal.once(places.reading_before(candidate.number), Reading, lambda: look)
        store.put_approval(record)
        store.set_status(run.id, Status.APPROVED)
        return record


def barred(journal: Journal, user: str) -> str | None:
    """Why this operating-system user cannot approve: somebody else than the requester must. None if they can.

    What a person claims to be does not count.
    """
    required = needed(journal, places.TERMS, Terms).require_other_approver
    if required and user == journal.get(places.REQUESTER, str):
        return f"{user} started this run, and gate.require_other_approver asks for somebody else"
    return None


def check_other_approver(journal: Journal, person: Person) -> None:
    """Raises Refused where this person cannot approve."""
    why = barred(journal, person.user)
    if why is not None:
        raise Refused(why, remedy="let another operating-system user of this machine approve it")


def reject(store: RunStore, run: RunRecord, reason: str, now: datetime) -> None:
    """The run ends here by a person's word.

    Raises:
        Refused: it has ended already in another way.
    """
    with alone(store, run) as run:
        if run.status in FINISHED and run.status is not Status.REJECTED:
            raise Refused(f"run {run.id} is {run.status.value} already", remedy=f"coderoute show {run.id}")
        withdraw(store, run.id, REJECTED, now)
        store.set_status(run.id, Status.REJECTED, reason="rejected", problem=reason)


def send_back(store: RunStore, run: RunRecord, comment: str, now: datetime) -> str:
    """Record a comment on the change, or the answer to what blocks the run; what it was taken for.

    Raises:
        Refused: the run waits for neither.
    """
    with alone(store, run) as run:
        journal = Journal(store, run.id)
        if run.status is Status.BLOCKED and run.questions:
            place = asked_now(journal, run.questions)
            # status first: if we die in between, the question is asked again, and the answer is not taken for the next
            store.set_status(run.id, Status.INTERRUPTED, reason="answered", remedy=f"coderoute resume {run.id}")
            journal.put(places.answer(place), str, comment)
            return "answer"
        if run.status in (Status.AWAITING_APPROVAL, Status.APPROVED):
            number = max(int(key.rsplit("/", 1)[1]) for key in journal.keys("candidate/"))
            withdraw(store, run.id, SENT_BACK, now)
            store.set_status(run.id, Status.INTERRUPTED, reason="sent_back", remedy=f"coderoute resume {run.id}")
            journal.put(places.send_back(number), str, comment)
            said = ReviewOutcome(at=now.isoformat(), accepted=False)
            remember_review(store, run.id, places.persons_review(number), said)
            return "comment"
        raise Refused(
            f"run {run.id} is {run.status.value}: it waits for no answer and no comment",
            remedy=f"coderoute show {run.id}",
        )


def asked_now(journal: Journal, questions: tuple[str, ...]) -> str:
    """The place of the story whose questions the run waits for: one that asked these, else the last that asked.

    Raises:
        CoderouteError: no place asked anything.
    """
    asked = [key.removeprefix("asked/") for key in journal.keys("asked/")]
    waiting = [place for place in asked if journal.get(places.answer(place), str) is None]
    if not waiting:
        raise CoderouteError("nobody asked what this run waits for", remedy="start the run anew: coderoute run")
    same = [place for place in waiting if journal.get(places.asked(place), tuple[str, ...]) == questions]
    return (same or waiting)[-1]


def not_now(run: RunRecord, why: str) -> Refused:
    """The refusal of a gate's or a merge's command for a run in this state, with what its person can do now.

    Such a command ends with the code of the run's status, but with 4 where the run only waits for something.
    """
    remedies = {
        Status.AWAITING_APPROVAL: f"coderoute diff {run.id}, then: coderoute approve {run.id} --patch SHA",
        Status.PLANNED: f"coderoute resume {run.id} executes the plan",
        Status.BLOCKED: f"coderoute show {run.id} says what it waits for",
        Status.INTERRUPTED: f"coderoute resume {run.id}",
        Status.UNAVAILABLE: f"coderoute resume {run.id}",
        Status.RUNNING: f"coderoute resume {run.id}",
    }
    remedy = remedies.get(run.status, f"coderoute show {run.id}")
    refused = Refused(f"run {run.id} is {run.status.value}{why}", remedy=remedy)
    if run.status not in (Status.PLANNED, Status.AWAITING_APPROVAL, Status.APPROVED):
        refused.exit_code = EXIT_CODES[run.status]
    return refused


def merge(
    store: RunStore, run: RunRecord, repository: Repository, *, key: bytes, now: datetime,
    author: Callable[[], Identity],
) -> tuple[MergeResult, bool]:  # fmt: skip
    """(result, whether it was merged before). The run is `merged` when the target moved, else it stays `approved`.

    Raises:
        Refused: not approved, the approval no longer covers what is there, or the target moved.
    """
    with alone(store, run) as run:
        journal = Journal(store, run.id)
        if run.status is Status.MERGED:
            return needed(journal, places.MERGED, MergeResult), True
        if run.status is not Status.APPROVED:
            raise not_now(run, ", not approved")
        shown, candidate, plan = stands(store, run)
        approval = valid_approval(store, run, shown, key, now)
        check_target(repository, shown.base)
        check_ground(repository, shown)
        read_patch(candidate.patch)
        check_admission(repository, shown, plan, needed(journal, places.TERMS, Terms))
        result = merging.merge(
            repository=repository, base=shown.base, patch=candidate.patch, plan=plan,
            task=needed(journal, places.TASK, Task), approval=approval, author=author(), run_id=run.id,
            replaces=tuple(needed(journal, made, MergeResult).commit for made in journal.keys("branch/")),
        )  # fmt: skip
        if not result.target_moved and shown.base.target is not None:
            journal.once(places.branch_made(result.commit), MergeResult, lambda: result)
            return result, False
        journal.once(places.MERGED, MergeResult, lambda: result)
        store.set_status(run.id, Status.MERGED)
        return result, False


SEEN_IN_RUNS = "tests.differ"
"""The rule of items that come of two test runs; the evidence's hash binds them."""


def check_target(repository: Repository, base: Base) -> None:
    """Raises Refused unless the branch that the change is for is there, with the history it was made on."""
    if base.target is None:
        return
    try:
        now = repository.pin(base.target)
    except BadInput as gone:
        raise Refused(f"nothing was merged: {gone.problem}", remedy=way_back(base, "merge")) from gone
    other = other_history(now, base)
    if other is not None:
        raise Refused(
            f"nothing was merged: {other}",
            remedy="take the change by hand: coderoute diff RUN > change.patch, then: git apply change.patch\n"
            "or end this run, and have it made anew: coderoute reject RUN --reason ..., then: coderoute run",
        )
    if now.commit != base.commit:
        try:
            repository.pin(base.commit)
        except BadInput as collected:
            raise TargetMoved(f"{base.target} is {now.commit}; {collected.problem}") from collected


def check_ground(repository: Repository, shown: Exhibit) -> None:
    """Raises Refused unless this is the repository the approval is about, with the objects the merge needs."""
    try:
        found = repository.pin(shown.base.commit).repository_id
        repository.files(shown.patch.tree)
    except BadInput as error:
        raise Refused(
            f"what was approved is no longer there: {error.problem}",
            remedy="nothing was merged; start the issue anew: coderoute run",
        ) from error
    if found != shown.base.repository_id:
        raise Refused(
            f"this is another repository ({found}) than the one that was approved ({shown.base.repository_id})",
            remedy="nothing was merged; merge in the repository of the run",
        )


def check_admission(repository: Repository, shown: Exhibit, plan: Plan, terms: Terms) -> None:
    """Raises Refused unless the rules say today of the approved tree what they said when it was approved."""
    found = admit_tree(
        repository, shown.base.tree, shown.patch.tree, planned=plan.files, protected=terms.protected_paths,
        in_ci=terms.in_ci,
    )  # fmt: skip
    judged = {item.id for item in shown.admission.items if item.rule != SEEN_IN_RUNS}  # no tree tells these
    if found.refusals or {item.id for item in found.items} != judged:
        raise Refused(
            "admission judges the approved change differently now; nothing was merged",
            remedy="coderoute show RUN; start the run anew",
        )


def valid_approval(store: RunStore, run: RunRecord, shown: Exhibit, key: bytes, now: datetime) -> Approval:
    approvals, taken_back = store.approvals(run.id), void(Journal(store, run.id))
    why = "there is none"
    for approval in reversed(approvals):
        broken = approving.holds(approval, shown, key, now, void=taken_back)
        if broken is None:
            return approval
        why = broken
    store.set_status(run.id, Status.AWAITING_APPROVAL)
    raise Refused(
        f"the approval of run {run.id} does not hold: {why}",
        remedy=f"look again and approve anew: coderoute diff {run.id}",
    )
