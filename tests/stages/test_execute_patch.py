"""A patch by a model: each hunk where it is meant, all or nothing, its numbers only a hint."""

import difflib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.stages.execute.editing.misfit import Misfit
from coderoute.stages.execute.editing.patch import patched
from coderoute.stages.execute.editing.patch_reading import FilePatch, read_patch

FILE = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 1\n"


def only(patch: str) -> FilePatch:
    (file,) = read_patch(patch)
    return file


def after(patch: str, text: str | None = FILE) -> str | None:
    return patched(only(patch), text).text


def hunk(*rows: str, header: str = "@@", path: str = "a.py") -> str:
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", header, *rows, ""])


MEANT = FILE.replace("return 1\n\n", "return 2\n\n")
CHANGE = ("     def f(self):", "-        return 1", "+        return 2")


@pytest.mark.parametrize(
    ("what", "patch"),
    [
        ("as git writes it", hunk(*CHANGE, header="@@ -2,2 +2,2 @@ class A:")),
        ("without numbers", hunk(*CHANGE)),
        ("with wrong numbers", hunk(*CHANGE, header="@@ -90,7 +91,3 @@")),
        ("in a fence, with words around", f"Here it is:\n```diff\n{hunk(*CHANGE)}```\n"),
        ("with git's own lines", "diff --git a/a.py b/a.py\nindex 1234567..89abcde 100644\n" + hunk(*CHANGE)),
        ("with carriage returns", hunk(*CHANGE).replace("\n", "\r\n")),
        ("with a word about the last line end", hunk(*CHANGE, "\\ No newline at end of file")),
        ("without the space before what stays", hunk("    def f(self):", *CHANGE[1:])),
        ("indented less", hunk(" def f(self):", "-    return 1", "+    return 2")),
        ("with blanks at a line's end", hunk("     def f(self): ", *CHANGE[1:])),
        ("with an empty line for a blank one", hunk(*CHANGE, "", "     def g(self):")),
        (
            "of the other format",
            "*** Begin Patch\n*** Update File: a.py\n@@ class A:\n" + "\n".join(CHANGE) + "\n*** End Patch\n",
        ),
        (
            "by its section",
            "*** Begin Patch\n*** Update File: a.py\n@@ def f(self):\n" + "\n".join(CHANGE[1:]) + "\n*** End Patch",
        ),
        ("by its number, where two places fit", hunk(*CHANGE[1:], header="@@ -3 +3 @@")),
        (
            "as a block of search and replace",
            "a.py\n```python\n<<<<<<< SEARCH\n    def f(self):\n        return 1\n=======\n    def f(self):\n"
            "        return 2\n>>>>>>> REPLACE\n```",
        ),
    ],
)
def test_the_change_is_made_however_it_is_written(what: str, patch: str) -> None:
    assert after(patch) == MEANT, what


def test_several_hunks_and_files_are_told_apart() -> None:
    patch = hunk(*CHANGE, "@@", " class A:", "+    x = 0", " ") + "\n" + hunk("-b", "+c", path="dir/b.txt")
    first, second = read_patch(patch)
    assert (first.path, len(first.hunks), second.path, len(second.hunks)) == ("a.py", 2, "dir/b.txt", 1)


def test_numbers_follow_what_hunks_before_them_added() -> None:
    text = "x\n" + "a\nb\n" * 3
    patch = hunk("-x", "+x1", "+x2", "+x3", "@@ -4,2 +6,2 @@", " a", "-b", "+c", header="@@ -1 +1,3 @@")
    assert after(patch, text) == "x1\nx2\nx3\na\nb\na\nc\na\nb\n"


def test_a_file_is_made_and_deleted() -> None:
    assert after("--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+x = 1\n+\n", None) == "x = 1\n\n"
    assert after("*** Begin Patch\n*** Add File: n.py\n+x = 1\n*** End Patch", None) == "x = 1\n"
    assert after("n.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n", None) == "x = 1\n"
    assert after("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-class A:\n") is None
    assert after("*** Delete File: a.py\n") is None


def test_a_removed_comment_of_sql_is_no_header() -> None:
    assert after(hunk(" a", "--- old", "+-- new", path="q.sql"), "a\n-- old\n") == "a\n-- new\n"


@pytest.mark.parametrize(
    ("what", "patch", "text", "said"),
    [
        ("words", "please", FILE, "no file is named in the patch"),
        ("no hunk", "--- a/a.py\n+++ b/a.py\n", FILE, "has no hunk for a.py: write @@"),
        ("two places", hunk(*CHANGE[1:]), FILE, "hunk 1 of 1 for a.py: old stands 2 times in a.py (lines 3, 6)"),
        ("nowhere", hunk(" x", "-y"), FILE, "hunk 1 of 1 for a.py: old does not stand in a.py"),
        ("the second hunk", hunk(*CHANGE, "@@", "-no", "+yes"), FILE, "hunk 2 of 2 for a.py: old does not stand"),
        ("only new lines", hunk("+x"), FILE, "it has no line that stays or goes"),
        ("nothing new", hunk(" class A:"), FILE, "it changes nothing"),
        ("no such file", hunk(*CHANGE), None, "there is no file a.py"),
        ("no such file to delete", "*** Delete File: a.py\n", None, "cannot be deleted"),
        ("made already", "--- /dev/null\n+++ b/a.py\n@@\n+x\n", FILE, "a.py is there already"),
        ("a move", "rename from a.py\nrename to b.py\n", FILE, "use run with mv"),
        ("half a block", "a.py\n<<<<<<< SEARCH\nx\n", FILE, "no >>>>>>> REPLACE"),
        ("a block of no file", "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE", FILE, "no path stands above"),
        ("in the middle of a line", hunk("-return 1", "+return 2"), "    x; return 1\n", "does not stand in a.py"),
    ],
)
def test_what_does_not_fit_changes_nothing_and_says_why(what: str, patch: str, text: str | None, said: str) -> None:
    with pytest.raises(Misfit) as misfit:
        after(patch, text)
    assert said in str(misfit.value), what


rows = st.lists(st.sampled_from(["a", "b", "    a", "- x", "+ y", "", "-- z", "@@ k", "def f():"]), max_size=14)


def unified(old: list[str], new: list[str], around: int) -> str:
    return "\n".join(difflib.unified_diff(old, new, "a/f.py", "b/f.py", n=around, lineterm="")) + "\n"


def lines(text: list[str]) -> str:
    return "".join(f"{row}\n" for row in text)


@given(old=rows, new=rows)
def test_a_true_diff_is_applied_as_it_is_or_fails_loudly(old: list[str], new: list[str]) -> None:
    patch = unified(old, new, 3)
    if old == new or not old:
        return
    try:
        found = after(patch, lines(old))
    except Misfit:
        return
    assert found == lines(new)


numbered_rows = st.lists(st.sampled_from(["a", "    b", "def f():", "}"]), min_size=1, max_size=14).map(
    lambda kinds: [f"{kind} # {number}" for number, kind in enumerate(kinds)]
)


@given(
    old=numbered_rows,
    at=st.integers(0, 13),
    new=st.lists(st.sampled_from(["x", "    y"]), max_size=3),
    off=st.integers(0, 99),
)
def test_numbers_may_be_wrong_where_lines_are_unique(old: list[str], at: int, new: list[str], off: int) -> None:
    changed = [*old[:at], *new, *old[at + 1 :]]
    if changed == old:
        return
    patch = re.sub(r"@@ -\d+", f"@@ -{off}", unified(old, changed, 3))
    assert after(patch, lines(old)) == lines(changed)
