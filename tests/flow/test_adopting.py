"""Whose run it is that came as a bundle: as the gate and the forge say, whatever the bundle does."""

from dataclasses import replace

import pytest

from coderoute.adapters.forge_inmemory import ACME, InMemoryForge
from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain import places
from coderoute.domain.run import RunRecord, Status
from coderoute.domain.task import Task
from coderoute.errors import Refused
from coderoute.flow.adopting import check_author, check_opened_for
from coderoute.journal import Journal

RUN = RunRecord(
    id="0a1b2c3d", created_at="2026-11-22T12:00:00+00:00", repository="/r", status=Status.AWAITING_APPROVAL,
    reason=None, problem=None, remedy=None, questions=(), title="t",
)  # fmt: skip
TASK = Task(source="github", title="t", body="b", number=1, sha256="0" * 64, author="carol", forge=ACME)


def came(task: Task = TASK, asked_by: str | None = "alice") -> InMemoryStore:
    store = InMemoryStore()
    store.create(RUN)
    journal = Journal(store, RUN.id)
    journal.put(places.TASK, Task, task)
    if asked_by is not None:
        journal.put(places.ASKED_BY, str, asked_by)
    return store


def test_what_the_gate_opened_for_may_arrive() -> None:
    check_opened_for(came(), RUN, issue="ACME/app#1", actor="alice")


@pytest.mark.parametrize(
    ("what", "store", "issue", "actor", "named"),
    [
        ("another issue", came(), "acme/app#2", "alice", "bundle.issue"),
        ("another repository", came(), "acme/other#1", "alice", "bundle.issue"),
        ("no issue", came(), "", "alice", "bundle.issue"),
        ("a file", came(replace(TASK, forge=None)), "acme/app#1", "alice", "bundle.issue"),
        ("somebody else asked", came(asked_by="bob"), "acme/app#1", "alice", "bundle.actor"),
        ("nobody is said to have asked", came(asked_by=None), "acme/app#1", "alice", "bundle.actor"),
        ("the gate's word is missing", came(asked_by=None), "acme/app#1", "", "bundle.actor"),
    ],
)
def test_nothing_else_arrives(what: str, store: InMemoryStore, issue: str, actor: str, named: str) -> None:
    with pytest.raises(Refused) as refused:
        check_opened_for(store, RUN, issue=issue, actor=actor)
    assert refused.value.problem.startswith(named), what


@pytest.fixture
def forge() -> InMemoryForge:
    """acme/app, whose issue 1 is carol's."""
    found = InMemoryForge()
    found.person("carol")
    assert found.open_issue("t", "b", author="carol") == 1
    return found


def test_who_wrote_the_issue_is_who_the_forge_says(forge: InMemoryForge) -> None:
    check_author(TASK, forge)


@pytest.mark.parametrize("author", ["mallory", "Carol", None])
def test_nobody_else_is_named_as_its_author(author: str | None, forge: InMemoryForge) -> None:
    with pytest.raises(Refused) as refused:
        check_author(replace(TASK, author=author), forge)
    assert refused.value.problem.startswith("bundle.author")
    assert "carol" in refused.value.problem
