"""What every Repository promises about the difference of two trees, and about merging one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from unidiff.patch import PatchSet

from coderoute.domain.task import Base
from coderoute.errors import BadInput, Refused
from coderoute.ports import Identity, MergeResult

if TYPE_CHECKING:
    from tests.contracts.repository.conftest import Subject

AUTHOR = Identity(name="\u00c4nne Beispiel", email="aenne@example.org")
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

CHANGED: dict[str, bytes | None] = {
    "README.md": None,
    "docs/gr\u00fc\u00dfe \u65e5\u672c.md": b"hello\nworld\n",
    "empty.txt": b"no longer\n",
    "logo.bin": b"\0other",
    "noend.txt": b"one\ntwo\n",
    "src/a space.py": b"x = 'pin'\n",
    "src/new.py": b"a\nb\nc",
}


def test_changes_are_told_by_path_with_counted_lines(subject: Subject) -> None:
    changes = subject.repository.changes(subject.base, subject.write(CHANGED))
    told = {
        change.path: (change.created, change.deleted, change.added, change.removed, change.binary) for change in changes
    }
    assert list(told) == sorted(CHANGED)
    assert told == {
        "README.md": (False, True, 0, 3, False),
        "docs/gr\u00fc\u00dfe \u65e5\u672c.md": (False, False, 1, 0, False),
        "empty.txt": (False, False, 1, 0, False),
        "logo.bin": (False, False, 0, 0, True),
        "noend.txt": (False, False, 1, 1, False),
        "src/a space.py": (False, False, 1, 1, False),
        "src/new.py": (True, False, 3, 0, False),
    }
    assert {change.old_mode for change in changes if change.created} == {"000000"}


def test_the_same_trees_differ_in_nothing(subject: Subject) -> None:
    base = subject.base
    assert subject.repository.changes(base, base) == ()
    assert subject.repository.diff(base, base) == b""


def test_the_patch_text_tells_what_the_changes_tell(subject: Subject) -> None:
    base, tree = subject.base, subject.write(CHANGED)
    patch = subject.repository.diff(base, tree)
    assert patch == subject.repository.diff(base, tree)
    parsed = {file.path: (file.added, file.removed) for file in PatchSet(patch.decode("utf-8", "surrogateescape"))}
    changes = subject.repository.changes(base, tree)
    assert parsed == {change.path: (change.added, change.removed) for change in changes}
    for change in changes:
        assert f"index {change.old_oid}..{change.new_oid}".encode() in patch


def merge(subject: Subject, tree: str, base: Base, branch: str) -> MergeResult:
    return subject.repository.merge(tree=tree, base=base, branch=branch, message="Do it\n", author=AUTHOR, at=AT)


def test_a_merge_commits_on_the_base_and_moves_the_target(subject: Subject) -> None:
    base, tree = subject.repository.pin(None), subject.write(CHANGED)
    merged = merge(subject, tree, base, "coderoute/x-1")
    assert (merged.branch, merged.target_moved, merged.why, merged.command) == ("coderoute/x-1", True, None, None)
    for name in ("main", "coderoute/x-1", None):
        assert subject.repository.pin(name).commit == merged.commit
        assert subject.repository.pin(name).tree == tree
    assert subject.repository.pin(None).repository_id == base.repository_id


def test_a_repeated_merge_changes_nothing_more(subject: Subject) -> None:
    base, tree = subject.repository.pin(None), subject.write(CHANGED)
    first, second = (merge(subject, tree, base, "coderoute/x") for _ in range(2))
    assert first == second
    assert subject.repository.pin("main").commit == first.commit


def test_without_a_target_only_the_branch_is_made(subject: Subject) -> None:
    start = subject.repository.pin(None)
    base, tree = subject.repository.pin(start.commit), subject.write(CHANGED)
    merged = merge(subject, tree, base, "coderoute/x")
    assert not merged.target_moved
    assert merged.why
    assert merged.command == "git merge --ff-only coderoute/x"
    assert subject.repository.pin("main").commit == start.commit
    assert subject.repository.pin("coderoute/x").commit == merged.commit


def test_a_target_that_moved_is_left_alone(subject: Subject) -> None:
    base = subject.repository.pin(None)
    ours, theirs = subject.write({"src/a.py": b"ours\n"}), subject.write({"src/a.py": b"theirs\n"})
    other = merge(subject, theirs, base, "other")
    with pytest.raises(Refused, match="target moved"):
        merge(subject, ours, base, "coderoute/x")
    assert subject.repository.pin("main").commit == other.commit
    with pytest.raises(BadInput):
        subject.repository.pin("coderoute/x")


def test_a_branch_of_another_commit_is_not_overwritten(subject: Subject) -> None:
    base = subject.repository.pin(subject.repository.pin(None).commit)
    merge(subject, subject.write({"a": b"1"}), base, "x")
    before = subject.repository.pin("x")
    with pytest.raises(Refused, match="exists already"):
        merge(subject, subject.write({"a": b"2"}), base, "x")
    assert subject.repository.pin("x") == before
