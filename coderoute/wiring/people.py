"""What a person decides, with the adapters it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain.run import Approval, RunRecord
from coderoute.errors import ConfigurationError
from coderoute.ports import Identity, MergeResult, Repository
from coderoute.wiring.house import House, approval_key, now, os_user

if TYPE_CHECKING:
    pass


def approve(
    house: House, run: RunRecord, *, patch_name: str, acknowledged: Sequence[str], channel: str,
    claimed_as: str | None = None, note: str | None = None,
) -> Approval:  # fmt: skip
    """Record the approval of the operating-system user who runs this process."""
    from coderoute.flow import people
    from coderoute.stages.approve import Person

    person = Person(user=os_user(), claimed_as=claimed_as, note=note, channel=channel)
    return people.approve(
        house.store, run, person, patch_name=patch_name, acknowledged=acknowledged, key=approval_key(house), now=now(),
    )  # fmt: skip


def merge(house: House, run: RunRecord) -> tuple[MergeResult, bool]:
    """(what became of it, whether it was merged before)."""
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.flow import people

    repository = GitRepository(Path(run.repository), house.run_folder(run.id) / "q.git")
    return people.merge(
        house.store,
        run,
        repository,
        key=approval_key(house),
        now=now(),
        author=lambda: author_of(repository, house.environ),
    )  # fmt: skip


def author_of(repository: Repository, environ: Mapping[str, str]) -> Identity:
    """The user's git identity; in CI `coderoute`."""
    known = repository.author()
    if known is not None:
        return known
    if environ.get("CI"):
        return Identity(name="coderoute", email="coderoute@users.noreply.github.com")
    raise ConfigurationError(
        "git knows no author for the commit",
        remedy='git config --global user.name "Your Name"; git config --global user.email you@example.com',
    )
