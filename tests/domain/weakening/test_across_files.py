"""Tests of a whole change: what moved from one file to another is not gone, unless it cannot run there."""

import pytest

from coderoute.domain.weakening import Moved, Sides, moved_tests, weakenings_of

HEAD = "import pytest\nfrom pkg import f, g\n\n\n"
A = "def test_a():\n    assert f(1) == 2\n"
B = "def test_b():\n    r = g(1)\n    assert r == 2\n"
JS = "it('adds', () => {\n  expect(add(1)).toBe(2)\n})\n"


def told(*files: tuple[str, str | None, str | None]) -> list[tuple[str, str]]:
    sides = [
        Sides(path=path, old=old.encode() if old is not None else None, new=new.encode() if new is not None else None)
        for path, old, new in files
    ]
    return [(path, one.detail) for path, all_ in weakenings_of(sides).items() for one in all_]


HONEST = [
    ("a test to a new file", ("tests/test_x.py", HEAD + A + B, HEAD + A), ("tests/test_y.py", None, HEAD + B)),
    ("a test to another file", ("tests/test_x.py", HEAD + A + B, HEAD + A), ("tests/test_y.py", HEAD, HEAD + B)),
    ("a file to another folder", ("tests/test_x.py", HEAD + A, None), ("tests/unit/test_x.py", None, HEAD + A)),
    ("a file into the folder of tests", ("test_x.py", HEAD + A, None), ("testing/test_x.py", None, HEAD + A)),
    (
        "a file renamed and reformatted",
        ("tests/test_x.py", HEAD + B, None),
        ("tests/test_y.py", None, HEAD + B.replace("r == 2", "r==2")),
    ),
    (
        "a file split",
        ("tests/test_x.py", HEAD + A + B, None),
        ("tests/test_a.py", None, HEAD + A),
        ("tests/test_b.py", None, HEAD + B),
    ),
    (
        "a test into a class elsewhere",
        ("tests/test_x.py", HEAD + A, HEAD),
        ("tests/test_y.py", None, HEAD + "class TestA:\n    def test_a(self):\n        assert f(1) == 2\n"),
    ),
    (
        "a helper to another file",
        (
            "tests/test_x.py",
            HEAD + "def check(x):\n    assert x == 2\n" + "def test_a():\n    check(f(1))\n",
            HEAD + "from tests.tools import check\ndef test_a():\n    check(f(1))\n",
        ),
        ("tests/tools.py", None, "def check(x):\n    assert x == 2\n"),
    ),
    ("a data file renamed", ("tests/data/a.json", "{}\n", None), ("tests/data/b.json", None, "{}\n")),
    ("an empty file removed", ("tests/__init__.py", "", None)),
    ("a file of comments removed", ("tests/__init__.py", "# tests\n", None)),
    ("JavaScript to another file", ("web/a.test.js", JS, None), ("web/b.test.js", None, JS)),
    ("a line of a snapshot", ("tests/__snapshots__/a.snap", "a\n", "a\nb\n")),
]


@pytest.mark.parametrize(("what", "files"), [(row[0], row[1:]) for row in HONEST], ids=[str(row[0]) for row in HONEST])
def test_what_moved_is_not_gone(what: str, files: tuple[tuple[str, str | None, str | None], ...]) -> None:
    assert told(*files) == []


SKIPPING = HEAD + "pytestmark = pytest.mark.skip\n"
FAKES = HEAD.replace("from pkg import f, g", "from fakes import f\nfrom pkg import g")
GONE = [
    ("to a file no runner reads", "tests/tools.py", HEAD + A),
    ("to a folder no runner reads", "old/test_x.py", HEAD + A),
    ("to a file that is skipped", "tests/test_y.py", SKIPPING + A),
    ("to a file where a name stands for something else", "tests/test_y.py", FAKES + A),
    (
        "to a class that is skipped",
        "tests/test_y.py",
        HEAD + "@pytest.mark.skip\nclass TestA:\n    def test_a(self):\n        assert f(1) == 2\n",
    ),
    ("under a condition", "tests/test_y.py", HEAD + "if False:\n    def test_a():\n        assert f(1) == 2\n"),
    ("where it asserts less", "tests/test_y.py", HEAD + "def test_a():\n    assert f(1)\n"),
    ("where another one replaces it", "tests/test_y.py", HEAD + A + "def test_a():\n    pass\n"),
    ("to nowhere", "tests/test_y.py", HEAD + "def test_other():\n    assert True\n"),
]


@pytest.mark.parametrize(("what", "path", "source"), GONE, ids=[row[0] for row in GONE])
def test_a_test_that_moved_out_of_the_way_is_told(what: str, path: str, source: str) -> None:
    assert told(("tests/test_x.py", HEAD + A, None), (path, None, source)) != []


def test_two_tests_are_not_excused_by_one() -> None:
    twice = HEAD + A + A.replace("test_a", "test_same")
    ((path, detail),) = told(("tests/test_x.py", twice, HEAD), ("tests/test_y.py", None, HEAD + A))
    assert path == "tests/test_x.py"
    assert "`test_same`" in detail


def test_a_test_that_moved_and_changed_is_compared_where_it_is_now() -> None:
    files = ("tests/test_x.py", HEAD + A + B, HEAD + A), ("tests/test_y.py", None, HEAD + B.replace("== 2", "== 3"))
    assert told(*files) == [
        ("tests/test_y.py", "test_b has a changed expectation: `assert r == 2` became `assert r == 3`")
    ]


def test_renamed_and_moved_tests_are_named_on_both_sides() -> None:
    files = [
        Sides(path="tests/test_x.py", old=(HEAD + A + B).encode(), new=(HEAD + A.replace("test_a", "test_f")).encode()),
        Sides(path="tests/test_y.py", old=None, new=(HEAD + B).encode()),
    ]
    assert sorted(moved_tests(files), key=lambda one: one.old_name) == [
        Moved(old_path="tests/test_x.py", old_name="test_a", new_path="tests/test_x.py", new_name="test_f"),
        Moved(old_path="tests/test_x.py", old_name="test_b", new_path="tests/test_y.py", new_name="test_b"),
    ]


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        ("tests/test_x.py", HEAD + A, None, "tests removed or renamed: `test_a` (line 5 before: `assert f(1) == 2`)"),
        ("web/a.test.js", JS, None, "tests removed or renamed: `it('adds'"),
        ("tests/tools.py", "x = 1\ny = 2\n", None, "removes a file of the tests with 2 lines"),
        ("tests/data/a.json", "1\n", None, "removes a file of the tests with 1 lines"),
        ("tests/data/a.json", "1\n2\n", "1\n3\n", "changes 1 lines of what tests compare with: `2` became `3`"),
        ("ui/__snapshots__/a.ambr", "a\nb\n", "a\n", "`b` is gone"),
        ("pkg/testdata/a.golden", "a\n", "b\n", "`a` became `b`"),
        ("src/x.approved.txt", "a\n", "b\n", "`a` became `b`"),
    ],
)
def test_a_file_that_went_or_changed_is_told_with_its_lines(path: str, old: str, new: str | None, said: str) -> None:
    ((where, detail),) = told((path, old, new))
    assert where == path
    assert said in detail
