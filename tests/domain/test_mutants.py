"""Broken versions of a change: small, in changed lines only, and never where a test has no reason to look."""

import ast
import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.mutants import MAX_MUTANTS, changed_lines, mutants


def broken(source: str, path: str = "src/app.py") -> set[tuple[str, str]]:
    """(was, became) of every broken version of a new file."""
    found = mutants({}, {path: source.encode()}, limit=1_000)
    return {(mutant.was, mutant.became) for mutant in found}


@pytest.mark.parametrize(("what", "was", "became"), [
    ("a comparison moves its border", "if a < b: pass", "if a <= b: pass"),
    ("a condition is negated", "if a < b: pass", "if not (a < b): pass"),
    ("an equality turns round", "while a == b: pass", "while a != b: pass"),
    ("membership turns round", "if a not in b: pass", "if a in b: pass"),
    ("identity turns round", "x = a is None", "x = a is not None"),
    ("a link of a chain", "x = a < b <= c", "x = a < b < c"),
    ("and becomes or", "x = a and b", "x = a or b"),
    ("a not goes away", "x = not a", "x = (a)"),
    ("a conditional expression", "x = 1 if a else b", "x = 1 if not (a) else b"),
    ("a filter of a comprehension", "x = [a for a in b if a]", "x = [a for a in b if not (a)]"),
    ("plus becomes minus", "x = a + b", "x = a - b"),
    ("an operator between brackets", "x = (a) - (b)", "x = (a) + (b)"),
    ("an assignment that adds", "x += a", "x -= a"),
    ("off by one", "x = a[3]", "x = a[4]"),
    ("a fraction", "x = 0.5", "x = 1.5"),
    ("a truth value", "x = True", "x = False"),
    ("a text", "x = 'a'", "x = ''"),
    ("an empty text", "x = ''", "x = 'xx'"),
    ("bytes", "x = b'a'", "x = b''"),
    ("what is raised", "raise ValueError(a)", "raise ArithmeticError(a)"),
    ("what is raised is arithmetic already", "raise OverflowError", "raise LookupError"),
    ("a raise goes away", "raise ValueError('a is bad')", "pass"),
    ("a default", "def f(a=1): pass", "def f(a=2): pass"),
    ("a keyword's default", "def f(*, a=1): pass", "def f(*, a=2): pass"),
    ("letters beyond ASCII before it", "é = 'ü' if 日 < 本 else b", "é = 'ü' if 日 <= 本 else b"),
])  # fmt: skip
def test_a_fault(what: str, was: str, became: str) -> None:
    assert (was, became) in broken(f"{was}\n"), what


@pytest.mark.parametrize(("what", "line", "became"), [
    ("a result", "return a.b", "return None"),
    ("a call", "a.b()", "pass"),
    ("a wait", "await a.b()", "pass"),
    ("an assignment", "a.b = c", "pass"),
    ("a warning, but not its words", "warnings.warn('a', stacklevel=2)", "pass"),
    ("a removal", "del a[b]", "pass"),
])  # fmt: skip
def test_a_statement_of_a_function_goes_away(what: str, line: str, became: str) -> None:
    assert broken(f"async def f():\n    {line}\n") == {(line, became)}, what


@pytest.mark.parametrize(("condition", "turned"), [
    ("a == b", "a != b"), ("a is None", "a is not None"), ("a in b", "a not in b"), ("not a", "(a)"),
])  # fmt: skip
def test_what_turns_a_condition_round_already_is_not_negated_too(condition: str, turned: str) -> None:
    assert broken(f"if {condition}: pass") == {(f"if {condition}: pass", f"if {turned}: pass")}


def test_a_caught_exception_becomes_another() -> None:
    source = "try:\n    a\nexcept (KeyError, ValueError) as e:\n    b\n"
    assert broken(source) == {("except (KeyError, ValueError) as e:", "except ArithmeticError as e:")}


def test_a_statement_of_many_lines_becomes_one_word() -> None:
    assert ("f( a, b, )", "pass") in broken("def g():\n    f(\n        a,\n        b,\n    )\n")


@pytest.mark.parametrize(("what", "source"), [
    ("a docstring", '"""1 < 2"""\ndef f():\n    "3"\n    ...\nclass C:\n    """4"""\n'),
    ("annotations", "x: 'a | b'\ndef f(a: Literal[1], *b: 'c') -> Literal['d']: ...\n"),
    ("print and logging", "print(1 + 2)\nlogger.info(1)\nlogging.getLogger(a).debug(b and 2)\nself._log.error(3)\n"),
    ("log calls in a function", "def f():\n    print(1)\n    logger.warning('a %s', 2)\n"),
    ("what is exported", "__all__ = ['a', 'b']\n"),
    ("versions and other metadata", "__version__ = '1.0'\nVERSION = (1, 2)\n__author__: str = 'a'\n"),
    ("imports for type checkers", "if TYPE_CHECKING:\n    x = 1 < 2\nif typing.TYPE_CHECKING:\n    y = 3\n"),
    ("what runs as a script", "if __name__ == '__main__':\n    x = 1\n"),
    ("overloads", "@overload\ndef f(a=1): ...\n@typing.overload\ndef f(a=2): ...\n"),
    ("decorators", "@cache(maxsize=128)\ndef f(): ...\n@dataclass(frozen=True)\nclass C: ...\n"),
    ("an exception's words", "def f():\n    raise NotImplementedError('a' + 'b')\n"),
    ("names of types", "T = TypeVar('T')\nx = cast('T', y)\n"),
    ("assertions", "assert a < 1, 'b'\n"),
    ("text with values in it", "x = f'{a + 1:>{b - 2}}'\n"),
    ("a line the project's own tests leave out", "x = 1  # pragma: no cover\n"),
    ("what does not parse", "if a < b\n    x = 1\n"),
    ("no text at all", "\0\0"),
    ("a comment between operands", "x = (a  # b + c\n    + d)\n"),
    ("an operator over two lines", "x = (a not \\\n    in b)\n"),
    ("nothing", ""),
])  # fmt: skip
def test_it_is_left_alone(what: str, source: str) -> None:
    assert broken(source) == set(), what


