"""An event of GitHub Actions -> who asks for a run of which issue, or for a merge; or why nobody does.

An event's file is written by the forge, but most texts in it by whoever likes to: an issue's title, a comment, a label.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from coderoute.domain.forge import Access, ForgeRepository
from coderoute.domain.paths import shown

MAX_EVENT_BYTES = 30_000_000
"""GitHub sends at most 25 MB."""
MODES = ("run", "plan")
NEEDED = "write, maintain or admin"

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,60}[A-Za-z0-9])?")
_NUMBER = re.compile(r"#?([1-9][0-9]{0,9})")
_BRANCH = re.compile(r"coderoute/[A-Za-z0-9._-]{1,120}-([0-9a-f]{8})")
_WORD = re.compile(r"/coderoute[ \t]+(?:approve|reject|send-back|merge)\b")
_COMMAND = re.compile(r"/coderoute(?:[ \t]+(?P<mode>[a-z-]+))?[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody asks for a run. `issue_sha256` is of the issue as it was at that moment, None where the event does not
    say: then it counts as the forge has it when it is first asked."""

    issue: int
    mode: str
    actor: str
    how: str
    """`dispatch`, `label` or `comment`."""
    issue_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeAsk:
    """Somebody said something about a pull request that may end in its merge. `run_id` None: nobody has looked yet
    which run it is of."""

    pull: int
    actor: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Nothing is to be done, and why."""

    reason: str
    """A short snake_case word."""
    detail: str


def asked(name: str, payload: bytes, *, repository: ForgeRepository, label: str) -> Ask | NotAsked:
    """What the event `name` with this payload asks for, in `repository`. Whether its sender may ask is another
    question, and for the forge: see `allowed`."""
    event = _read(payload)
    if isinstance(event, NotAsked):
        return event
    if _text(event, "repository", "full_name").lower() != repository.slug.lower():
        return NotAsked(reason="other_repository", detail=f"the event is not of {repository.slug}")
    actor = _person(event, "sender")
    if actor is None:
        return NotAsked(reason="not_a_person", detail="its sender is no person: bots and apps start nothing")
    match name:
        case "workflow_dispatch":
            return _dispatched(event, actor, repository)
        case "issues":
            return _labelled(event, actor, label)
        case "issue_comment":
            return _commented(event, actor)
        case _:
            return NotAsked(reason="other_event", detail=f"the event {shown(name)[:60]!r} starts nothing")


def asked_to_merge(name: str, payload: bytes, *, repository: ForgeRepository) -> MergeAsk | NotAsked:
    """The pull request that the event `name` is a person's word about. What the word is worth is for the forge."""
    event = _read(payload)
    if isinstance(event, NotAsked):
        return event
    if _text(event, "repository", "full_name").lower() != repository.slug.lower():
        return NotAsked(reason="other_repository", detail=f"the event is not of {repository.slug}")
    actor = _person(event, "sender")
    if actor is None:
        return NotAsked(reason="not_a_person", detail="its sender is no person: bots and apps start nothing")
    match name:
        case "pull_request_review":
            return _reviewed(event, actor)
        case "issue_comment":
            return _spoken(event, actor)
        case _:
            return NotAsked(reason="other_event", detail=f"the event {shown(name)[:60]!r} merges nothing")


def run_of_branch(branch: str) -> str | None:
    """The run whose change is on `branch`, by its name alone; None for a branch of another kind."""
    found = _BRANCH.fullmatch(branch)
    return found and found[1]


def allowed(actor: str, access: Access) -> NotAsked | None:
    """Why what the forge lets `actor` do is not enough, None where it is."""
    if access.may_write:
        return None
    return NotAsked(reason="no_permission", detail=f"{actor} has {access.value} permission; {NEEDED} is needed")


def issue_sha256(title: str, body: str) -> str:
    """Of what an issue says: equal for the same words."""
    return hashlib.sha256(json.dumps([title, body]).encode("ascii")).hexdigest()


def _read(payload: bytes) -> Mapping[str, object] | NotAsked:
    broken = NotAsked(reason="unreadable", detail="the event's file is no JSON object of a size that GitHub sends")
    if len(payload) > MAX_EVENT_BYTES:
        return broken
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return broken
    return event if isinstance(event, dict) else broken


