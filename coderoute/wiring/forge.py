"""Runs on an issue of a forge: where it is read, where its code comes from, and where its change goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain import places
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Base, Task
from coderoute.errors import BadInput, ConfigurationError, Refused, Unavailable
from coderoute.journal import Journal
from coderoute.stages.intake import Intake, read_forge_issue
from coderoute.wiring.house import House, approval_key, author_of, now
from coderoute.wiring.process import clear_start_environment, make_unreadable
from coderoute.wiring.terms import in_ci

if TYPE_CHECKING:
    from coderoute.adapters.forge_github import GitHubForge
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.domain.forge import Findings
    from coderoute.domain.issue_name import Remotes
    from coderoute.flow.publish import Hub, Page
    from coderoute.ports import MergeResult, Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an issue is. `checkout` None: nobody has its repository here, so we fetch what we need."""

    repository: ForgeRepository
    default_branch: str
    checkout: Path | None


def look_up(
    house: House, text: str, repo: Path | None, warn: Callable[[str], None], expected_sha256: str | None = None
) -> tuple[Intake, Spot]:
    """The issue that `text` names, as it is now. `#12` is an issue of the checkout at `repo` or here.

    Raises:
        BadInput, ConfigurationError, Unavailable: as ports.Forge.
        Refused: as stages.intake.read_forge_issue.
    """
    from coderoute.adapters.forge_github import known_server
    from coderoute.domain.issue_name import Remotes, issue_name

    here = Path() if text.strip().startswith("#") and repo is None else repo
    remotes = None if here is None else remotes_of(house, here)
    name = issue_name(text, server=known_server(house.environ), remotes=remotes or Remotes())
    forge = connect(house, name.repository)
    hosted, issue = forge.hosted(), forge.issue(name.number)
    if hosted.archived:
        raise BadInput(f"{hosted.repository.slug} is archived", remedy="nothing can be changed there any more")
    if not issue.is_open:
        warn(f"{issue.url} is closed")
    intake = read_forge_issue(
        issue, access=forge.access, forge=hosted.repository, expected_sha256=expected_sha256
    )  # fmt: skip
    return intake, Spot(repository=hosted.repository, default_branch=hosted.default_branch, checkout=here)


def remotes_of(house: House, checkout: Path) -> "Remotes":
    import tempfile

    from coderoute.adapters.repository_git import GitRepository

    house.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=house.folder, prefix="look-") as place:
        return GitRepository(checkout, Path(place) / "q.git").remotes()


def connect(house: House, repository: ForgeRepository) -> "GitHubForge":
    """The forge of `repository`; from here on nobody reads its token out of this process."""
    from coderoute.adapters.forge_github import open_forge

    forge = open_forge(repository, house.keys)
    make_unreadable()
    clear_start_environment(house.keys.taken)
    return forge


def mirrors(house: House) -> Path:
    return house.folder / "mirrors"


def repository_of(house: House, run: RunRecord) -> "GitRepository":
    """The repository of a run, with the run's own store: the user's checkout, or our mirror."""
    from coderoute.adapters.repository_git import GitRepository

    path = Path(run.repository)
    is_mirror = path.is_relative_to(mirrors(house).resolve())
    try:
        return GitRepository(path, house.run_folder(run.id) / "q.git", is_mirror=is_mirror)
    except BadInput as gone:
        gone.exit_code = Refused.exit_code  # nobody gave a wrong argument: the run's repository is not as it was
        back = f"put it back at {path}, then: coderoute resume {run.id}"
        gone.remedy = f"{back}\nor end the run: coderoute cancel {run.id}"
        raise


def open_repository(
    house: House, spot: Spot, base: str | None, store: Path, warn: Callable[[str], None]
) -> tuple["GitRepository", Base]:
    """The repository and the base, as the forge has its branch now.

    Raises:
        BadInput: the base is no branch of the forge.
    """
    from coderoute.adapters.forge_github import token_for
    from coderoute.adapters.repository_git import GitRepository, mirror

    token = token_for(spot.repository.server, house.keys)
    if spot.checkout is None:
        branch = (base or spot.default_branch).removeprefix("refs/heads/")
        place = mirror.bring_up(mirrors(house), spot.repository, branch, token=token, environ=house.keys.environ)
        repository = GitRepository(place, store, is_mirror=True)
        return repository, repository.pin(branch)
    repository = GitRepository(spot.checkout, store)
    here = repository.pin(base)
    if here.target is None:
        raise BadInput(
            f"the base {base or 'that is checked out'} is no branch, and a pull request needs one",
            remedy=f"name a branch of {spot.repository.slug}: --base {spot.default_branch}",
        )
    branch = here.target.removeprefix("refs/heads/")
    remote = repository.remote(spot.repository, token=token, environ=house.keys.environ, known=[here.commit])
    there = replace(repository.pin(remote.fetch(branch)), target=here.target)
    if there.commit != here.commit:
        slug = spot.repository.slug
        warn(f"{branch} is {here.commit[:12]} here and {there.commit[:12]} on {slug}; the latter counts")
    return repository, there


