"""Seconds of work and of models; what was not measured is null."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from coderoute.domain.money import LedgerRow
from coderoute.domain.run import Event
from coderoute.report.plain import Json, model_seconds


def timing_json(rows: Sequence[LedgerRow], events: Iterable[Event]) -> Json:
    return {
        "total_s": worked_seconds(events), "model_s": model_seconds(rows), "sandbox_s": None, "waiting_s": None,
        "overhead_s": None,
    }  # fmt: skip


def worked_seconds(events: Iterable[Event]) -> float | None:
    """While a process worked on the run; what a killed one did is not known."""
    spans: list[float] = []
    begun: datetime | None = None
    for event in events:
        at = datetime.fromisoformat(event.at)
        if event.event == "run.working":
            begun = at
        elif event.event == "run.waiting" and begun is not None:
            spans.append((at - begun).total_seconds())
            begun = None
    return round(sum(spans), 3) if spans else None
