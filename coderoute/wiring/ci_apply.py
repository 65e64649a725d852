"""The jobs of a workflow that may write: a bundle as a pull request, and that pull request merged. Nothing of the
repository runs in them, and no model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain import places
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Task
from coderoute.errors import CoderouteError, Refused, TargetMoved
from coderoute.journal import Journal
from coderoute.wiring.bundle import import_
from coderoute.wiring.ci import repository_here
from coderoute.wiring.forge import hub_of, land, publish_there
from coderoute.wiring.house import House

if TYPE_CHECKING:
    from coderoute.flow.publish import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A run that came in a bundle, in a house of its own, and its place on the forge."""

    run: RunRecord
    hub: "Hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For which issue, `OWNER/REPO#12`, and for whom the gate of this workflow opened."""

    issue: str
    actor: str


def apply(house: House, bundle: Path, *, repo: Path, run: str, patch_sha256: str, asked: Asked) -> str:
    """The id of the run in the bundle, of which there is a pull request then.

    Raises:
        BadInput, Refused: as `import_`; also when it is of another repository, or the target moved.
        Unavailable, ConfigurationError: as ports.Forge.
    """
    from coderoute.flow.adopting import check_opened_for, settle_commit
    from coderoute.flow.people import stands

    with arrived(house, bundle, repo=repo, run=run, patch_sha256=patch_sha256) as came:
        check_opened_for(house.store, came.run, issue=asked.issue, actor=asked.actor)
        base = stands(house.store, came.run)[0].base
        branch = (base.target or "").removeprefix("refs/heads/")
        there = came.hub.forge.head_of(branch) if branch else None
        if there != base.commit:
            moved = TargetMoved(
                f"{branch or 'the target'} is at {(there or 'nothing')[:12]}, not at {base.commit[:12]}"
            )
            moved.remedy = START_AGAIN
            raise moved
        settle_commit(house.store, came.run)
        publish_there(house, came.run, came.hub)
        return came.run.id


def merge(house: House, bundle: Path, *, repo: Path, run: str, pull: int) -> str:
    """The id of the run in the bundle, whose pull request `pull` is merged then: the forge is asked who approved it.

    Raises:
        BadInput, Refused: as `import_`, flow.adopting.adopt and flow.landing.land.
        Unavailable, ConfigurationError: as ports.Forge.
    """
    from coderoute.flow.adopting import adopt

    with arrived(house, bundle, repo=repo, run=run, patch_sha256=None) as came:
        adopt(house.store, came.run, came.hub, pull)
        try:
            land(house, came.run, came.hub, lambda _: False)
        except TargetMoved as moved:
            moved.remedy = START_AGAIN
            raise
        return came.run.id


START_AGAIN = "nothing was written; start the run again, on the target as it is now"


@contextmanager
def arrived(house: House, bundle: Path, *, repo: Path, run: str, patch_sha256: str | None) -> Iterator[Landed]:
    """The run in the bundle, as one of an issue of the repository that the workflow runs in; an error in the block
    says which run it is about."""
    from coderoute.flow.adopting import check_author
    from coderoute.flow.finding import found
    from coderoute.flow.kept import needed

    came = import_(house, bundle, repo=repo, run=run, patch_sha256=patch_sha256)
    try:
        record = found(house.store, came.run_id)
        task = needed(Journal(house.store, came.run_id), places.TASK, Task)
        hub = hub_of(house, record)
        if hub is None or not is_here(task.forge, repository_here(house.environ)):
            raise Refused(
                "the run is of no issue of this repository", remedy="start it here: coderoute run OWNER/REPO#12"
            )
        check_author(task, hub.forge)
        yield Landed(run=record, hub=hub)
    except CoderouteError as error:
        error.run_id = came.run_id
        raise


def is_here(there: ForgeRepository | None, here: ForgeRepository) -> bool:
    return there is not None and (there.server, there.slug.lower()) == (here.server, here.slug.lower())
