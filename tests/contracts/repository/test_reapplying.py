"""What every Repository promises about a change that is carried over to another base."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from coderoute.errors import Refused
from coderoute.ports import Identity, Reapplied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.contracts.repository.conftest import Subject

Files = dict[str, bytes | None]

OURS: Files = {"src/a.py": b"def a():\n    return 2\n", "src/new.py": b"new\n", "README.md": None}


def carried(subject: Subject, ours: Files, theirs: Files) -> Reapplied:
    return subject.repository.reapply(subject.base, subject.write(ours), subject.write(theirs))


def expected(subject: Subject, *layers: Mapping[str, bytes | None]) -> dict[str, bytes]:
    there = subject.contents(subject.base)
    for layer in layers:
        there |= layer
    return {path: data for path, data in sorted(there.items()) if data is not None}


def test_a_change_of_other_files_is_there_as_it_was(subject: Subject) -> None:
    theirs: Files = {"noend.txt": b"three", "src/deep/b.py": None, "src/theirs.py": b"x\n"}

    done = carried(subject, OURS, theirs)

    assert done.conflicts == ()
    assert subject.contents(done.tree) == expected(subject, theirs, OURS)


def test_where_nothing_else_changed_the_tree_is_the_same(subject: Subject) -> None:
    tree = subject.write(OURS)
    assert subject.repository.reapply(subject.base, tree, subject.base) == Reapplied(tree=tree, conflicts=())


def test_what_the_other_base_has_already_changes_nothing_there(subject: Subject) -> None:
    theirs = subject.write(OURS | {"src/theirs.py": b"x\n"})
    assert subject.repository.reapply(subject.base, subject.write(OURS), theirs) == Reapplied(tree=theirs, conflicts=())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"src/a.py": b"def a():\n    return 2\n"}, {"src/a.py": b"def a():\n    return 3\n"}),
        ({"src/a.py": None}, {"src/a.py": b"def a():\n    return 3\n"}),
        ({"src/a.py": b"def a():\n    return 2\n"}, {"src/a.py": None}),
        ({"src/a.py": b"made by us\n"}, {"src/a.py": b"made by them\n"}),
        ({"logo.bin": b"\0ours"}, {"logo.bin": b"\0theirs"}),
    ],
    ids=["the same line", "we remove it", "they remove it", "all of it", "binary"],
)
def test_a_conflict_is_named_and_the_file_is_as_the_other_base_has_it(
    subject: Subject, ours: Files, theirs: Files
) -> None:
    done = carried(subject, ours | {"src/new.py": b"new\n"}, theirs)

    assert done.conflicts == tuple(ours)
    assert subject.contents(done.tree) == expected(subject, theirs, {"src/new.py": b"new\n"})


def test_two_new_files_of_one_name_are_a_conflict(subject: Subject) -> None:
    done = carried(subject, {"src/x.py": b"ours\n"}, {"src/x.py": b"theirs\n"})
    assert done.conflicts == ("src/x.py",)
    assert subject.repository.read(done.tree, "src/x.py") == b"theirs\n"


def test_the_difference_on_the_new_base_is_the_change_alone(subject: Subject) -> None:
    theirs = subject.write({"src/theirs.py": b"x\n"})
    done = subject.repository.reapply(subject.base, subject.write(OURS), theirs)
    assert [change.path for change in subject.repository.changes(theirs, done.tree)] == sorted(OURS)


def test_a_branch_is_moved_from_a_commit_that_it_replaces_and_from_no_other(subject: Subject) -> None:
    author, at = Identity(name="Ada", email="ada@example.org"), datetime(2026, 11, 22, tzinfo=UTC)
    detached = subject.repository.pin(subject.repository.pin(None).commit)

    def merge(files: Files, replaces: Sequence[str]) -> str:
        merged = subject.repository.merge(
            tree=subject.write(files), base=detached, branch="coderoute/x", message="m", author=author, at=at,
            replaces=replaces,
        )  # fmt: skip
        return merged.commit

    first = merge(OURS, ())
    with pytest.raises(Refused, match="exists already"):
        merge({"a.txt": b"a"}, ["0" * 40])

    second = merge({"a.txt": b"a"}, [first])

    assert subject.repository.pin("coderoute/x").commit == second != first
