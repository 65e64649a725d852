"""Cancel and purge, with the folders, the engine and the other processes they take."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from coderoute.domain.run import RunRecord, UnreadableRun
from coderoute.errors import Refused, Unavailable
from coderoute.journal import Journal
from coderoute.wiring import world
from coderoute.wiring.forge import mirrors
from coderoute.wiring.house import House, now

STOP_WAIT_S = 30.0
POLL_S = 0.1
MIRROR_AGE = timedelta(days=30)
ORPHAN_AGE = timedelta(days=1)
"""A younger folder without a run may be that of a run that is being made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was removed. `sandboxes` None: the engine does not answer, which `problem` tells."""

    sandboxes: int | None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What a purge of everything old removes. `images` None: the engine does not answer."""

    runs: tuple[RunRecord, ...]
    orphans: tuple[Path, ...]
    """Folders of runs that never came to be."""
    images: tuple[str, ...] | None
    baselines: tuple[str, ...]
    mirrors: tuple[Path, ...]
    """Copies of a forge's repositories that no run works from, and nobody asked for in a while."""


def cancel(house: House, run: RunRecord) -> tuple[bool, Cleared]:
    """(whether it is cancelled only now, what was removed). A process that drives the run is asked to stop first.

    Raises:
        Refused: the run has ended in another way, or whoever works on it does not stop.
    """
    from coderoute.flow import ending

    stop_driver(house, run)
    return ending.cancel(house.store, run, now()), clear_sandboxes(house, run.id)


def stop_driver(house: House, run: RunRecord) -> None:
    """Ask the process that drives the run to stop, as Ctrl-C does, and wait until it has.

    Raises:
        Refused: it goes on.
    """
    from coderoute.adapters.sandbox_docker.lease import mark_of
    from coderoute.flow.runs import driver_key

    if is_free(house, run.id):
        return
    mark = house.store.recall(driver_key(run.id)) or ""
    pid = mark.partition(".")[0]
    if not pid.isdigit() or mark_of(int(pid)) != mark:
        return  # nobody knows who holds it; the attempt to take it will say so
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGTERM)
    deadline = time.monotonic() + STOP_WAIT_S
    while not is_free(house, run.id):
        if time.monotonic() > deadline:
            raise Refused(
                f"run {run.id} is driven by process {pid}, which was asked to stop and goes on",
                remedy=f"end it: kill {pid}, then: coderoute cancel {run.id}",
            )
        time.sleep(POLL_S)


def is_free(house: House, run_id: str) -> bool:
    with house.store.lock(f"run-{run_id}") as ours:
        return ours


def clear_sandboxes(house: House, run_id: str) -> Cleared:
    try:
        removed = world.sandboxes(house, Journal(house.store, run_id)).remove_sandboxes(run_id)
    except Unavailable as error:
        return Cleared(sandboxes=None, problem=error.problem)
    return Cleared(sandboxes=removed)


def purge_run(house: House, run: RunRecord) -> Cleared:
    """Remove a run that has ended: records, patches, object store, sandboxes. Its ledger rows stay.

    Raises:
        Refused: it has not ended, or somebody works on it.
    """
    from coderoute.flow import ending
    from coderoute.flow.runs import driver_key

    cleared: list[Cleared] = []

    def clear_away() -> None:
        cleared.append(clear_sandboxes(house, run.id))
        house.known_code().clear()  # it holds words of the run's source; other runs read theirs anew
        remove_folder(house.run_folder(run.id))

    ending.purge(house.store, run, clear_away)
    house.store.forget(driver_key(run.id))
    return cleared[0]


def what_is_old(house: House) -> Purge:
    """What `purge_all` would remove now."""
    from coderoute.flow import baseline, ending

    runs = ending.long_finished(house.store, now())
    used = ending.images_in_use(house.store, frozenset(run.id for run in runs))
    try:
        images = tuple(image for image in world.docker_host(house).set_up_images() if image not in used)
    except Unavailable:
        images = None
    return Purge(
        runs=runs, orphans=orphans(house), images=images, baselines=baseline.outdated(house.store, now()),
        mirrors=unused_mirrors(house, frozenset(run.id for run in runs)),
    )  # fmt: skip


def purge_all(house: House, old: Purge) -> Iterator[str]:
    """Remove what is old; a line for each thing that was kept after all."""
    from coderoute.adapters.repository_git import mirror

    for run in old.runs:
        try:
            purge_run(house, run)
        except Refused as refused:
            yield refused.problem
    for folder in old.orphans:
        remove_folder(folder)
        house.store.purge(folder.name)
    for slot in old.baselines:
        house.store.forget(slot)
    for place in old.mirrors:
        if not mirror.remove(place, unused_since=(now() - MIRROR_AGE).timestamp()):
            yield f"{place}: a run was begun from it just now"
    if old.images is None:
        yield "images and containers: Docker does not answer"
        return
    host = world.docker_host(house)
    host.reap(now())
    for image in old.images:
        if not host.remove_image(image):
            yield f"image {image[:19]}: a container uses it"


def unused_mirrors(house: House, without: frozenset[str]) -> tuple[Path, ...]:
    """Those that no run but the ones with an id in `without` works from, and nobody asked for in MIRROR_AGE."""
    from coderoute.adapters.repository_git import mirror

    runs = [run for run in house.store.runs() if run.id not in without]
    used = {run.repository for run in runs if isinstance(run, RunRecord)}
    if any(isinstance(run, UnreadableRun) for run in runs):
        return ()  # nobody knows which of them such a run works from
    oldest = (now() - MIRROR_AGE).timestamp()
    found = mirror.all_of(mirrors(house))
    return tuple(place for place, asked in found if asked < oldest and str(place) not in used)


def orphans(house: House) -> tuple[Path, ...]:
    folder = house.folder / "runs"
    if not folder.is_dir():
        return ()
    known = {run.id for run in house.store.runs()}
    oldest = now().timestamp() - ORPHAN_AGE.total_seconds()
    found = (entry for entry in sorted(folder.iterdir()) if entry.name not in known)
    return tuple(entry for entry in found if entry.is_dir() and entry.stat().st_mtime < oldest)


def remove_folder(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
