"""Rows of the file and the values they stand for. A row that stands for none is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING

from coderoute.domain.run import Approval, Event, RunRecord, Status, UnreadableRun
from coderoute.errors import ConfigurationError

if TYPE_CHECKING:
    from coderoute.domain.money import LedgerRow

CALL_COLUMNS = frozenset({"id", "run_id", "state", "reserved_usd", "cost_usd"})
"""Of a call: the rest of it is JSON."""


def run_data(run: RunRecord) -> str:
    return json.dumps(asdict(run))


def run_of(run_id: str, data: str) -> RunRecord:
    with named(f"run {run_id}"):
        values = json.loads(data)
        return RunRecord(**values | {"status": Status(values["status"]), "questions": tuple(values["questions"])})


def readable_or_not(run_id: str, created_at: str, data: str) -> RunRecord | UnreadableRun:
    try:
        return run_of(run_id, data)
    except ConfigurationError as error:
        return UnreadableRun(id=run_id, created_at=created_at, problem=error.problem, remedy=error.remedy)


def call_data(row: LedgerRow) -> str:
    return json.dumps({name: value for name, value in asdict(row).items() if name not in CALL_COLUMNS})


def call_of(row: sqlite3.Row) -> LedgerRow:
    from coderoute.domain.conversation import Usage
    from coderoute.domain.money import CallState, LedgerRow

    with named(f"ledger row {row['id']} of run {row['run_id']}"):
        data = json.loads(row["data"])
        usage = data.pop("usage")
        return LedgerRow(
            id=row["id"],
            run_id=row["run_id"],
            state=CallState(row["state"]),
            reserved_usd=Decimal(row["reserved_usd"]),
            cost_usd=Decimal(row["cost_usd"]),
            usage=None if usage is None else Usage(**usage),
            **data,
        )


def event_data(event: Event) -> str:
    return json.dumps(asdict(event))


def event_of(run_id: str, number: int, data: str) -> Event:
    with named(f"event {number} of run {run_id}"):
        return Event(**json.loads(data))


def approval_data(approval: Approval) -> str:
    return json.dumps(asdict(approval))


def approval_of(run_id: str, number: int, data: str) -> Approval:
    with named(f"approval {number} of run {run_id}"):
        values = json.loads(data)
        return Approval(**values | {"acknowledged": tuple(values["acknowledged"])})


@contextmanager
def named(what: str) -> Iterator[None]:
    """Raises ConfigurationError where the block finds that `what` stands for nothing we know."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ConfigurationError(
            f"{what} cannot be read: it is damaged, or a newer coderoute wrote it ({type(error).__name__}: {error})",
            remedy="use the coderoute that wrote it, or restore the state folder from a backup; coderoute doctor tells "
            "what else is damaged",
        ) from error
