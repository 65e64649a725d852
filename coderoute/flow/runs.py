"""Runs as a whole: found by name, begun once, and driven by one process at a time to where they wait or end."""

import re
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime

from coderoute.domain import places
from coderoute.domain.run import FINISHED, Event, RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.domain.terms import Terms
from coderoute.errors import (
    BadInput,
    Blocked,
    CoderouteError,
    ConfigurationError,
    Exhausted,
    Refused,
    Unavailable,
    disk_full,
)
from coderoute.flow import moved_target, story
from coderoute.flow.bundle import refuse_work
from coderoute.flow.world import World
from coderoute.journal import Journal
from coderoute.ports import RunStore


def find(store: RunStore, name: str) -> RunRecord:
    """The run with this id, the only one whose id starts with `name`, or the newest for `last`.

    Raises:
        BadInput: none, or several.
    """
    runs = store.runs()
    if name == "last":
        if not runs:
            raise BadInput("there is no run yet", remedy="start one: coderoute run ISSUE.md")
        return runs[0]
    found = [run for run in runs if run.id == name] or [run for run in runs if name and run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInput(f"there is no run {name!r}", remedy="coderoute list shows all runs")
    ids = ", ".join(run.id for run in found[:5])
    raise BadInput(f"{name!r} begins {len(found)} runs: {ids}", remedy="give more of the id")


def begin(
    store: RunStore, *, run_id: str, repository: str, task: Task, base: Base, terms: Terms, plan_only: bool,
    removed: tuple[str, ...], requester: str, now: datetime,
) -> None:  # fmt: skip
    """Write the run's first records, then the run itself: from there on it can be resumed, and before it is no run."""
    journal = Journal(store, run_id)
    journal.put(places.TERMS, Terms, terms)
    journal.put(places.TASK, Task, task)
    journal.put(places.BASE, Base, base)
    journal.put(places.REQUESTER, str, requester)
    journal.put(places.INGEST, tuple[str, ...], removed)
    journal.put(places.MODE, str, "plan" if plan_only else "run")
    store.create(
        RunRecord(
            id=run_id, created_at=now.isoformat(), repository=repository, status=Status.RUNNING, reason=None,
            problem=None, remedy=None, questions=(), title=task.title,
        )
    )  # fmt: skip


def drive(world: World) -> RunRecord:
    """Tell the story as far as it goes now; the run's record says how that ended.

    Raises:
        Refused: another process drives this run.
        KeyboardInterrupt: after the run was left resumable.
    """
    store, run_id = world.store, world.run_id
    with store.lock(f"run-{run_id}") as ours:
        if not ours:
            raise Refused(
                f"run {run_id} is driven by another process", remedy="wait for it, or stop it with Ctrl-C there"
            )
        run = found(store, run_id)
        if run.status in FINISHED:
            return run
        refuse_work(world.journal, run_id)
        if run.status in (Status.APPROVED, Status.AWAITING_APPROVAL) and not moved_target.notice(world, run):
            return run
        if run.status is Status.PLANNED:
            world.journal.once(places.RELEASED, str, world.now().isoformat)
        plan_only = world.journal.get(places.MODE, str) == "plan" and world.journal.get(places.RELEASED, str) is None
        if world.process is not None:
            store.remember(driver_key(run_id), world.process)
        world.ledger.close_open_rows()
        store.set_status(run_id, Status.RUNNING)
        world.tell("run.working", {})
        try:
            settle(world, lambda: story.tell(world, plan_only=plan_only))
        finally:
            world.ahead.close()
            world.tell("run.waiting", {"status": found(store, run_id).status.value, "seconds": world.watch.seconds()})
            if world.process is not None:
                store.forget(driver_key(run_id))
        return found(store, run_id)


def driver_key(run_id: str) -> str:
    """Where the process that drives a run is remembered, so that it can be asked to stop."""
    return f"driver/{run_id}"


def settle(world: World, work: Callable[[], Status]) -> None:
    """Do `work` and write its ending into the run's record; only an interruption goes on to the caller."""
    store, run_id = world.store, world.run_id
    try:
        status = work()
    except KeyboardInterrupt:
        store.set_status(
            run_id, Status.INTERRUPTED, reason="interrupted", problem="stopped by the user",
            remedy=f"coderoute resume {run_id}",
        )  # fmt: skip
        raise
    except Blocked as stop:
        end(world, Status.BLOCKED, stop.reason, stop, stop.questions)
    except Exhausted as stop:
        end(world, Status.EXHAUSTED, stop.reason, stop)
    except Unavailable as stop:
        if "resume" not in stop.remedy:
            stop.remedy = f"{stop.remedy}\nthen: coderoute resume RUN"
        end(world, Status.UNAVAILABLE, stop.reason, stop)
    except ConfigurationError as stop:
        end(world, Status.BLOCKED, "configuration", stop)
    except BadInput as stop:  # nobody gave an argument here: what the run began with is no longer there
        stop.remedy = f"{stop.remedy}; git fetch brings back what a remote still has\nthen: coderoute resume RUN"
        end(world, Status.BLOCKED, "repository_changed", stop)
    except CoderouteError as stop:
        end(world, Status.FAILED, "error", stop)
    except Exception as bug:
        full = disk_full(bug) if isinstance(bug, OSError) else None
        if full is not None:
            end(world, Status.UNAVAILABLE, full.reason, full)
            return
        world.tell("bug", {"traceback": traceback.format_exc()})
        store.set_status(
            run_id, Status.FAILED, reason="bug", problem=f"{type(bug).__name__}: {bug}",
            remedy=f"this is a bug; coderoute log {run_id} has the traceback",
        )  # fmt: skip
    else:
        store.set_status(run_id, status)


def end(world: World, status: Status, reason: str, stop: CoderouteError, questions: tuple[str, ...] = ()) -> None:
    world.store.set_status(
        world.run_id, status, reason=reason, problem=stop.problem, remedy=addressed(stop.remedy, world.run_id),
        questions=questions,
    )  # fmt: skip


def addressed(remedy: str, run_id: str) -> str:
    """`remedy` with the run named in its commands: whoever wrote it did not know which run it would be."""
    named = re.sub(r"\bRUN\b", run_id, remedy)
    return re.sub(r"(?m)\bcoderoute (resume|merge)$", rf"coderoute \1 {run_id}", named)


def found(store: RunStore, run_id: str) -> RunRecord:
    run = store.get(run_id)
    if run is None:
        raise CoderouteError(f"run {run_id} is gone from the store", remedy="coderoute list shows all runs")
    return run


def teller(
    store: RunStore, run_id: str, now: Callable[[], datetime], show: Callable[[str, Mapping[str, object]], None]
) -> Callable[[str, Mapping[str, object]], None]:
    """Writes each event to the run's log and shows it to whoever watches."""

    def tell(event: str, data: Mapping[str, object]) -> None:
        store.add_event(Event(at=now().isoformat(), run_id=run_id, event=event, data=dict(data)))
        show(event, data)

    return tell
