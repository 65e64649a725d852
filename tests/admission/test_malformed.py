"""Commits that git itself would not have made: told as such, or judged like any other, never a crash."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.admission.conftest import Workbench

FILE, FOLDER = b"100644", b"40000"


def entry(mode: bytes, name: bytes, oid: str) -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(oid)


def raw_tree(what: str, bench: "Workbench") -> bytes:
    blob, folder = bench.write("blob", b"x\n"), bench.tree({"b": "x"})
    match what:
        case "a name twice":
            return entry(FILE, b"a", blob) * 2
        case "a file and a folder of one name":
            return entry(FILE, b"a", blob) + entry(FOLDER, b"a", folder)
        case "entries out of order":
            return entry(FILE, b"b", blob) + entry(FILE, b"a", blob)
        case "a slash in a name":
            return entry(FILE, b"../../b", blob)
        case "a name of nothing":
            return entry(FILE, b"", blob)
        case "an entry cut off":
            return entry(FILE, b"a", blob)[:-5]
        case "no tree at all":
            return b"garbage"
        case "a folder that is a file":
            return entry(FOLDER, b"a", blob)
        case "a file that is a folder":
            return entry(FILE, b"a", bench.write("tree", b""))
        case "a file that is not there":
            return entry(FILE, b"a", "1" * 40)
        case "a folder that is not there":
            return entry(FOLDER, b"a", "1" * 40)
        case "a file of zeros":
            return entry(FILE, b"a", "0" * 40)
        case "a file that does not unpack":
            broken = bench.write("blob", b"y\n" * 500)
            place = bench.git_dir / "objects" / broken[:2] / broken[2:]
            place.write_bytes(place.read_bytes()[:-8])
            return entry(FILE, b"a", broken)
        case _:
            raise AssertionError(what)


@pytest.mark.parametrize(
    "what",
    [
        *("a name twice", "a file and a folder of one name", "entries out of order", "a slash in a name"),
        *("a name of nothing", "an entry cut off", "no tree at all", "a folder that is a file"),
        *("a file that is a folder", "a file that is not there", "a folder that is not there", "a file of zeros"),
        "a file that does not unpack",
    ],
)
def test_a_tree_that_is_none_is_bad_input(what: str, bench: "Workbench") -> None:
    base = bench.commit({"a": "x\n"})
    commit = bench.commit_tree(bench.write("tree", raw_tree(what, bench)), base)

    for options in ([commit], ["HEAD", "--base", base]):
        ended = bench.check(*options)
        assert (ended.code, "Traceback" in ended.err) == (2, False), ended.out
        assert ended.admission["error"]["remedy"]


@pytest.mark.parametrize(
    "data",
    [b"garbage", b"tree " + b"1" * 40 + b"\n\nx", b"tree --help\n\nx", b"", b"tree " + b"1" * 40],
    ids=["garbage", "no such tree", "an option for a tree", "nothing", "no text"],
)
def test_a_commit_that_is_none_is_bad_input(data: bytes, bench: "Workbench") -> None:
    bench.commit({"a": "x\n"})
    ended = bench.check(bench.write("commit", data))
    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.out


def test_old_ways_to_write_a_mode_are_read(bench: "Workbench") -> None:
    """Histories from long ago hold them."""
    blob, base = bench.write("blob", b"x\n"), bench.commit({"a": "x\n"})
    for mode in (b"100664", b"0100644"):
        commit = bench.commit_tree(bench.write("tree", entry(mode, b"a", blob) + entry(mode, b"b", blob)), base)
        assert bench.check(commit).verdict == "accepted", mode
