"""What is wrong with what the file holds, looked at row by row."""

import json
from collections.abc import Callable, Iterator

from coderoute.adapters.store_sqlite.database import Database
from coderoute.adapters.store_sqlite.rows import approval_of, call_of, event_of, run_of
from coderoute.domain.money import CallState, LedgerRow
from coderoute.errors import ConfigurationError, Unavailable
from coderoute.journal import FORMAT

MOST_TOLD = 20


def problems(db: Database) -> tuple[str, ...]:
    """A line for each thing that is wrong, at most MOST_TOLD: pages and indexes, rows that cannot be read, records
    that are no JSON or of a newer format, amounts that cannot be, a disk without room for another call."""
    found = [f"the file is damaged: {line}" for line in db.damage()]
    if found:  # the rows of a damaged page are no rows
        return tuple(found)
    rows = (*_room(db), *_unreadable(db), *_records(db), *_calls(db))
    return (*rows[:MOST_TOLD], *([f"and {len(rows) - MOST_TOLD} more"] if len(rows) > MOST_TOLD else []))


def _room(db: Database) -> Iterator[str]:
    try:
        db.require_room()
    except Unavailable as full:
        yield full.problem


def _unreadable(db: Database) -> Iterator[str]:
    for row in db.query("SELECT id, data FROM runs"):
        yield from _told(run_of, *row)
    for row in db.query("SELECT run_id, number, data FROM events"):
        yield from _told(event_of, *row)
    for row in db.query("SELECT run_id, number, data FROM approvals"):
        yield from _told(approval_of, *row)


def _records(db: Database) -> Iterator[str]:
    for row in db.query("SELECT run_id, key, format, value FROM records ORDER BY number"):
        name = f"record {row['key']!r} of run {row['run_id']}"
        if row["format"] > FORMAT:
            yield f"{name} has format {row['format']}; this coderoute reads format {FORMAT} and older"
            continue
        try:
            json.loads(row["value"])
        except ValueError as error:
            yield f"{name} is damaged: {error}"


def _calls(db: Database) -> Iterator[str]:
    for row in db.query("SELECT id, run_id, state, reserved_usd, cost_usd, data FROM calls ORDER BY id"):
        try:
            call = call_of(row)
        except ConfigurationError as error:
            yield error.problem
            continue
        yield from (f"ledger row {call.id} of run {call.run_id}: {what}" for what in _impossible(call))


def _impossible(call: LedgerRow) -> Iterator[str]:
    for name, amount in (("reserves", call.reserved_usd), ("costs", call.cost_usd)):
        if not amount.is_finite() or amount < 0:
            yield f"it {name} {amount} dollars"
            return
    match call.state:
        case CallState.OPEN if call.cost_usd != call.reserved_usd:
            yield f"it is open and costs {call.cost_usd} dollars, but reserves {call.reserved_usd}"
        case CallState.FREE if call.cost_usd:
            yield f"it is free and costs {call.cost_usd} dollars"


def _told(read: Callable[..., object], *row: object) -> Iterator[str]:
    try:
        read(*row)
    except ConfigurationError as error:
        yield error.problem
