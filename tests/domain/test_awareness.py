"""Product code that can tell whether it is being tested: what is shown, and what is left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.awareness import MAX_PARSED_BYTES, names_a_plugin, signs


def found(new: str, old: str = "", path: str = "src/a.py", *, is_plugin: bool = False) -> list[tuple[int, str]]:
    told = signs(path, old.encode(), new.encode(), is_plugin=is_plugin)
    return [(sign.line, sign.detail) for sign in told]


AWARE = [
    ("the runner among the modules", 'import sys\nfast = "pytest" in sys.modules\n', 2),
    ("its inner name", 'import sys\nfast = sys.modules.get("_pytest.runner")\n', 2),
    ("a name in two pieces", 'NAME = "py" + "test"\n', 1),
    ("a search in the command line", 'import re, sys\nfast = re.search("junit-?xml|pytest", str(sys.argv))\n', 2),
    ("the variable pytest sets", 'import os\nfast = os.environ.get("PYTEST_CURRENT_TEST")\n', 2),
    ("the variable in a sentence", 'HELP = "set when PYTEST_XDIST_WORKER is"\n', 1),
    ("an import", "import unittest\n", 1),
    ("an import inside", "def f():\n    from _pytest.python import Function\n    return Function\n", 2),
    ("an import by name", 'import importlib\nimportlib.import_module("unittest")\n', 2),
    ("the program itself", "import __main__\n", 1),
    ("every module", "import sys\nfor module in list(sys.modules.values()):\n    pass\n", 2),
    ("every module's name", "import sys\nfast = any(name for name in sys.modules if name)\n", 2),
    ("every object", "import gc\nthings = gc.get_objects()\n", 2),
    ("every object, imported", "from gc import get_objects\n", 1),
    ("every call", "import sys\nsys.settrace(print)\n", 2),
    ("every import", "import sys\nsys.meta_path.insert(0, None)\n", 2),
    ("a builtin replaced", "import builtins\nbuiltins.AssertionError = KeyError\n", 2),
    ("a caller that tests", 'import sys\nfast = sys._getframe(1).f_code.co_name.startswith("test_")\n', 2),
    ("the stack", 'import inspect\nfast = any("tests/" in one.filename for one in inspect.stack())\n', 2),
    ("equal to everything", "class A(int):\n    def __eq__(self, other):\n        return True\n", 2),
    (
        "equal to everything, documented",
        'class A:\n    def __eq__(self, o):\n        """Same."""\n        return True\n',
        2,
    ),
    ("equal to everything, short", "class A:\n    __eq__ = lambda self, other: True\n", 2),
]


@pytest.mark.parametrize(("what", "code", "line"), AWARE, ids=[what for what, _, _ in AWARE])
def test_code_that_looks_for_tests_is_shown(what: str, code: str, line: int) -> None:
    assert [at for at, _ in found(code)] == [line], what


LEFT_IN_PEACE = [
    ("words", '"""Run me with pytest."""\n\n# unittest is fine too\nHELP = "run the tests with pytest"\n'),
    ("its own module", "import sys\nme = sys.modules[__name__]\n"),
    ("a module by name", 'import sys\njson = sys.modules.get("json")\nknown = "json" in sys.modules\n'),
    ("a caller's name", "import sys\nname = sys._getframe(1).f_code.co_name\n"),
    ("a stack of its own", "stack = ['test']\nstack.pop()\n"),
    ("arguments", "import sys\nquiet = '-q' in sys.argv\n"),
    ("environment", "import os\nci = os.environ.get('CI')\n"),
    ("test data of a model", "def split(test_size=0.2):\n    return {'test_size': test_size, 'latest': 1}\n"),
    ("a real equality", "class A:\n    def __eq__(self, other):\n        return isinstance(other, A)\n"),
    ("noses", "PARTS = ['nose', 'mouth']\n"),
    ("collecting garbage", "import gc\ngc.collect()\n"),
    ("builtins by name", "import builtins\nopen_ = builtins.open\n"),
    ("relative modules", "from .unittest import x\nfrom .pytest import y\n"),
]


@pytest.mark.parametrize(("what", "code"), LEFT_IN_PEACE, ids=[what for what, _ in LEFT_IN_PEACE])
def test_ordinary_code_is_left_in_peace(what: str, code: str) -> None:
    assert found(code) == [], what


def test_what_the_file_did_before_is_no_news() -> None:
    old = 'import sys\nfast = "pytest" in sys.modules\n'
    assert found("\n\n" + old + "x = 1\n", old) == []
    assert [line for line, _ in found(old + 'slow = "pytest" in sys.modules\n', old)] == [3]


def test_a_plugin_of_the_runner_names_it_but_needs_not_ask_whether_it_runs() -> None:
    code = 'import pytest\nNAME = "pytest"\n'
    assert found(code, is_plugin=True) == []
    assert found(code + "import os\nX = os.environ['PYTEST_CURRENT_TEST']\n", is_plugin=True) != []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pytest_numbers.py", True),
        ("src/pytest_numbers/fixtures.py", True),
        ("src/_pytest/python.py", True),
        ("pkg/pytest_plugin.py", True),
        ("src/pluggy/hooks.py", False),
        ("src/contest.py", False),
    ],
)
def test_plugins_are_known_by_their_names(path: str, expected: bool) -> None:
    assert names_a_plugin(path) is expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/a.ts", "if (process.env.JEST_WORKER_ID) return 1.5;"),
        ("src/a.js", "const fast = process.env.NODE_ENV === 'test';"),
        ("src/a.mjs", "if (typeof describe === 'function') {"),
        ("a.go", "\tif testing.Testing() {"),
        ("a.go", '\tif flag.Lookup("test.v") != nil {'),
        ("src/lib.rs", "    if cfg!(test) { return 1.5; }"),
        ("src/lib.rs", "#[cfg(not(test))]"),
        ("A.java", '        Class.forName("org.junit.Test");'),
        ("a.rb", "  return 1.5 if defined?(RSpec)"),
        ("a.py", "def broken(:\n"),
    ],
)
def test_other_languages_are_read_by_lines(path: str, line: str) -> None:
    expected = [] if path == "a.py" else [2]
    assert [at for at, _ in found(f"x\n{line}\n", path=path)] == expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/lib.rs", "#[cfg(test)]"),
        ("src/a.js", "const latest = process.env.NODE_ENV === 'production';"),
        ("a.go", "// testing is easy"),
        ("README.md", "process.env.JEST_WORKER_ID"),
    ],
)
def test_ordinary_lines_of_other_languages_are_left_in_peace(path: str, line: str) -> None:
    assert found(f"x\n{line}\n", path=path) == []


def test_a_huge_file_is_not_parsed() -> None:
    assert found("import unittest\n" + "#" * MAX_PARSED_BYTES) == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_read_and_nothing_comes_of_no_change(old: str, new: str) -> None:
    assert found(old, old) == []
    assert all(line >= 1 for line, _ in found(new, old))
