"""The jobs of a workflow: what they read of the runner's files, what they ask of the forge, what they write."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from coderoute.domain.ci_event import MAX_EVENT_BYTES, Ask, NotAsked, allowed, asked, issue_sha256
from coderoute.domain.ci_words import annotations, output_lines, outputs, valid
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.paths import shown
from coderoute.errors import BadInput, ConfigurationError, Refused, TargetMoved
from coderoute.ports import Forge
from coderoute.wiring.bundle import import_
from coderoute.wiring.forge import connect, hub_of, publish_there
from coderoute.wiring.house import House

MAX_DOCUMENT_BYTES = 30_000_000
Connect = Callable[[House, ForgeRepository], Forge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the outputs say of a run, its annotations, and its summary in Markdown."""

    outputs: dict[str, str]
    annotations: tuple[str, ...]
    summary: str


def repository_here(environ: Mapping[str, str]) -> ForgeRepository:
    """The repository that the workflow runs in.

    Raises:
        ConfigurationError: the runner's variables do not say.
    """
    from coderoute.domain.issue_name import GITHUB, issue_name

    slug, server = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_SERVER_URL") or GITHUB
    try:
        return issue_name(f"{slug}#1", server=server).repository
    except BadInput as error:
        raise ConfigurationError(
            f"GITHUB_REPOSITORY is {shown(slug)!r}: this is no step of a GitHub workflow",
            remedy="coderoute ci is for workflows; elsewhere: coderoute run ISSUE",
        ) from error


def gate(house: House, *, label: str, connect: Connect = connect) -> Ask | NotAsked:
    """Who asks for what, once the forge has said that they may; before anything is paid.

    Raises:
        ConfigurationError: no event, or no token.
        Unavailable: the forge does not answer.
    """
    repository = repository_here(house.environ)
    ask = asked(
        house.environ.get("GITHUB_EVENT_NAME", ""), event_bytes(house.environ), repository=repository, label=label
    )
    if isinstance(ask, NotAsked):
        return ask
    forge = connect(house, repository)
    account = forge.account(ask.actor)
    if account is None or not account.human:
        return NotAsked(reason="not_a_person", detail=f"{ask.actor} is no person: bots and apps start nothing")
    refused = allowed(ask, forge.access(ask.actor))
    if refused is not None:
        return refused
    try:
        issue = forge.issue(ask.issue)
    except BadInput as error:
        return NotAsked(reason="no_issue", detail=error.problem)
    now = issue_sha256(issue.title, issue.body)
    if issue.is_pull_request or not issue.is_open:
        return NotAsked(reason="no_issue", detail=f"#{ask.issue} is no open issue")
    if ask.issue_sha256 not in (None, now):
        return NotAsked(reason="edited", detail=f"#{ask.issue} was edited since {ask.actor} asked; ask again")
    return replace(ask, issue_sha256=now)


def event_bytes(environ: Mapping[str, str]) -> bytes:
    """The event's file, at most one byte more than is allowed."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_EVENT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the event of this workflow cannot be read: GITHUB_EVENT_PATH is {shown(path)!r}",
            remedy="run it in a step of a GitHub workflow",
        ) from error


def gate_outputs(found: Ask | NotAsked, repository: ForgeRepository) -> dict[str, str]:
    """All of the gate's outputs, empty where there is nothing to do."""
    empty = dict.fromkeys(("issue", "mode", "actor", "issue_sha256"), "")
    if isinstance(found, NotAsked):
        return valid({"go": "false", "reason": found.reason, **empty})
    return valid(
        {
            "go": "true", "reason": "", "issue": f"{repository.slug}#{found.issue}", "mode": found.mode,
            "actor": found.actor, "issue_sha256": found.issue_sha256 or "",
        }
    )  # fmt: skip


def require_unchanged(house: House, issue: str, sha256: str, *, connect: Connect = connect) -> None:
    """Raises Refused where the issue says something else than when the run was asked for."""
    from coderoute.domain.issue_name import issue_name

    repository = repository_here(house.environ)
    name = issue_name(issue, server=repository.server)
    if name.repository != repository:
        raise Refused(f"{shown(issue)} is no issue of {repository.slug}", remedy="ask for one of this repository")
    found = connect(house, repository).issue(name.number)
    if issue_sha256(found.title, found.body) != sha256:
        raise Refused(f"{found.url} was edited after the run was asked for", remedy="read it again, then ask again")


def report(house: House, document: Path, exit_code: int) -> Reported:
    """Of a run's JSON document, which may be missing or anything."""
    from coderoute.report.ci_page import remarks, summary

    doc = read_document(document)
    found = outputs(doc, exit_code)
    if not found["conclusion"]:
        found = outputs({}, exit_code)
    lines = annotations(remarks(doc)) if found["run_id"] else ()
    redacted = house.keys.redacted
    page = summary(doc if found["run_id"] else {}, found)
    return Reported(outputs=found, annotations=tuple(map(redacted, lines)), summary=redacted(page))


def read_document(path: Path) -> dict[str, object]:
    """Empty where there is none, or it is none of a run's."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_DOCUMENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def tell(environ: Mapping[str, str], values: Mapping[str, str], summary: str | None = None) -> None:
    """Write a step's outputs, and add to the job's summary; nothing where the runner asks for neither."""
    _append(environ.get("GITHUB_OUTPUT"), output_lines(values, f"coderoute-{secrets.token_hex(16)}"))
    if summary is not None:
        _append(environ.get("GITHUB_STEP_SUMMARY"), f"\n{summary}\n")


def _append(path: str | None, text: str) -> None:
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"the runner's file {shown(path)} cannot be written: {error.strerror}", remedy="look at the runner"
        ) from error


def apply(house: House, bundle: Path, *, repo: Path, run: str, patch_sha256: str) -> dict[str, str]:
    """The change of a bundle as a draft pull request; the outputs. Nothing of the repository runs, and no model.

    Raises:
        BadInput, Refused: as `import_`; also when it is of another repository, or the target moved.
        Unavailable, ConfigurationError: as ports.Forge.
    """
    from coderoute.domain import places
    from coderoute.domain.task import Task
    from coderoute.flow.candidate import needed
    from coderoute.flow.people import stands
    from coderoute.flow.runs import found
    from coderoute.journal import Journal

    arrived = import_(house, bundle, repo=repo, run=run, patch_sha256=patch_sha256)
    record = found(house.store, arrived.run_id)
    journal = Journal(house.store, arrived.run_id)
    task, hub = needed(journal, places.TASK, Task), hub_of(house, record)
    if hub is None or task.forge != repository_here(house.environ):
        raise Refused("the run is of no issue of this repository", remedy="start it here: coderoute run OWNER/REPO#12")
    base = stands(house.store, record)[0].base
    branch = (base.target or "").removeprefix("refs/heads/")
    there = hub.forge.head_of(branch) if branch else None
    if there != base.commit:
        raise TargetMoved(f"{branch or 'the target'} is at {(there or 'nothing')[:12]}, not at {base.commit[:12]}")
    publish_there(house, record, hub)
    return outputs(house.document(arrived.run_id), 0)