def _dispatched(event: Mapping[str, object], actor: str, repository: ForgeRepository) -> Ask | NotAsked:
    given = _text(event, "inputs", "issue").strip()
    slug, server = repository.slug.lower(), repository.server.lower()
    for beginning in (f"{server}/{slug}/issues/", f"{slug}#"):
        if given.lower().startswith(beginning):
            given = given[len(beginning) :]
            break
    number = _NUMBER.fullmatch(given)
    if number is None:
        return NotAsked(reason="no_issue", detail=f"the input issue names no issue of {repository.slug}")
    mode = _text(event, "inputs", "mode") or MODES[0]
    if mode not in MODES:
        return NotAsked(reason="no_mode", detail=f"the input mode is none of {', '.join(MODES)}")
    return Ask(issue=int(number[1]), mode=mode, actor=actor, how="dispatch", issue_sha256=None)


def _labelled(event: Mapping[str, object], actor: str, label: str) -> Ask | NotAsked:
    if _text(event, "action") != "labeled" or _text(event, "label", "name") != label:
        return NotAsked(reason="other_label", detail=f"only the label {shown(label)!r}, put on an issue, starts a run")
    return _of_issue(event, actor, MODES[0], "label")


def _commented(event: Mapping[str, object], actor: str) -> Ask | NotAsked:
    refused = _not_new(event, actor)
    if refused is not None:
        return refused
    first = _text(event, "comment", "body").split("\n", 1)[0].rstrip("\r")
    command = _COMMAND.fullmatch(first)
    if command is None:
        return NotAsked(reason="no_command", detail="the comment does not begin with a line /coderoute")
    mode = command["mode"] or MODES[0]
    if mode not in MODES:
        return NotAsked(reason="other_command", detail=f"/coderoute {mode} starts no run")
    return _of_issue(event, actor, mode, "comment")


def _reviewed(event: Mapping[str, object], actor: str) -> MergeAsk | NotAsked:
    if _text(event, "action") != "submitted" or _text(event, "review", "state").lower() != "approved":
        return NotAsked(reason="no_approval", detail="only an approving review, just given, can end in a merge")
    if _person(event, "review", "user") != actor:
        return NotAsked(reason="not_a_person", detail="the review was not given by the person who sent it")
    return _of_pull_request(actor, _at(event, "pull_request", "number"))


def _spoken(event: Mapping[str, object], actor: str) -> MergeAsk | NotAsked:
    if _at(event, "issue", "pull_request") is None:
        return NotAsked(reason="no_pull_request", detail="the comment is on an issue, not on a pull request")
    refused = _not_new(event, actor)
    if refused is not None:
        return refused
    if not _WORD.match(_text(event, "comment", "body").strip()):
        return NotAsked(reason="no_command", detail="the comment does not begin with a word to coderoute")
    return _of_pull_request(actor, _at(event, "issue", "number"))


def _of_pull_request(actor: str, number: object) -> MergeAsk | NotAsked:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**10:
        return NotAsked(reason="no_pull_request", detail="the event names no pull request")
    return MergeAsk(pull=number, actor=actor)


def _not_new(event: Mapping[str, object], actor: str) -> NotAsked | None:
    """Why its comment does not count, None where `actor` has just written it."""
    if _text(event, "action") != "created":
        return NotAsked(reason="edited", detail="only a new comment counts, not one that was edited or deleted")
    if _person(event, "comment", "user") != actor or _at(event, "comment", "performed_via_github_app") is not None:
        return NotAsked(reason="not_a_person", detail="the comment was not written by the person who sent it")
    return None


def _of_issue(event: Mapping[str, object], actor: str, mode: str, how: str) -> Ask | NotAsked:
    number = _at(event, "issue", "number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**10:
        return NotAsked(reason="no_issue", detail="the event names no issue")
    if _at(event, "issue", "pull_request") is not None:
        return NotAsked(reason="pull_request", detail=f"#{number} is a pull request, not an issue")
    if _text(event, "issue", "state") != "open":
        return NotAsked(reason="closed", detail=f"#{number} is not open")
    title, body = _at(event, "issue", "title"), _at(event, "issue", "body")
    if not isinstance(title, str) or not (body is None or isinstance(body, str)):
        return NotAsked(reason="no_issue", detail=f"#{number} has no text")
    return Ask(issue=number, mode=mode, actor=actor, how=how, issue_sha256=issue_sha256(title, body or ""))


def _person(event: Mapping[str, object], *path: str) -> str | None:
    """The login of the account there; None for a bot, an app, an organisation or nobody."""
    login = _text(event, *path, "login")
    if _text(event, *path, "type") != "User" or not _LOGIN.fullmatch(login):
        return None
    return login


def _at(event: object, *path: str) -> object:
    for part in path:
        event = event.get(part) if isinstance(event, dict) else None
    return event


def _text(event: object, *path: str) -> str:
    """Empty where there is none."""
    found = _at(event, *path)
    return found if isinstance(found, str) else ""
