"""The jobs of a workflow: what they read of the runner's files, what they ask of the forge, what they write."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from coderoute.domain.ci_artifact import MAX_LIST_BYTES, workflow_run
from coderoute.domain.ci_event import (
    MAX_EVENT_BYTES,
    Ask,
    MergeAsk,
    NotAsked,
    allowed,
    asked,
    asked_to_merge,
    issue_sha256,
    run_of_branch,
)
from coderoute.domain.ci_words import annotations, output_lines, outputs, valid
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.paths import shown
from coderoute.errors import BadInput, CoderouteError, ConfigurationError, Refused
from coderoute.ports import Forge
from coderoute.wiring.forge import connect
from coderoute.wiring.house import House

MAX_DOCUMENT_BYTES = 30_000_000
NOT_ASKED = "not_asked"
"""The conclusion of a gate that stays shut."""
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
    refused = not_by_a_writer(forge, ask.actor)
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


def merge_gate(house: House, *, connect: Connect = connect) -> MergeAsk | NotAsked:
    """Who said something about which run's pull request that may end in its merge. Whether the word counts is asked
    when it is merged.

    Raises:
        ConfigurationError, Unavailable: as `gate`.
    """
    repository = repository_here(house.environ)
    ask = asked_to_merge(house.environ.get("GITHUB_EVENT_NAME", ""), event_bytes(house.environ), repository=repository)
    if isinstance(ask, NotAsked):
        return ask
    forge = connect(house, repository)
    refused = not_by_a_writer(forge, ask.actor)
    if refused is not None:
        return refused
    try:
        pull = forge.pull_request(ask.pull)
    except BadInput as error:
        return NotAsked(reason="no_pull_request", detail=error.problem)
    run_id = run_of_branch(pull.head_branch)
    if not pull.is_open or not pull.same_repository or run_id is None:
        return NotAsked(reason="no_pull_request", detail=f"#{ask.pull} is no open pull request of a run")
    return replace(ask, run_id=run_id)


def not_by_a_writer(forge: Forge, actor: str) -> NotAsked | None:
    """Why the forge's own word about an event's sender forbids it, None where it does not."""
    account = forge.account(actor)
    if account is None or not account.human:
        return NotAsked(reason="not_a_person", detail=f"{actor} is no person: bots and apps start nothing")
    return allowed(actor, forge.access(actor))


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
        return valid({"go": "false", "conclusion": NOT_ASKED, "reason": found.reason, **empty})
    return valid(
        {
            "go": "true", "conclusion": "", "reason": "", "issue": f"{repository.slug}#{found.issue}",
            "mode": found.mode, "actor": found.actor, "issue_sha256": found.issue_sha256 or "",
        }
    )  # fmt: skip


def merge_gate_outputs(found: MergeAsk | NotAsked) -> dict[str, str]:
    """All outputs of the gate before a merge, empty where there is nothing to do."""
    if isinstance(found, NotAsked):
        empty = dict.fromkeys(("pull", "run_id", "actor"), "")
        return valid({"go": "false", "conclusion": NOT_ASKED, "reason": found.reason, **empty})
    return valid(
        {
            "go": "true", "conclusion": "", "reason": "", "pull": str(found.pull), "run_id": found.run_id or "",
            "actor": found.actor,
        }
    )  # fmt: skip


def artifact_outputs(listed: Path, run_id: str) -> dict[str, str]:
    """Where the bundle of a run is.

    Raises:
        Refused: nowhere any more.
    """
    try:
        with listed.open("rb") as file:
            found = workflow_run(file.read(MAX_LIST_BYTES), run_id)
    except OSError:
        found = None
    if found is None:
        raise Refused(
            f"the bundle of run {shown(run_id)} is not among the artifacts of this repository, or has expired",
            remedy="start the run again: comment /coderoute on its issue",
        )
    return valid({"workflow_run": str(found)})


def report(house: House, document: Path, exit_code: int) -> Reported:
    """Of the JSON document that a command left and of its exit code. The document may be missing, or anything; then
    the run itself is asked, if there is one."""
    from coderoute.report.ci_page import remarks, summary

    left = read_document(document)
    doc = left if "status" in left else {**of_the_run(house, left), **why(left)}
    found = outputs(doc, exit_code)
    lines = annotations(remarks(doc)) if found["run_id"] else ()
    redacted = house.keys.redacted
    page = summary(doc if found["run_id"] else why(left), found)
    return Reported(outputs=found, annotations=tuple(map(redacted, lines)), summary=redacted(page))


def read_document(path: Path) -> dict[str, object]:
    """Empty where there is none, or it is none of a command's."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_DOCUMENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def of_the_run(house: House, left: Mapping[str, object]) -> dict[str, object]:
    """The document of the run that a command failed in: it names it, or left nothing since it was killed. Empty
    where it says that there was none."""
    from coderoute.flow import finding

    name = left.get("run_id", "last")
    if not isinstance(name, str):
        return {}
    try:
        return house.document(finding.find(house.store, name).id)
    except CoderouteError:
        return {}


def why(left: Mapping[str, object]) -> dict[str, object]:
    """What a failed command says of itself, in the places where a run says it."""
    error = left.get("error")
    if not isinstance(error, dict):
        return {}
    return {"reason": "error", "problem": error.get("problem"), "remedy": error.get("remedy"), "questions": []}


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
