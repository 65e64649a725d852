"""Runs found by name, and remedies that name the run they are about."""

import re
from typing import TYPE_CHECKING

from coderoute.domain.run import RunRecord, UnreadableRun
from coderoute.errors import BadInput, CoderouteError, ConfigurationError

if TYPE_CHECKING:
    from coderoute.ports import RunStore


def find(store: "RunStore", name: str) -> RunRecord:
    """The run with this id, the only one whose id starts with `name`, or the newest for `last`.

    Raises:
        BadInput: none, or several.
        ConfigurationError: it is there, and cannot be read.
    """
    runs = store.runs()
    if name == "last":
        if not runs:
            raise BadInput("there is no run yet", remedy="start one: coderoute run ISSUE.md")
        return read(runs[0])
    found = [run for run in runs if run.id == name] or [run for run in runs if name and run.id.startswith(name)]
    if len(found) == 1:
        return read(found[0])
    if not found:
        raise BadInput(f"there is no run {name!r}", remedy="coderoute list shows all runs")
    ids = ", ".join(run.id for run in found[:5])
    raise BadInput(f"{name!r} begins {len(found)} runs: {ids}", remedy="give more of the id")


def read(run: RunRecord | UnreadableRun) -> RunRecord:
    """Raises ConfigurationError where the run cannot be read."""
    if isinstance(run, UnreadableRun):
        raise ConfigurationError(run.problem, remedy=run.remedy)
    return run


def found(store: "RunStore", run_id: str) -> RunRecord:
    run = store.get(run_id)
    if run is None:
        raise CoderouteError(f"run {run_id} is gone from the store", remedy="coderoute list shows all runs")
    return run


def addressed(remedy: str, run_id: str) -> str:
    """`remedy` with the run named in its commands: whoever wrote it did not know which run it would be."""
    named = re.sub(r"\bRUN\b", run_id, remedy)
    return re.sub(r"(?m)\bcoderoute (resume|merge)$", rf"coderoute \1 {run_id}", named)
