"""What must survive."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Protocol

from coderoute.domain.conversation import Usage
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import Approval, Event, RunRecord, Status, UnreadableRun


class RunStore(Protocol):
    """What must survive: runs, their journal, the ledger, events and approvals. JSON text in, JSON text out."""

    def create(self, run: RunRecord) -> None:
        """Add a run.

        Raises:
            ValueError: there is a run with this id already.
        """
        ...

    def get(self, run_id: str) -> RunRecord | None: ...

    def runs(self) -> tuple[RunRecord | UnreadableRun, ...]:
        """All runs, newest first; one that cannot be read stands in the way of no other."""
        ...

    def set_status(
        self,
        run_id: str,
        status: Status,
        *,
        reason: str | None = None,
        problem: str | None = None,
        remedy: str | None = None,
        questions: Sequence[str] = (),
        title: str | None = None,
    ) -> None:
        """Set the status with its whole explanation (that of the status before is gone), and the title if given.

        Raises:
            ValueError: there is no such run.
        """
        ...

    def record(self, run_id: str, key: str) -> str | None:
        """What was recorded under `key`, None if nothing was."""
        ...

    def put_record(self, run_id: str, key: str, kind: str, value: str) -> None:
        """Record `value` under `key`, durably.

        Raises:
            ValueError: there is a record already: a record is never overwritten.
        """
        ...

    def records(self, run_id: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
        """(key, value) of every record whose key starts with `prefix`, in the order they were made."""
        ...

    def open_call(self, row: LedgerRow, *, budget_usd: Decimal | None) -> int | None:
        """Write the intent to make a call, reserving `row.reserved_usd`; the new row's id, or None when the
        run's costs and reservations would exceed `budget_usd`. One transaction. `row.id` is ignored.

        Raises:
            Unavailable: there is no room to keep what the call would bring.
        """
        ...

    def settle_call(
        self,
        row_id: int,
        *,
        state: CallState,
        cost_usd: Decimal,
        usage: Usage | None,
        latency_s: float | None,
        problem: str | None,
        record: tuple[str, str, str] | None = None,
    ) -> None:
        """Complete an open row; `record` (key, kind, value) joins the journal in the same transaction.

        Raises:
            ValueError: no such row is open, or there is a record already; nothing was changed.
        """
        ...

    def calls(self, run_id: str | None = None) -> tuple[LedgerRow, ...]: ...

    def add_event(self, event: Event) -> None: ...

    def events(self, run_id: str) -> tuple[Event, ...]: ...

    def put_approval(self, approval: Approval) -> None: ...

    def approvals(self, run_id: str) -> tuple[Approval, ...]:
        """All of a run's approvals, oldest first."""
        ...

    def add_outcome(self, run_id: str, place: str, value: str) -> None:
        """Keep what an attempt or a review came to, beyond its run; the first value of (run_id, place) stays."""
        ...

    def outcomes(self, limit: int) -> tuple[tuple[str, str], ...]:
        """(place, value) of the newest `limit` outcomes of all runs, in the order they were added."""
        ...

    def lock(self, name: str) -> AbstractContextManager[bool]:
        """Holds the named lock for the block (freed by the kernel if we die); yields False when another process
        holds it."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a fact beyond any run, e.g. a consent. The last value stays."""
        ...

    def recall(self, key: str) -> str | None: ...

    def forget(self, key: str) -> None:
        """Remove a remembered fact; nothing happens where there is none."""
        ...

    def problems(self) -> tuple[str, ...]:
        """What is wrong with what is kept, a line for each thing; empty if all of it can be read. May take seconds."""
        ...

    def purge(self, run_id: str) -> None:
        """Remove the run with its records, events and approvals, so that their text is in no file any more; safe to
        repeat. Its ledger rows and outcomes stay: what was spent and learnt is not undone."""
        ...
