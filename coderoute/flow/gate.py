"""What lies before a person at the gate: one patch in pieces, and everything their word will be bound to."""

from dataclasses import dataclass

from coderoute.domain import places
from coderoute.domain.gate_session import Session
from coderoute.domain.hunks import Piece, pieces
from coderoute.domain.judgement import AdmissionItem, Finding, Review
from coderoute.domain.run import RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.flow.candidate import exhibit
from coderoute.flow.kept import needed, read_patch
from coderoute.flow.people import barred, not_now
from coderoute.journal import Journal
from coderoute.ports import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """The change as it stands at this moment. `patch` is the bytes of the patch file, `pieces` the same to read."""

    run_id: str
    task: Task
    base: Base
    hidden: tuple[str, ...]
    """What was taken out of the issue because nobody could see it."""
    patch_sha256: str
    evidence_sha256: str
    patch: bytes
    pieces: tuple[Piece, ...]
    items: tuple[AdmissionItem, ...]
    refusals: tuple[AdmissionItem, ...]
    findings: tuple[Finding, ...]
    unverified: bool
    in_full: bool
    """Another command has produced the whole patch before."""
    barred: str | None
    """Why the person who sits here cannot approve it."""

    def session(self) -> Session:
        return Session(
            patch_sha256=self.patch_sha256, pieces=len(self.pieces), items=tuple(item.id for item in self.items),
            refusals=tuple(item.detail for item in self.refusals), in_full=self.in_full,
            barred=self.barred,
        )  # fmt: skip


def sit_down(store: RunStore, run: RunRecord, user: str) -> Sitting:
    """What `run` brought to the gate, for the operating-system user who looks at it.

    Raises:
        Refused: nothing waits there.
        CoderouteError: the patch file is gone or was changed.
    """
    journal = Journal(store, run.id)
    found = exhibit(journal, run.id)
    if found is None or run.status not in (Status.AWAITING_APPROVAL, Status.APPROVED):
        raise not_now(run, ": nothing waits at the gate")
    shown, candidate, _ = found
    review = journal.get(places.review(candidate.number), Review)
    data = read_patch(candidate.patch)
    return Sitting(
        run_id=run.id, task=needed(journal, places.TASK, Task), base=shown.base,
        hidden=journal.get(places.INGEST, tuple[str, ...]) or (), patch_sha256=candidate.patch.sha256,
        evidence_sha256=shown.evidence_sha256, patch=data, pieces=pieces(data), items=candidate.admission.protected,
        refusals=candidate.admission.refusals, findings=review.findings if review else (),
        unverified=candidate.unverified,
        in_full=journal.get(places.shown(candidate.patch.sha256), str) is not None,
        barred=barred(journal, user),
    )  # fmt: skip
