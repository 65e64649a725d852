"""A patch in pieces: each of its lines in exactly one, and no line of a file taken for one of git's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.hunks import Piece, next_where, path_of, pieces, place_of, reading_order
from coderoute.domain.work import EXECUTABLE, REGULAR, SnapshotFile

TEN = b"".join(b"line %d\n" % n for n in range(1, 11))
FAR_APART = TEN.replace(b"line 1\n", b"one\n").replace(b"line 10\n", b"ten\n")


def between(before: dict[str, bytes], after: dict[str, bytes], mode: str = REGULAR) -> bytes:
    stays = {"stays.txt": b"x\n"}
    repository = InMemoryRepository(stays | before)
    base = repository.pin(None).tree
    files = [SnapshotFile(path="stays.txt", mode=REGULAR, data=b"x\n")]
    files += [SnapshotFile(path=path, mode=mode, data=data) for path, data in sorted(after.items())]
    return repository.diff(base, repository.write_tree(base, files))


def raw(found: tuple[Piece, ...]) -> list[bytes]:
    return [line.raw for piece in found for line in piece.lines]


def test_each_hunk_is_a_piece_and_the_first_has_the_header_of_its_file() -> None:
    found = pieces(between({"a.py": TEN}, {"a.py": FAR_APART}))

    assert [(piece.path, piece.file, piece.files, piece.hunk, piece.hunks) for piece in found] == [
        ("a.py", 1, 1, 1, 2), ("a.py", 1, 1, 2, 2),
    ]  # fmt: skip
    assert found[0].lines[0].raw.startswith(b"diff --git ")
    assert found[1].lines[0].raw.startswith(b"@@ ")
    assert [(piece.added, piece.removed) for piece in found] == [(1, 1), (1, 1)]


def test_lines_are_numbered_as_in_their_files() -> None:
    (piece,) = pieces(between({"a.py": TEN}, {"a.py": b"new\n" + TEN.replace(b"line 3\n", b"")}))

    numbers = [(line.sign, line.old, line.new, line.data) for line in piece.lines if line.sign]
    assert numbers[:5] == [
        ("+", None, 1, b"new"), (" ", 1, 2, b"line 1"), (" ", 2, 3, b"line 2"), ("-", 3, None, b"line 3"),
        (" ", 4, 4, b"line 4"),
    ]  # fmt: skip
    assert [line.number for line in piece.lines if line.sign == "-"] == [3]


def test_tests_are_read_first() -> None:
    found = pieces(between({}, {"a.py": b"x\n", "tests/test_a.py": b"y\n", "contest.py": b"z\n"}))

    assert [piece.path for piece in found] == ["tests/test_a.py", "a.py", "contest.py"]
    assert [piece.path for piece in found] == reading_order(["contest.py", "a.py", "tests/test_a.py"])


@pytest.mark.parametrize(
    "line",
    [
        b"diff --git a/evil.py b/evil.py", b"@@ -1,9 +1,9 @@", b"+++ b/evil.py", b"--- a/evil.py",
        b"\\ No newline at end of file", b"-- ", b"", b"Binary files a/x and b/x differ", b"index 12..34",
    ],
)  # fmt: skip
def test_a_line_of_a_file_that_looks_like_git_s_own_stays_a_line_of_that_file(line: bytes) -> None:
    patch = between({"a.py": TEN}, {"a.py": TEN + line + b"\n", "b.py": b"x\n"})

    found = pieces(patch)

    assert [piece.path for piece in found] == ["a.py", "b.py"]
    assert [one.data for one in found[0].lines if one.sign == "+"] == [line]


def test_what_has_no_hunk_is_a_piece_all_the_same() -> None:
    (piece,) = pieces(between({"run.sh": TEN}, {"run.sh": TEN}, mode=EXECUTABLE))

    assert [line.raw for line in piece.lines] == [
        b"diff --git a/run.sh b/run.sh", b"old mode 100644", b"new mode 100755",
    ]  # fmt: skip
    assert piece.anchor is None


def test_a_file_without_an_end_of_line_keeps_git_s_remark() -> None:
    (piece,) = pieces(between({"a.py": b"x"}, {"a.py": b"y"}))

    assert [line.raw for line in piece.lines][-4:] == [
        b"-x", b"\\ No newline at end of file", b"+y", b"\\ No newline at end of file",
    ]  # fmt: skip


def test_a_deleted_binary_file_is_a_piece_with_all_its_lines() -> None:
    patch = b"""diff --git a/logo.png b/logo.png
