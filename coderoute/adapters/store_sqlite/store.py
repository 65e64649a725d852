"""What a run leaves behind, as rows: runs, records, calls, events, approvals, outcomes, facts; and the locks beside."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from coderoute.adapters.store_sqlite.database import Database, folder_trouble
from coderoute.adapters.store_sqlite.rows import (
    approval_data,
    approval_of,
    call_data,
    call_of,
    event_data,
    event_of,
    readable_or_not,
    run_data,
    run_of,
)
from coderoute.errors import ConfigurationError
from coderoute.journal import FORMAT

if TYPE_CHECKING:
    from coderoute.domain.conversation import Usage
    from coderoute.domain.money import CallState, LedgerRow
    from coderoute.domain.run import Approval, Event, RunRecord, Status, UnreadableRun

LOCKS = "locks"
"""A run is begun and driven under a lock: where this folder is, there were runs."""


class SqliteStore:
    """A RunStore in `runs.db` of the state folder, lock files in its `locks/`. Threads and processes may share it.

    Raises: from every method, as from the constructor, what Database raises.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = Database(folder / "runs.db", had_runs=(folder / LOCKS).is_dir())

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def create(self, run: RunRecord) -> None:
        data = run_data(run)
        try:
            with self._db.transaction() as db:
                db.execute("INSERT INTO runs VALUES (?, ?, ?)", (run.id, run.created_at, data))
        except sqlite3.IntegrityError as error:
            raise ValueError(f"run {run.id} exists already") from error

    def get(self, run_id: str) -> RunRecord | None:
        rows = self._db.query("SELECT data FROM runs WHERE id = ?", run_id)
        return run_of(run_id, rows[0][0]) if rows else None

    def runs(self) -> tuple[RunRecord | UnreadableRun, ...]:
        rows = self._db.query("SELECT id, created_at, data FROM runs ORDER BY created_at DESC, rowid DESC")
        return tuple(readable_or_not(*row) for row in rows)

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
        with self._db.transaction() as db:
            row = db.execute("SELECT data FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise ValueError(f"there is no run {run_id}")
            run = run_of(run_id, row[0])
            changed = replace(
                run,
                status=status,
                reason=reason,
                problem=problem,
                remedy=remedy,
                questions=tuple(questions),
                title=run.title if title is None else title,
            )
            db.execute("UPDATE runs SET data = ? WHERE id = ?", (run_data(changed), run_id))

    def record(self, run_id: str, key: str) -> str | None:
        rows = self._db.query("SELECT format, value FROM records WHERE run_id = ? AND key = ?", run_id, key)
        return _readable(run_id, *rows[0]) if rows else None

    def put_record(self, run_id: str, key: str, kind: str, value: str) -> None:
        with self._db.transaction() as db:
            _insert_record(db, run_id, key, kind, value)

    def records(self, run_id: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
        rows = self._db.query("SELECT key, format, value FROM records WHERE run_id = ? ORDER BY number", run_id)
        return tuple((key, _readable(run_id, format_, value)) for key, format_, value in rows if key.startswith(prefix))

    def open_call(self, row: LedgerRow, *, budget_usd: Decimal | None) -> int | None:
        from coderoute.domain.money import CallState

        self._db.require_room()
        with self._db.transaction() as db:
            costs = db.execute("SELECT cost_usd FROM calls WHERE run_id = ?", (row.run_id,))
            spent = sum((Decimal(cost) for (cost,) in costs), Decimal(0))
            if budget_usd is not None and spent + row.reserved_usd > budget_usd:
                return None
            reserved = str(row.reserved_usd)
            added = db.execute(
                "INSERT INTO calls (run_id, state, reserved_usd, cost_usd, data) VALUES (?, ?, ?, ?, ?)",
                (row.run_id, CallState.OPEN, reserved, reserved, call_data(row)),
            )
            return added.lastrowid

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
        from coderoute.domain.money import CallState

        with self._db.transaction() as db:
            found = db.execute(f"{_SELECT_CALLS} WHERE id = ?", (row_id,)).fetchone()
            if found is None or found["state"] != CallState.OPEN:
                raise ValueError(f"ledger row {row_id} is not open")
            settled = replace(call_of(found), usage=usage, latency_s=latency_s, problem=problem)
            db.execute(
                "UPDATE calls SET state = ?, cost_usd = ?, data = ? WHERE id = ?",
                (state, str(cost_usd), call_data(settled), row_id),
            )
            if record is not None:
                _insert_record(db, settled.run_id, *record)

    def calls(self, run_id: str | None = None) -> tuple[LedgerRow, ...]:
        if run_id is None:
            rows = self._db.query(f"{_SELECT_CALLS} ORDER BY id")
        else:
            rows = self._db.query(f"{_SELECT_CALLS} WHERE run_id = ? ORDER BY id", run_id)
        return tuple(call_of(row) for row in rows)

    def add_event(self, event: Event) -> None:
        data = event_data(event)
        with self._db.transaction() as db:
            db.execute("INSERT INTO events (run_id, data) VALUES (?, ?)", (event.run_id, data))

    def events(self, run_id: str) -> tuple[Event, ...]:
        rows = self._db.query("SELECT run_id, number, data FROM events WHERE run_id = ? ORDER BY number", run_id)
        return tuple(event_of(*row) for row in rows)

    def put_approval(self, approval: Approval) -> None:
        data = approval_data(approval)
        with self._db.transaction() as db:
            db.execute("INSERT INTO approvals (run_id, data) VALUES (?, ?)", (approval.run_id, data))

    def approvals(self, run_id: str) -> tuple[Approval, ...]:
        rows = self._db.query("SELECT run_id, number, data FROM approvals WHERE run_id = ? ORDER BY number", run_id)
        return tuple(approval_of(*row) for row in rows)

    def add_outcome(self, run_id: str, place: str, value: str) -> None:
        with self._db.transaction() as db:
            db.execute(
                "INSERT INTO outcomes (run_id, place, value) VALUES (?, ?, ?) ON CONFLICT (run_id, place) DO NOTHING",
                (run_id, place, value),
            )

    def outcomes(self, limit: int) -> tuple[tuple[str, str], ...]:
        rows = self._db.query("SELECT place, value FROM outcomes ORDER BY number DESC LIMIT ?", str(max(limit, 0)))
        return tuple((place, value) for place, value in reversed(rows))

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        from filelock import FileLock, Timeout

        try:
            (self._folder / LOCKS).mkdir(mode=0o700, exist_ok=True)
            lock = FileLock(self._folder / LOCKS / _lock_file(name), mode=0o600)
            lock.acquire(blocking=False)
            held = True
        except Timeout:
            held = False
        except OSError as error:
            raise folder_trouble(self._folder, error) from error
        try:
            yield held
        finally:
            if held:
                lock.release()

    def remember(self, key: str, value: str) -> None:
        with self._db.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def recall(self, key: str) -> str | None:
        rows = self._db.query("SELECT value FROM facts WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def forget(self, key: str) -> None:
        with self._db.transaction() as db:
            db.execute("DELETE FROM facts WHERE key = ?", (key,))
        self._db.empty_log()

    def problems(self) -> tuple[str, ...]:
        from coderoute.adapters.store_sqlite.soundness import problems

        return problems(self._db)

    def purge(self, run_id: str) -> None:
        with self._db.transaction() as db:
            for table, column in (("records", "run_id"), ("events", "run_id"), ("approvals", "run_id"), ("runs", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (run_id,))  # noqa: S608 - four names of ours
        self._db.empty_log()
        with suppress(OSError):  # it is empty, and the run it stands for is gone
            (self._folder / LOCKS / _lock_file(f"run-{run_id}")).unlink()


def _readable(run_id: str, format_: int, value: str) -> str:
    if format_ > FORMAT:
        raise ConfigurationError(
            f"run {run_id} was recorded in format {format_}; this coderoute reads format {FORMAT} and older",
            remedy="continue the run with the coderoute that made it, or update coderoute",
        )
    return value


_SELECT_CALLS = "SELECT id, run_id, state, reserved_usd, cost_usd, data FROM calls"


def _insert_record(db: sqlite3.Connection, run_id: str, key: str, kind: str, value: str) -> None:
    try:
        db.execute(
            "INSERT INTO records (run_id, key, kind, format, value) VALUES (?, ?, ?, ?, ?)",
            (run_id, key, kind, FORMAT, value),
        )
    except sqlite3.IntegrityError as error:
        raise ValueError(f"run {run_id} has a record {key!r} already") from error


def _lock_file(name: str) -> str:
    """A file name that is readable and, by the digest, different for different names."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', name)[:40]}-{digest[:16]}.lock"
