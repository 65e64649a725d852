"""What a patch is refused for before git sees it, and what looks bad in it and is not."""

import zlib
from base64 import b85encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.foreign_patch import MAX_ITEMS, MAX_PATCH_BYTES, MAX_UNPACKED_BYTES, admit_unapplied

HUNK = b"@@ -1 +1 @@\n-a\n+b\n"


def rules(patch: bytes, *known: str) -> list[tuple[str, str]]:
    return [(item.rule, item.path) for item in admit_unapplied(patch, known).items]


def both(old: bytes, new: bytes) -> bytes:
    return b"--- " + old + b"\n+++ " + new + b"\n" + HUNK


@pytest.mark.parametrize(
    ("what", "patch", "rule", "path"),
    [
        ("two dots", both(b"a/../x", b"b/../x"), "path.traversal", "../x"),
        ("two dots where git takes one off", both(b"../x", b"../x"), "path.traversal", "../x"),
        ("an absolute path", both(b"/etc/passwd", b"/etc/passwd"), "path.traversal", "/etc/passwd"),
        ("only the new name", both(b"/dev/null", b"b/../x"), "path.traversal", "../x"),
        ("only the old name", both(b"a/../x", b"/dev/null"), "path.traversal", "../x"),
        ("a hook", both(b"a/.git/hooks/x", b"b/.git/hooks/x"), "path.dotgit", ".git/hooks/x"),
        ("a hook without a prefix", both(b".git/hooks/x", b".git/hooks/x"), "path.dotgit", ".git/hooks/x"),
        ("a hook in other letters", both(b"a/.GIT/x", b"b/.GIT/x"), "path.dotgit", ".GIT/x"),
        ("a date behind", both(b"a/../x\t2020-01-01", b"b/../x\t2020-01-01"), "path.traversal", "../x"),
        ("Windows lines", both(b"a/../x\r", b"b/../x\r"), "path.traversal", "../x"),
        ("quotes", both(b'"a/..\\057x"', b'"b/..\\057x"'), "path.traversal", "../x"),
        ("a quoted control character", both(b'"a/x\\033y"', b'"b/x\\033y"'), "path.control", "x\x1by"),
        ("a quoted line break", both(b'"a/x\\ny"', b'"b/x\\ny"'), "path.control", "x\ny"),
        ("bytes that are no text", both(b"a/x\xff", b"b/x\xff"), "path.encoding", "x\udcff"),
        ("an option", both(b"a/-rf", b"b/-rf"), "path.name", "-rf"),
        ("a mode only", b"diff --git a/../x b/../x\nold mode 100644\nnew mode 100755\n", "path.traversal", "../x"),
        ("quoted on one line", b'diff --git "a/.git/x" "b/.git/x"\n', "path.dotgit", ".git/x"),
        ("half of it quoted", b'diff --git a/x "b/.git/x"\n', "path.dotgit", ".git/x"),
        ("a rename", b"diff --git a/x b/y\nrename from x\nrename to ../y\n", "path.traversal", "../y"),
        ("a copy", b"diff --git a/x b/y\ncopy from x\ncopy to .git/y\n", "path.dotgit", ".git/y"),
        ("a second file behind a signature", both(b"a/x", b"b/x") + b"-- \n2.40\n\n" + both(b"a/../y", b"b/../y"),
         "path.traversal", "../y"),
        ("a name without end", b"diff --git a/" + b"x" * 50_000 + b" b/y\n", "path.length", ""),
    ],
)  # fmt: skip
def test_a_hostile_path_is_refused_by_its_rule(what: str, patch: bytes, rule: str, path: str) -> None:
    found = rules(patch)
    assert [name for name, _ in found] == [rule], what
    assert path in found[0][1]


