"""How a run ends without its change, and how what is left of it goes: cancel, and purge."""

from collections.abc import Callable
from datetime import datetime, timedelta

from coderoute.domain import places
from coderoute.domain.run import FINISHED, RunRecord, Status
from coderoute.errors import Refused
from coderoute.flow.people import alone
from coderoute.flow.withdrawing import CANCELLED, withdraw
from coderoute.journal import Journal
from coderoute.ports import RunStore

KEPT = timedelta(days=30)
"""How long a finished run stays as it is, unless it is purged by name."""


def cancel(store: RunStore, run: RunRecord, now: datetime) -> bool:
    """The run ends here; nothing of it is merged. False where it was cancelled before.

    Raises:
        Refused: it has ended in another way, or somebody works on it.
    """
    with alone(store, run) as run:
        if run.status is Status.CANCELLED:
            return False
        if run.status in FINISHED:
            raise Refused(f"run {run.id} is {run.status.value} already", remedy=f"coderoute show {run.id}")
        withdraw(store, run.id, CANCELLED, now)
        store.set_status(run.id, Status.CANCELLED, reason="cancelled", problem="cancelled by a person")
        return True


def purge(store: RunStore, run: RunRecord, clear_away: Callable[[], None]) -> None:
    """Nothing is left of the run but its ledger rows and outcomes. `clear_away` removes what is not in the store; it
    comes first, so that a purge that was killed can be repeated.

    Raises:
        Refused: the run has not ended, or somebody works on it.
    """
    with alone(store, run) as run:
        if run.status not in FINISHED:
            raise Refused(
                f"run {run.id} is {run.status.value}, and only a run that has ended is purged",
                remedy=f"end it: coderoute cancel {run.id}, then: coderoute purge {run.id}",
            )
        clear_away()
        store.purge(run.id)


def long_finished(store: RunStore, now: datetime) -> tuple[RunRecord, ...]:
    """The runs that ended and had no event for KEPT, oldest first."""
    return tuple(
        run for run in reversed(store.runs())
        if isinstance(run, RunRecord) and run.status in FINISHED and now - last_moment(store, run) > KEPT
    )  # fmt: skip


def last_moment(store: RunStore, run: RunRecord) -> datetime:
    return max(datetime.fromisoformat(at) for at in (run.created_at, *(event.at for event in store.events(run.id))))


def images_in_use(store: RunStore, without: frozenset[str]) -> frozenset[str]:
    """The sandbox images of all runs but those with an id in `without`."""
    images = (Journal(store, run.id).get(places.IMAGE, str) for run in store.runs() if run.id not in without)
    return frozenset(image for image in images if image is not None)
