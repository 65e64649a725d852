"""What every Repository tells of the commits before one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coderoute.ports import Identity

if TYPE_CHECKING:
    from tests.contracts.repository.conftest import Subject

SOMEBODY = Identity(name="Ada", email="ada@example.org")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_commit_comes_before_its_parent_with_what_it_changed_and_said(subject: Subject) -> None:
    repository = subject.repository
    base = repository.pin(None)
    tree = subject.write({"src/a.py": b"def a():\n    return 2\n", "src/new.py": b"", "noend.txt": None})
    commit = repository.commit(tree=tree, base=base, message="A is two\n\nFor once.\n", author=SOMEBODY, at=AT)
    newest, oldest = repository.history(commit, limit=10)
    assert newest.message == "A is two\n\nFor once."
    assert newest.paths == ("noend.txt", "src/a.py", "src/new.py")
    assert oldest.message == "start"
    assert "docs/gr\u00fc\u00dfe \u65e5\u672c.md" in oldest.paths


def test_no_more_commits_are_told_than_asked_for(subject: Subject) -> None:
    repository = subject.repository
    base = repository.pin(None)
    tree = subject.write({"src/a.py": b"A = 1\n"})
    commit = repository.commit(tree=tree, base=base, message="later", author=SOMEBODY, at=AT)
    assert [told.message for told in repository.history(commit, limit=1)] == ["later"]
