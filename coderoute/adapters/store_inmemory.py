"""Runs that live as long as this process: for tests, and for a demo that leaves nothing behind."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from threading import RLock

from coderoute.domain.conversation import Usage
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import Approval, Event, RunRecord, Status


class InMemoryStore:
    """A RunStore of dicts. Its locks exclude other threads of this process, and nobody else."""

    def __init__(self) -> None:
        self._guard = RLock()
        self._runs: dict[str, RunRecord] = {}
        self._records: dict[str, dict[str, tuple[str, str]]] = {}
        self._calls: dict[int, LedgerRow] = {}
        self._events: list[Event] = []
        self._approvals: list[Approval] = []
        self._outcomes: dict[tuple[str, str], str] = {}
        self._facts: dict[str, str] = {}
        self._held: set[str] = set()

    def create(self, run: RunRecord) -> None:
        with self._guard:
            if run.id in self._runs:
                raise ValueError(f"run {run.id} exists already")
            self._runs[run.id] = run

    def get(self, run_id: str) -> RunRecord | None:
        with self._guard:
            return self._runs.get(run_id)

    def runs(self) -> tuple[RunRecord, ...]:
        with self._guard:
            newest_made_first = reversed(self._runs.values())
            return tuple(sorted(newest_made_first, key=lambda run: run.created_at, reverse=True))

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
        with self._guard:
            if run_id not in self._runs:
                raise ValueError(f"there is no run {run_id}")
            run = self._runs[run_id]
            self._runs[run_id] = replace(
                run,
                status=status,
                reason=reason,
                problem=problem,
                remedy=remedy,
                questions=tuple(questions),
                title=run.title if title is None else title,
            )

    def record(self, run_id: str, key: str) -> str | None:
        with self._guard:
            found = self._records.get(run_id, {}).get(key)
            return None if found is None else found[1]

    def put_record(self, run_id: str, key: str, kind: str, value: str) -> None:
        with self._guard:
            records = self._records.setdefault(run_id, {})
            if key in records:
                raise ValueError(f"run {run_id} has a record {key!r} already")
            records[key] = (kind, value)

    def records(self, run_id: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
        with self._guard:
            records = self._records.get(run_id, {})
            return tuple((key, value) for key, (_, value) in records.items() if key.startswith(prefix))

    def open_call(self, row: LedgerRow, *, budget_usd: Decimal | None) -> int | None:
        with self._guard:
            spent = sum((call.cost_usd for call in self.calls(row.run_id)), Decimal(0))
            if budget_usd is not None and spent + row.reserved_usd > budget_usd:
                return None
            row_id = len(self._calls) + 1
            self._calls[row_id] = replace(row, id=row_id, state=CallState.OPEN, cost_usd=row.reserved_usd)
            return row_id

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
        with self._guard:
            row = self._calls.get(row_id)
            if row is None or row.state is not CallState.OPEN:
                raise ValueError(f"ledger row {row_id} is not open")
            if record is not None:
                self.put_record(row.run_id, *record)
            self._calls[row_id] = replace(
                row, state=state, cost_usd=cost_usd, usage=usage, latency_s=latency_s, problem=problem
            )

    def calls(self, run_id: str | None = None) -> tuple[LedgerRow, ...]:
        with self._guard:
            return tuple(row for row in self._calls.values() if run_id in (None, row.run_id))

    def add_event(self, event: Event) -> None:
        data = json.loads(json.dumps(event.data))
        with self._guard:
            self._events.append(replace(event, data=data))

    def events(self, run_id: str) -> tuple[Event, ...]:
        with self._guard:
            return tuple(event for event in self._events if event.run_id == run_id)

    def put_approval(self, approval: Approval) -> None:
        with self._guard:
            self._approvals.append(approval)

    def approvals(self, run_id: str) -> tuple[Approval, ...]:
        with self._guard:
            return tuple(approval for approval in self._approvals if approval.run_id == run_id)

    def add_outcome(self, run_id: str, place: str, value: str) -> None:
        with self._guard:
            self._outcomes.setdefault((run_id, place), value)

    def outcomes(self, limit: int) -> tuple[tuple[str, str], ...]:
        with self._guard:
            kept = [(place, value) for (_, place), value in self._outcomes.items()]
            return tuple(kept[max(len(kept) - limit, 0) :] if limit > 0 else [])

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        with self._guard:
            free = name not in self._held
            if free:
                self._held.add(name)
        try:
            yield free
        finally:
            if free:
                with self._guard:
                    self._held.discard(name)

    def remember(self, key: str, value: str) -> None:
        with self._guard:
            self._facts[key] = value

    def recall(self, key: str) -> str | None:
        with self._guard:
            return self._facts.get(key)

    def forget(self, key: str) -> None:
        with self._guard:
            self._facts.pop(key, None)

    def problems(self) -> tuple[str, ...]:
        return ()

    def purge(self, run_id: str) -> None:
        with self._guard:
            self._runs.pop(run_id, None)
            self._records.pop(run_id, None)
            self._events = [event for event in self._events if event.run_id != run_id]
            self._approvals = [approval for approval in self._approvals if approval.run_id != run_id]
