"""What a person decides, with the adapters it takes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from coderoute.domain.run import Approval, RunRecord
from coderoute.domain.task import Base
from coderoute.errors import BadInput, ConfigurationError, Unavailable
from coderoute.ports import MergeResult
from coderoute.wiring.forge import hub_of, land, repository_of
from coderoute.wiring.house import House, approval_key, author_of, now, os_user

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
    if base.target is None:
        return None
    try:
        hub = hub_of(house, run)
        if hub is not None:
            found = hub.forge.head_of(base.target.removeprefix("refs/heads/"))
        else:
            found = repository_of(house, run).pin(base.target).commit
    except (BadInput, ConfigurationError, Unavailable):  # the merge will say so in its own words
        return None
    return None if found == base.commit else found


def merge(
    house: House, run: RunRecord, pause: Callable[[str], bool] = lambda _: False
) -> tuple[MergeResult, bool]:  # fmt: skip
    """(what became of it, whether it was merged before): here, or on the forge where the run's issue is. `pause` waits
    for people there, and says whether to look again."""
    from coderoute.flow import people

    hub = hub_of(house, run)
    if hub is not None:
        return land(house, run, hub, pause)
    repository = repository_of(house, run)
    return people.merge(
        house.store,
        run,
        repository,
        key=approval_key(house),
        now=now(),
        author=lambda: author_of(repository, house.environ),
    )  # fmt: skip