@pytest.mark.parametrize(
    ("what", "patch"),
    [
        ("an ordinary edit", both(b"a/src/x.py", b"b/src/x.py")),
        ("a new file", both(b"/dev/null", b"b/src/x.py")),
        ("other prefixes", both(b"i/src/x.py", b"w/src/x.py")),
        ("a date without a tab", both(b"a/x.py 2020-01-01 10:00:00.1 +0100", b"b/x.py 2020-01-01 10:00:00.1 +0100")),
        ("a name with spaces", b"diff --git a/a b c b/a b c\nold mode 100644\nnew mode 100755\n"),
        ("lines that look like names", b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/../y\n-b\n+++ b/../y\n+c\n"),
        (
            "such lines before the next hunk",
            b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- a/../y\n+++ b/../y\n@@ -9 +9 @@\n-a\n+b\n",
        ),
        ("an empty line in a hunk", b"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n--- ../y\n+-- ../z\n"),
        ("prose about a rename", b"Subject: x\n\nrename to ../y\n--- ../z\n\n" + both(b"a/x", b"b/x")),
        ("nothing", b""),
        ("a broken quotation", both(b'"a/x', b'"b/x')),
        ("a hunk of absurd length", b"--- a/x\n+++ b/x\n@@ -1," + b"9" * 5_000 + b" +1 @@\n-a\n+b\n"),
    ],
)
def test_what_only_looks_hostile_is_left_to_git(what: str, patch: bytes) -> None:
    assert rules(patch) == [], what


def test_a_badly_named_file_that_is_there_may_be_removed() -> None:
    patch = b"diff --git a/-x b/-x\ndeleted file mode 100644\n--- a/-x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    assert rules(patch) == [("path.name", "-x")]
    assert rules(patch, "-x") == []


def test_a_patch_too_large_is_refused_unread() -> None:
    (item,) = admit_unapplied(b"x" * (MAX_PATCH_BYTES + 1), ()).items
    assert (item.id, item.refuses) == ("size.total", True)
    assert str(MAX_PATCH_BYTES) in item.detail


def varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


def binary(kind: bytes, claimed: int, data: bytes) -> bytes:
    packed = zlib.compress(data)
    lines = [packed[at : at + 52] for at in range(0, len(packed), 52)]
    marks = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    body = b"".join(marks[len(line) - 1 : len(line)] + b85encode(line, pad=True) + b"\n" for line in lines)
    return b"GIT binary patch\n" + kind + b" %d\n" % claimed + body + b"\n"


HEADER = b"diff --git a/x.bin b/x.bin\n"


@pytest.mark.parametrize(
    ("what", "parts", "refused"),
    [
        ("a small picture", binary(b"literal", 100, b"x" * 100), False),
        ("a claim of much", binary(b"literal", MAX_UNPACKED_BYTES + 1, b"x" * 100), True),
        ("many claims", binary(b"literal", MAX_UNPACKED_BYTES // 4, b"x") * 5, True),
        ("a small difference", binary(b"delta", 20, varint(100) + varint(100) + b"\x90\x64"), False),
        ("a difference that grows", binary(b"delta", 20, varint(100) + varint(MAX_UNPACKED_BYTES) + b"\x90"), True),
        ("a difference that is none", b"GIT binary patch\ndelta 20\nzzz\n\n", False),
        ("a difference cut off", b"GIT binary patch\ndelta 20\n", False),
    ],
)
def test_what_unpacks_to_too_much_is_refused(what: str, parts: bytes, refused: bool) -> None:
    assert rules(HEADER + parts) == ([("size.total", "")] if refused else []), what


def test_a_flood_of_paths_is_cut() -> None:
    patch = b"".join(both(b"a/../%d" % number, b"b/../%d" % number) for number in range(1_000))
    assert len(rules(patch)) == MAX_ITEMS


@pytest.mark.parametrize(
    "patch",
    [b" " * 2_000_000, b"diff --git " + b"a " * 1_000_000, b"literal 1\n" * 200_000, b"--- x\n" * 200_000,
     b'diff --git "' + b"\\" * 1_000_000, b"@@ -1,9 +1,9 @@\n" * 100_000],
    ids=["spaces", "names", "parts", "halves", "backslashes", "hunks"],
)  # fmt: skip
def test_a_patch_made_to_take_long_is_read_in_one_go(patch: bytes) -> None:
    """Reading it twice over for each of its lines would not end."""
    admit_unapplied(patch, ())


@given(st.binary(max_size=300) | st.lists(st.sampled_from([
    b"diff --git ", b"--- ", b"+++ ", b"a/x", b'"', b"\\777", b"\n", b"@@ -1 +1 @@", b"rename to ", b"delta 9",
])).map(b"".join))  # fmt: skip
def test_any_bytes_are_read_without_an_error(patch: bytes) -> None:
    assert all(item.refuses and item.detail.isprintable() for item in admit_unapplied(patch, ()).items)