def remote_of(house: House, repository: "GitRepository", task: Task, base: Base) -> "Remote | None":
    """Where the run's target is; None for a run whose issue is a file."""
    from coderoute.adapters.forge_github import token_for

    if task.forge is None:
        return None
    token = token_for(task.forge.server, house.keys)
    return repository.remote(task.forge, token=token, environ=house.keys.environ, known=[base.commit])


def hub_of(house: House, run: RunRecord) -> "Hub | None":
    """The run's place on its forge; None for a run whose issue is a file."""
    from coderoute.flow.kept import needed
    from coderoute.flow.publish import Hub

    journal = Journal(house.store, run.id)
    task, base = journal.get(places.TASK, Task), journal.get(places.BASE, Base)
    if task is None or task.forge is None:
        return None
    repository = repository_of(house, run)
    remote = remote_of(house, repository, task, base or needed(journal, places.BASE, Base))
    assert remote is not None  # noqa: S101 - it has a forge
    return Hub(
        forge=connect(house, task.forge), remote=remote, repository=repository,
        author=lambda: author_of(repository, house.environ), page=page_of(house, run, task), now=now,
    )  # fmt: skip


def page_of(house: House, run: RunRecord, task: Task) -> "Page":
    from coderoute.flow.kept import patch_text
    from coderoute.flow.publish import Page
    from coderoute.report import line_comments, pull_request

    def findings(commit: str) -> "Findings | None":
        patch = patch_text(house.store, run)
        return None if patch is None else line_comments.findings_of(house.document(run.id), patch[1], commit)

    return Page(
        title=lambda: pull_request.title_of(house.document(run.id)),
        body=lambda: pull_request.body_of(house.document(run.id), issue=task.number),
        comment=lambda state, passed: pull_request.comment_of(
            house.document(run.id), state=state, passed_over=passed
        ),
        findings=findings, marker=pull_request.marker(run.id),
        marker_of_findings=lambda commit: line_comments.marker(run.id, commit),
    )  # fmt: skip


def listen_if_published(house: House, run: RunRecord, hub: "Hub") -> None:
    """What happened on the run's pull request is taken in."""
    from coderoute.domain.run import Status
    from coderoute.flow.landing import catch_up

    if run.status in (Status.AWAITING_APPROVAL, Status.APPROVED):
        catch_up(house.store, run, hub, approval_key(house))


def publish_there(house: House, run: RunRecord, hub: "Hub") -> None:
    """What waits for people is shown on the forge."""
    from coderoute.flow.publish import publish

    publish(house.store, run, hub)


def tell_forge(house: House, run_id: str, warn: Callable[[str], None]) -> None:
    """What was decided here is shown on the run's pull request, if it has one: a commit is green there only while its
    approval stands. The decision stands whether or not the forge can be told; `warn` says why it cannot."""
    from coderoute.flow.finding import found
    from coderoute.flow.publish import last_published, show_state

    published = last_published(Journal(house.store, run_id))
    if published is None or in_ci(house.environ):  # in CI another job speaks with the forge
        return
    try:
        hub = hub_of(house, found(house.store, run_id))
        if hub is not None:
            show_state(found(house.store, run_id), published, hub)
    except (BadInput, ConfigurationError, Refused, Unavailable) as error:
        warn(f"{published.url} does not show it: {error.problem}")


def land(house: House, run: RunRecord, hub: "Hub", pause: Callable[[str], bool]) -> "tuple[MergeResult, bool]":
    """See flow.landing.land."""
    from coderoute.flow import landing

    return landing.land(house.store, run, hub, key=approval_key(house), pause=pause)
