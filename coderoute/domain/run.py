"""A run: its state, its decisions by people, and how its end looks to a shell."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    RUNNING = "running"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    MERGED = "merged"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    BLOCKED = "blocked"
    EXHAUSTED = "exhausted"
    UNAVAILABLE = "unavailable"
    INTERRUPTED = "interrupted"


EXIT_CODES = {
    Status.MERGED: 0, Status.AWAITING_APPROVAL: 0, Status.APPROVED: 0, Status.PLANNED: 0,
    Status.FAILED: 1, Status.REJECTED: 3, Status.CANCELLED: 3, Status.BLOCKED: 4, Status.EXHAUSTED: 5,
    Status.UNAVAILABLE: 69, Status.INTERRUPTED: 130, Status.RUNNING: 130,
}  # fmt: skip
"""For `run, plan, resume, gate, merge`. A run that is `running` without a process was cut off: interrupted."""

FINISHED = frozenset({Status.MERGED, Status.REJECTED, Status.CANCELLED, Status.EXHAUSTED, Status.FAILED})
"""Nothing more will happen to these by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One row of the run table. Everything else about a run is in its journal, ledger, events and approvals."""

    id: str
    created_at: str
    repository: str
    """Absolute path of the user's repository."""
    status: Status
    reason: str | None
    """Short snake_case word for a stop, e.g. `over_budget`."""
    problem: str | None
    remedy: str | None
    questions: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRun:
    """A row of the run table that stands for no run this version knows: damaged, or written by a newer one."""

    id: str
    created_at: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the run's log."""

    at: str
    run_id: str
    event: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's word on exactly one patch (security design, section 8). `signature` is an HMAC over the rest."""

    run_id: str
    repository_id: str
    target: str | None
    base_commit: str
    base_tree: str
    tree: str
    patch_sha256: str
    plan_sha256: str
    evidence_sha256: str
    version: str
    acknowledged: tuple[str, ...]
    by: str
    """The operating-system user."""
    claimed_as: str | None
    note: str | None
    channel: str
    at: str
    expires_at: str
    nonce: str
    signature: str
    v: int = 1
    """The format of this record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """From here on the approvals with these nonces are void, whatever the run's status says."""

    at: str
    why: str
    nonces: tuple[str, ...]
