"""Tests that ask for less than before: what is found, and what is left in peace."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.weakening import MAX_PARSED_BYTES, weakenings

BASE = textwrap.dedent("""\
    import math
    import unittest

    import pytest

    CASES = [(1, 2), (3, 4)]
    TOLERANCE = 1e-6


    def test_add():
        assert add(1, 2) == 3
        assert add(2, 2) == 4


    @pytest.mark.parametrize("x", [1, 2, 3])
    def test_each(x):
        assert f(x)


    class TestMore(unittest.TestCase):
        def test_close(self):
            assert value() == pytest.approx(1.0, abs=1e-6)
            self.assertEqual(other(), 2)

        def test_raises(self):
            with pytest.raises(ValueError):
                broken()
    """)


def found(old: str, new: str, path: str = "tests/test_x.py") -> list[tuple[str, str]]:
    return [(one.rule, one.detail) for one in weakenings(path, old.encode(), new.encode())]


def changed(*pairs: tuple[str, str]) -> str:
    new = BASE
    for old, replacement in pairs:
        assert old in new
        new = new.replace(old, replacement)
    return new


WEAKER = [
    ("an assertion removed", ("    assert add(2, 2) == 4\n", ""), "test_add has lost assertions: `assert add(2, 2)"),
    ("an assertion changed", ("== 3", ">= 3"), "has changed assertions: `assert add(1, 2) == 3` became"),
    ("a comparison inverted", ("add(1, 2) == 3", "add(1, 2) != 3"), "`assert add(1, 2) != 3`"),
    ("an assertion commented out", ("    assert add(1, 2)", "    # assert add(1, 2)"), "has lost assertions"),
    ("an assertion made always true", ("add(2, 2) == 4", "True"), "asserts nothing: `assert True`"),
    ("or true", ("add(2, 2) == 4", "add(2, 2) == 4 or True"), "asserts nothing"),
    ("a tuple is always true", ("add(2, 2) == 4", "(add(2, 2) == 4, 'why')"), "asserts nothing"),
    ("not false", ("add(2, 2) == 4", "not False"), "asserts nothing"),
    ("a unittest assertion of true", ("self.assertEqual(other(), 2)", "self.assertTrue(True)"), "asserts nothing"),
    ("an assertion behind a condition", ("    assert add(2, 2)", "    if X:\n        assert add(2, 2)"), "assertions"),
    ("a unittest assertion removed", ("        self.assertEqual(other(), 2)\n", ""), "self.assertEqual(other(), 2)"),
    ("a wider tolerance", ("abs=1e-6", "abs=0.5"), "became `assert value() == pytest.approx(1.0, abs=0.5)`"),
    ("a wider constant", ("TOLERANCE = 1e-6", "TOLERANCE = 10"), "`TOLERANCE = 1e-06` became `TOLERANCE = 10`"),
    ("a broader exception", ("pytest.raises(ValueError)", "pytest.raises(Exception)"), "has changed assertions"),
    ("a skip mark", ("def test_add", "@pytest.mark.skip\ndef test_add"), "skipped or expected to fail now"),
    ("a conditional skip", ("def test_add", "@pytest.mark.skipif(True, reason='')\ndef test_add"), "skipped"),
    ("an expected failure", ("def test_add", "@pytest.mark.xfail\ndef test_add"), "expected to fail"),
    ("a unittest skip", ("    def test_close", "    @unittest.skip('x')\n    def test_close"), "unittest.skip"),
    ("a class skipped", ("class TestMore", "@unittest.skip('x')\nclass TestMore"), "TestMore is skipped"),
    ("a module skipped", ("import math", "import math\npytestmark = pytest.mark.skip\n"), "the module is skipped"),
    ("a skip inside", ("    assert add(1, 2)", "    pytest.skip('x')\n    assert add(1, 2)"), "`pytest.skip`"),
    ("a skip raised", ("    assert add(1, 2)", "    raise unittest.SkipTest\n    assert add(1, 2)"), "SkipTest"),
    ("a return before", ("    assert add(1, 2)", "    return\n    assert add(1, 2)"), "can end before its assertions"),
    ("fewer parameters", ("[1, 2, 3]", "[1, 2]"), "test_each has lost cases: `3`"),
    ("other parameters", ("[1, 2, 3]", "[1, 2, 5]"), "has changed cases: `3` became `5`"),
    ("a parameter marked", ("[1, 2, 3]", "[1, 2, pytest.param(3, marks=pytest.mark.xfail)]"), "expected to fail"),
    ("fewer named cases", ("[(1, 2), (3, 4)]", "[(1, 2)]"), "the module has lost cases: `(3, 4)`"),
    ("a class not collected", ("Case):", "Case):\n    __test__ = False\n"), "takes tests out of the collection"),
    ("files not collected", ("import math", "collect_ignore = ['test_y.py']\nimport math"), "out of the collection"),
    ("overwritten", ("CASES =", "test_add = None\nCASES ="), "out of the collection"),
    ("deleted by name", ("class TestMore", "del test_add\n\n\nclass TestMore"), "out of the collection"),
    ("defined again", ("class TestMore", "def test_each(x):\n    assert f(x)\n\n\nclass TestMore"), "is defined twice"),
    ("another base class", ("class TestMore(unittest.TestCase)", "class TestMore"), "no longer derives from"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "said"), WEAKER)
def test_a_weaker_test_is_found(what: str, change: tuple[str, str], said: str) -> None:
    details = [detail for rule, detail in found(BASE, changed(change)) if rule == "tests.weakened"]
    assert any(said in detail for detail in details), (what, details)


@pytest.mark.parametrize(
    "wrapped",
    [
        "    try:\n        f(x)\n    except Exception:\n        pass\n    assert f(x)",
        "    try:\n        f(x)\n    except:\n        pass\n    assert f(x)",
        "    try:\n        f(x)\n    except (ValueError, BaseException):\n        pass\n    assert f(x)",
        "    with contextlib.suppress(Exception):\n        f(x)\n    assert f(x)",
    ],
)
def test_swallowing_every_error_is_found(wrapped: str) -> None:
    details = [detail for _, detail in found(BASE, changed(("    assert f(x)", wrapped)))]
    assert any("test_each swallows every error" in detail for detail in details)


def test_a_whole_definition_behind_a_condition_is_found() -> None:
    old = "def test_add():\n    assert add(1, 2) == 3\n"
    new = "if False:\n    def test_add():\n        assert add(1, 2) == 3\n"
    assert found(old, new) == [("tests.weakened", "test_add runs only under a condition now")]


@pytest.mark.parametrize(
    ("what", "change", "said"),
    [
        ("a test renamed out of the way", ("def test_add", "def _test_add"), "`test_add`"),
        ("a test renamed", ("def test_add", "def test_sum"), "`test_add (now test_sum)`"),
        ("a class renamed", ("class TestMore", "class More"), "`TestMore.test_close (now More.test_close)`"),
    ],
)
def test_a_test_that_is_gone_is_found(what: str, change: tuple[str, str], said: str) -> None:
    assert any(rule == "tests.removed" and said in detail for rule, detail in found(BASE, changed(change))), what


ADD = "    assert add(1, 2)"
HONEST = [
    ("nothing", []),
    ("a new test", [("class TestMore", "def test_new():\n    assert True\n\n\nclass TestMore")]),
    ("a new test that is skipped", [("class TestMore", "@pytest.mark.skip\ndef test_new(): pass\n\n\nclass TestMore")]),
    ("one more assertion", [("    assert add(2, 2)", "    assert add(0, 0) == 0\n    assert add(2, 2)")]),
    ("more parameters", [("[1, 2, 3]", "[1, 2, 3, 4]")]),
    ("more named cases", [("(3, 4)]", "(3, 4), (5, 6)]")]),
    ("a new class", [("class TestMore", "class TestNew:\n    def test_a(self): assert x\n\n\nclass TestMore")]),
    ("another order", [("== 3\n    assert add(2, 2) == 4", "== 3"), (ADD, f"    assert add(2, 2) == 4\n{ADD}")]),
    ("other quotes, spaces and comments", [("assert add(1, 2) == 3", "assert add( 1,2 )==3  # sum")]),
    ("a helper", [("class TestMore", "def helper():\n    return 1\n\n\nclass TestMore")]),
    ("a narrow except", [("    assert f(x)", "    try: g()\n    except KeyError: pass\n    assert f(x)")]),
    ("a function inside that returns", [("    assert f(x)", "    def g():\n        return 1\n    assert f(x)")]),
    ("an import", [("import math", "import math\nimport os")]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "changes"), HONEST)
def test_an_honest_change_is_left_in_peace(what: str, changes: list[tuple[str, str]]) -> None:
    assert found(BASE, changed(*changes)) == [], what


def test_the_line_is_that_of_the_new_file() -> None:
    new = "# one more line\n" + changed(("def test_add", "@pytest.mark.skip\ndef test_add"))
    (weakening,) = weakenings("tests/test_x.py", BASE.encode(), new.encode())
    assert weakening.line is not None
    assert new.splitlines()[weakening.line - 1] == "@pytest.mark.skip"


def test_quoted_code_cannot_lie_to_the_eye() -> None:
    for path in ("test_x.py", "a.test.js"):
        ((_, detail),) = found("assert(x == '\u202eabc')\nmore()\n", "more()\n", path)
        assert "\u202e" not in detail
        assert "202e" in detail.lower()


OTHERS = [
    ("a.test.js", "it('adds', () => { expect(add(1)).toBe(2) })", "it.skip('adds', () => { expect(add(1)).toBe(2) })"),
    ("a.test.ts", "  expect(add(1)).toBe(2)\n", ""),
    ("a.test.ts", "  expect(add(1)).toBe(2)\n", "  expect(true).toBe(true)\n"),
    ("a.test.js", "test('a', f)\ntest('b', g)\n", "test.only('a', f)\ntest('b', g)\n"),
    ("a.test.js", "test('a', f)\ntest('b', g)\n", "test('a', f)\n"),
    ("a_test.go", "func TestAdd(t *testing.T) {\n}\n", "func testAdd(t *testing.T) {\n}\n"),
    ("a_test.go", "\tt.Fatal(err)\n", "\tt.Log(err)\n"),
    ("a_test.go", "func TestAdd(t *testing.T) {\n}\n", "func TestAdd(t *testing.T) {\n\tt.Skip()\n}\n"),
    ("tests/a.rs", "#[test]\nfn adds() { check(); }\n", "#[test]\n#[ignore]\nfn adds() { check(); }\n"),
    ("src/test/java/ATest.java", "@Test\nvoid adds() {}\n", "@Disabled\n@Test\nvoid adds() {}\n"),
    ("src/test/java/ATest.java", "  assertEquals(2, add(1));\n", "  assertTrue(true);\n"),
    ("a_spec.rb", "it 'adds' do\nend\n", "xit('adds') do\nend\n"),
    ("tests/test_x.py", "def test_a():\n    assert a\n    print 'python 2'\n", "def test_a():\n    print 'python 2'\n"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new"), OTHERS)
def test_other_languages_are_compared_by_lines(path: str, old: str, new: str) -> None:
    assert found(old, new, path)


@pytest.mark.parametrize(("path", "old", "new"), OTHERS)
def test_lines_that_come_to_other_languages_without_any_that_go_are_honest(path: str, old: str, new: str) -> None:
    assert found(old, f"{old}\nmore();\n", path) == []


HOSTILE = [
    "-" * 200_000 + "1",
    "(" * 5_000 + ")" * 5_000,
    "+".join("1" * 100_000),
    "a" + ".b" * 100_000,
    "a" + "()" * 50_000,
    "not " * 50_000 + "1",
    "if a: pass\n" + "elif a: pass\n" * 20_000,
    "x = " + "9" * 5_000,
    "\0",
    "\ud800",
    "f'{" * 200,
    "def test_a(:",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_source_made_to_hurt_a_parser_is_compared_by_lines(source: str) -> None:
    data = source.encode("utf-8", "surrogatepass")
    old, new = b"def test_a():\n    assert a\n" + data, b"def test_b():\n" + data
    rules = {one.rule for one in weakenings("test_x.py", old, new)}
    assert rules == {"tests.removed", "tests.weakened"}


def test_source_the_parser_warns_of_is_still_compared_by_its_tree() -> None:
    old = "def test_a():\n    assert re.match('\\d', x)\n"
    assert found(old, old.replace("'\\d', x", " '\\d',x ")) == []


def test_a_file_too_large_to_parse_is_compared_by_lines() -> None:
    filler = "x = 1\n" * (MAX_PARSED_BYTES // 6 + 1)
    assert found(f"def test_a():\n    assert a\n{filler}", f"def test_a():\n    pass\n{filler}")


sources = st.lists(st.sampled_from(BASE.splitlines(keepends=True)), max_size=30).map("".join)


@given(sources, sources)
def test_any_two_texts_can_be_compared(old: str, new: str) -> None:
    for one in weakenings("test_x.py", old.encode(), new.encode()):
        assert one.rule in ("tests.removed", "tests.weakened")
        assert one.line is None or 1 <= one.line <= max(new.count("\n"), 1)


@given(st.text() | sources)
def test_a_test_compared_with_itself_is_not_weaker(source: str) -> None:
    data = source.encode("utf-8", "replace")
    assert weakenings("test_x.py", data, data) == ()
    assert weakenings("a.test.js", data, data) == ()
