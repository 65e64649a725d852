"""What a person decides, with the adapters it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain.run import Approval, RunRecord
from coderoute.domain.task import Base
from coderoute.errors import BadInput, ConfigurationError
from coderoute.ports import Identity, MergeResult, Repository
from coderoute.wiring.house import House, approval_key, now, os_user

if TYPE_CHECKING:
    from coderoute.flow.gate import Sitting


def approve(
    house: House, run: RunRecord, *, patch_name: str, acknowledged: Sequence[str], channel: str,
    claimed_as: str | None = None, note: str | None = None, evidence_sha256: str | None = None,
) -> Approval:  # fmt: skip
    """Record the approval of the operating-system user who runs this process. `evidence_sha256` names the evidence
    that was before them, where it was shown together with the patch."""
    from coderoute.flow import people
    from coderoute.stages.approve import Person

    # the approval is signed as it is: what it says must be fit to be kept before
    claimed_as, note = (None if text is None else house.keys.redacted(text) for text in (claimed_as, note))
    person = Person(user=os_user(), claimed_as=claimed_as, note=note, channel=channel)
    return people.approve(
        house.store, run, person, patch_name=patch_name, acknowledged=acknowledged, key=approval_key(house), now=now(),
        evidence_sha256=evidence_sha256,
    )  # fmt: skip


def sit_down(house: House, run: RunRecord) -> "Sitting":
    """What lies before the operating-system user who runs this process.

    Raises:
        CoderouteError: as `flow.gate.sit_down`.
    """
    from coderoute.flow import gate

    return gate.sit_down(house.store, run, os_user())


def moved_target(house: House, run: RunRecord, base: Base) -> str | None:
    """The commit the target stands at, where that is not the base any more; None also where nobody can tell."""
    from coderoute.adapters.repository_git import GitRepository

    if base.target is None:
        return None
    try:
        found = GitRepository(Path(run.repository), house.run_folder(run.id) / "q.git").pin(base.target).commit
    except BadInput:  # the merge will say so in its own words
        return None
    return None if found == base.commit else found


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
