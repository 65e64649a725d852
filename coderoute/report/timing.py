"""Seconds of work, of models, of sandboxes and of waiting; what was not measured is null."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from coderoute.domain.money import LedgerRow
from coderoute.domain.run import Event
from coderoute.report.plain import Json, model_seconds


def timing_json(rows: Sequence[LedgerRow], events: Iterable[Event]) -> Json:
    """`total_s` is while a process worked on the run, without the time in which it waited for a person. `waiting_s` is
    for a provider that asked us to come back later. What killed processes did is in `model_s` alone."""
    told = tuple(events)
    seen = measured(told)
    return {
        "total_s": worked_seconds(told), "model_s": model_seconds(rows), "sandbox_s": seen.get("sandbox"),
        "waiting_s": seen.get("waiting"), "overhead_s": seen.get("own"),
    }  # fmt: skip


def worked_seconds(events: Iterable[Event]) -> float | None:
    """While a process worked on the run; what a killed one did is not known."""
    spans = [whole for whole, _ in stretches(events)]
    return round(sum(spans), 3) if spans else None


def measured(events: Iterable[Event]) -> dict[str, float]:
    """Seconds by kind over all processes that measured themselves; `own` is what was none of the kinds."""
    found: dict[str, float] = {}
    for whole, seconds in stretches(events):
        own = {"own": max(whole - seconds["any"], 0.0)} if "any" in seconds else {}
        for kind, value in (seconds | own).items():
            found[kind] = round(found.get(kind, 0.0) + value, 3)
    return found


def stretches(events: Iterable[Event]) -> list[tuple[float, dict[str, float]]]:
    """(seconds, of them by kind) of every process that came to an end."""
    found: list[tuple[float, dict[str, float]]] = []
    begun: datetime | None = None
    for event in events:
        at = datetime.fromisoformat(event.at)
        if event.event == "run.working":
            begun = at
        elif event.event == "run.waiting" and begun is not None:
            seconds = seconds_in(event.data.get("seconds"))
            # the clock may have been set meanwhile; what the process measured itself does not know of that
            shown_by_clock = max((at - begun).total_seconds(), seconds.get("any", 0.0))
            found.append((seconds.get("whole", shown_by_clock), seconds))
            begun = None
    return found


def seconds_in(told: object) -> dict[str, float]:
    """Of an event; an older one has none."""
    if not isinstance(told, dict):
        return {}
    return {str(kind): float(value) for kind, value in told.items() if isinstance(value, int | float)}