@pytest.mark.parametrize("path", [
    "tests/test_a.py", "src/a_test.py", "tests/conftest.py", "conftest.py", "setup.py", "docs/conf.py", "noxfile.py",
    "src/a.pyi", "src/a.js", ".github/a.py", "examples/a.py",
])  # fmt: skip
def test_no_file_is_broken_that_tests_are_not_about(path: str) -> None:
    assert broken("x = a < 1\n", path) == set()


def test_bytes_that_are_no_utf8_are_left_alone() -> None:
    assert mutants({}, {"a.py": b"# coding: latin-1\nx = '\xe9' < b\n", "b.py": b"\xef\xbb\xbfx = 1\n"}) == ()


def test_only_what_the_change_wrote_is_broken() -> None:
    old = b"def f(a):\n    if a < 1:\n        return 2\n    return 3\n"
    new = b"def f(a):\n    if a < 1:\n        return 4\n    return 3\n"
    found = mutants({"f.py": old}, {"f.py": new})
    assert [(mutant.line, mutant.was, mutant.became) for mutant in found] == [(3, "return 4", "return 5")]
    assert found[0].data == b"def f(a):\n    if a < 1:\n        return 5\n    return 3\n"


def test_a_statement_is_not_removed_for_one_changed_line_of_it() -> None:
    old, new = b"def g():\n    f(\n        a,\n    )\n", b"def g():\n    f(\n        b,\n    )\n"
    assert mutants({"f.py": old}, {"f.py": new}) == ()


def test_a_removed_file_has_nothing_to_break() -> None:
    assert mutants({"f.py": b"x = 1\n"}, {"f.py": None}) == ()


def test_the_faults_are_spread_over_files_and_lines() -> None:
    new: dict[str, bytes | None] = {
        "a.py": b"".join(b"a%d = b < %d\n" % (number, number) for number in range(100)),
        "b.py": b"x = a < 1\n",
        "c.py": b"y = a < 1\nz = b < 2\n",
    }
    found = mutants({}, new)
    assert len(found) == MAX_MUTANTS
    lines = {path: sorted(mutant.line for mutant in found if mutant.path == path) for path in new}
    assert lines["b.py"] == [1, 1]
    assert lines["c.py"] == [1, 1, 2, 2]
    assert len(lines["a.py"]) == 6
    for quarter in (range(1, 26), range(26, 51), range(51, 76), range(76, 101)):
        assert set(quarter) & set(lines["a.py"]), f"nothing in lines {quarter}"


def test_a_slip_is_tried_before_a_hole() -> None:
    first, *_ = mutants({}, {"a.py": b"def f(a, b):\n    return a <= b\n"})
    assert first.became == "return a < b"


CODE = st.lists(
    st.sampled_from([
        "x = 1", "if a < b:\n    x = not c\nelse:\n    y -= 2", "def f(a=3):\n    '''doc'''\n    return a and b or -4",
        "class C:\n    z = 'é'\n    def m(self):\n        self.x = [1, 'zwei'][0]\n        raise ValueError(f'{a+1}')",
        "for i in range(9):\n    if i in b: break\n    if i % 2 == 0: continue", "x = (a\n     + b\n     - (c))",
        "try:\n    f('''a\n    b''')\nexcept KeyError:\n    pass", "while (m := f(a)) is not None: m *= 2", "\f", "",
        "async def g():\n    async with a: await b(1 if c else 2)\n    return {k: v for k, v in d if k != 'x'}",
        "match a:\n    case 1 if b > 2: x = lambda q=5: q ** 2", "logger.info('%s', 1 + 2)",
    ]), max_size=12,
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(CODE, CODE, ENDS)
def test_whatever_the_change(old_code: list[str], new_code: list[str], end: str) -> None:
    old, new = ("\n".join(code).replace("\n", end).encode() for code in (old_code, new_code))
    found = mutants({"a.py": old}, {"a.py": new})
    assert len(found) <= MAX_MUTANTS
    assert found == mutants({"a.py": old}, {"a.py": new}), "another time they are others"
    assert len({mutant.data for mutant in found}) == len(found), "one of them is there twice"
    allowed = changed_lines(old, new)
    lines = new.splitlines(keepends=True)
    for mutant in found:
        assert ast.dump(ast.parse(mutant.data)) != ast.dump(ast.parse(new))
        matcher = difflib.SequenceMatcher(None, lines, mutant.data.splitlines(keepends=True), autojunk=False)
        touched = {n + 1 for kind, i, j, _, _ in matcher.get_opcodes() if kind != "equal" for n in range(i, j)}
        same_elsewhere = {n + 1 for n, line in enumerate(lines) if line in {lines[t - 1] for t in allowed}}
        assert touched <= allowed | same_elsewhere


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_changed_lines_are_those_without_which_the_old_file_has_everything(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old).encode(), "\n".join(new).encode()
    changed = changed_lines(before, after)
    kept = [line for number, line in enumerate(after.splitlines(), 1) if number not in changed]
    rest = iter(before.splitlines())
    assert all(line in rest for line in kept)