deleted file mode 100644
index 12aa..0000
GIT binary patch
literal 0
HcmV?d00001

literal 9
QcmZQzWMXDvWB|hk0000201yBG

diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -1 +1 @@
-a
+b
"""
    found = pieces(patch)

    assert [(piece.path, len(piece.lines)) for piece in found] == [("logo.png", 10), ("x.py", 7)]


lines = st.lists(
    st.sampled_from([b"a", b"", b"-- x", b"++ b/x", b"@@ -1 +1 @@", b"diff --git a/x b/x", b"\\ No", b"\r", b"\xff"]),
    max_size=30,
)
texts = st.tuples(lines, st.booleans()).map(lambda given: b"\n".join(given[0]) + (b"\n" if given[1] else b""))


@given(st.dictionaries(st.sampled_from(["a.py", "b/c.py", "tests/t.py", "sp ace.py"]), st.tuples(texts, texts)))
def test_every_line_of_a_patch_is_in_exactly_one_piece(files: dict[str, tuple[bytes, bytes]]) -> None:
    patch = between({path: old for path, (old, _) in files.items()}, {path: new for path, (_, new) in files.items()})

    found = pieces(patch)

    assert sorted(raw(found)) == sorted(patch.split(b"\n")[:-1])
    changed = {path for path, (old, new) in files.items() if old != new}
    assert {piece.path for piece in found} == changed
    for path in changed:
        new = [line.data for piece in found for line in piece.lines if piece.path == path and line.sign == "+"]
        assert set(new) <= set(files[path][1].split(b"\n"))


@given(st.binary(), st.lists(st.sampled_from([b"diff --git a/x b/x\n", b"@@ -1,2 +1 @@\n", b" a\n", b"-b\n", b"+c\n"])))
def test_nothing_is_lost_of_bytes_that_are_no_patch(junk: bytes, parts: list[bytes]) -> None:
    data = b"".join(parts) + junk

    assert sorted(raw(pieces(data))) == sorted(data.split(b"\n")[: -1 if data.endswith(b"\n") or not data else None])


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"diff --git a/x.py b/x.py", "x.py"),
        (b"diff --git a/a b/c.py b/a b/c.py", "a b/c.py"),
        (rb'diff --git "a/na\303\257ve.py" "b/na\303\257ve.py"', "na\u00efve.py"),
        (b"diff --git a/\xff.py b/\xff.py", "\udcff.py"),
        (b"diff --git a/x b/y", "a/x b/y"),
        (b"diff --git nonsense", "nonsense"),
    ],
)
def test_the_path_is_read_from_the_header(line: bytes, path: str) -> None:
    assert path_of(line) == path


def test_a_word_about_a_line_belongs_to_the_hunk_that_shows_it() -> None:
    found = pieces(between({"a.py": TEN, "gone.py": b"x\ny\n"}, {"a.py": FAR_APART}))

    assert place_of(found, "a.py", 1) == 0
    assert place_of(found, "a.py", 10) == 1
    assert place_of(found, "a.py", 99) == 0, "a line that is not shown: the file's first"
    assert place_of(found, "a.py", None) == 0
    assert place_of(found, "elsewhere.py", 1) is None


def test_of_a_deleted_file_the_old_lines_count() -> None:
    (piece,) = pieces(between({"gone.py": b"x\ny\n"}, {}))

    assert (piece.deletes, piece.has(2), piece.has(3), piece.anchor) == (True, True, False, 1)


def test_a_search_goes_round() -> None:
    found = pieces(between({}, {"a.py": b"x\n", "b.py": b"y\n", "c.py": b"z\n"}))

    assert next_where(found, 1, lambda piece: piece.path == "a.py") == 0
    assert next_where(found, -1, lambda piece: piece.path == "a.py") == 0
    assert next_where(found, 1, lambda piece: piece.path == "b.py") == 1
    assert next_where(found, 1, lambda piece: piece.path == "d.py") is None


def test_a_comment_is_about_the_first_line_that_changed() -> None:
    added, removed, last = (
        pieces(between({"a.py": TEN}, {"a.py": text}))[0].anchor
        for text in (TEN.replace(b"line 5", b"five"), TEN.replace(b"line 5\n", b""), TEN.replace(b"line 10\n", b""))
    )

    assert (added, removed, last) == (5, 5, 9)
