"""Which files of a sandbox count as changed, and which are left behind (the refusals: tests/contracts/repository)."""

import pytest

from coderoute.domain.snapshot import blob_oid, parents, refuse_unfit, sort_out
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK, SnapshotFile, TreeFile
from coderoute.errors import Refused


def entry(path: str, mode: str, data: bytes = b"x") -> TreeFile:
    return TreeFile(path=path, mode=mode, oid=blob_oid(data), size=len(data))


def file(path: str, mode: str = REGULAR, data: bytes = b"x") -> SnapshotFile:
    return SnapshotFile(path=path, mode=mode, data=data)


def test_the_id_of_a_blob_is_gits() -> None:
    assert blob_oid(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.mark.parametrize(
    ("known", "given", "unchanged"),
    [
        (REGULAR, REGULAR, True),
        (EXECUTABLE, EXECUTABLE, True),
        (SYMLINK, SYMLINK, True),
        ("100664", REGULAR, True),
        ("100775", EXECUTABLE, True),
        ("100664", EXECUTABLE, False),
        (REGULAR, EXECUTABLE, False),
        (REGULAR, SYMLINK, False),
        (SYMLINK, REGULAR, False),
        (GITLINK, REGULAR, False),
    ],
)
def test_the_same_bytes_are_unchanged_when_the_kind_is_the_same(known: str, given: str, unchanged: bool) -> None:
    found = sort_out({"a": entry("a", known)}, (), [file("a", given)])
    assert found.unchanged == (frozenset({"a"}) if unchanged else frozenset())
    assert len(found.changed) == (0 if unchanged else 1)


def test_other_bytes_are_a_change() -> None:
    assert sort_out({"a": entry("a", REGULAR)}, (), [file("a", data=b"y")]).changed == (file("a", data=b"y"),)


def test_a_leftover_is_taken_when_the_base_has_its_folder() -> None:
    leftovers = [file("node_modules/x.js"), file("a/__pycache__/b.pyc")]
    assert sort_out({}, {"node_modules"}, leftovers).changed == (leftovers[0],)


def test_a_git_folder_is_never_taken() -> None:
    assert sort_out({}, {".git", "a/.git"}, [file(".git/config"), file("a/.git/config")]).changed == ()


def test_nothing_may_stand_below_or_in_the_place_of_a_submodule() -> None:
    base = {"lib": entry("lib", GITLINK)}
    with pytest.raises(Refused, match=r"type\.change: lib was a submodule"):
        refuse_unfit(base, (), [file("lib")])
    with pytest.raises(Refused, match=r"path\.collision: lib/a lies below the file lib"):
        refuse_unfit(base, (), [file("lib/a")])


def test_the_folders_above_a_path_come_from_the_top() -> None:
    assert parents("a/b/c.txt") == ("a", "a/b")
    assert parents("a") == ()
