"""What takes the place of the test runner, and what reaches into it."""

import pytest

from coderoute.domain.shadowing import reaches_runner, shadowed

BASE = frozenset({"setup.cfg", "src/pkg/__init__.py", "src/pkg/core.py", "tests/test_core.py", "kit/__init__.py"})


@pytest.mark.parametrize(
    "path",
    [
        "pytest.py",
        "pytest/__init__.py",
        "_pytest/__init__.py",
        "pluggy.py",
        "unittest/__init__.py",
        "json.py",
        "src/json.py",
        "src/os.py",
        "tests/pytest.py",
        "tests/unit/random.py",
        "lib/coverage/__init__.py",
        "sitecustomize.py",
        "src/usercustomize.py",
        "pytest_cov.py",
        "typing.so",
        "node_modules/jest/index.js",
        "web/node_modules/.bin/jest",
        ".venv/lib/python3.12/site-packages/pytest/__init__.py",
        "evil.egg-info/entry_points.txt",
        "evil-1.0.dist-info/entry_points.txt",
        "vendor/github.com/stretchr/testify/assert/assert.go",
        "src/test/java/org/junit/jupiter/api/Assertions.java",
        "lib/minitest/green_plugin.rb",
    ],
)
def test_a_new_file_that_imports_may_find_before_the_runner_is_told(path: str) -> None:
    assert shadowed(path, BASE, BASE | {path}) is not None


@pytest.mark.parametrize(
    "path",
    [
        "src/pkg/json.py",
        "src/pkg/types/__init__.py",
        "kit/random.py",
        "docs/conf.py",
        "examples/calendar.py",
        "tests/test_json.py",
        "tests/json/data.txt",
        "json.txt",
        "src/other.py",
        "pytest.ini",
        "vendor/github.com/acme/tool/tool.go",
        "src/main/java/org/acme/Junit.java",
    ],
)
def test_a_new_file_of_any_other_name_or_place_is_left_in_peace(path: str) -> None:
    assert shadowed(path, BASE, BASE | {path}) is None


@pytest.mark.parametrize("known", ["random.py", "random/__init__.py"])
def test_a_name_the_base_had_is_left_in_peace(known: str) -> None:
    base = BASE | {known}
    assert shadowed("random/__init__.py", base, base) is None


def test_a_folder_is_a_package_only_if_it_was_and_is_one() -> None:
    path, marker = "tests/json.py", "tests/__init__.py"
    assert shadowed(path, BASE | {marker}, BASE | {marker, path}) is None
    assert shadowed(path, BASE | {marker}, BASE | {path}) is not None, "it is none any more"
    assert shadowed(path, BASE, BASE | {marker, path}) is not None, "it was none"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("setup.cfg", "pytest11 ="),
        ("setup.py", "entry_points={'pytest11': ['x = y']},"),
        ("tests/test_x.py", "pytest_plugins = ['green']"),
        ("src/pkg/core.py", 'pytest_plugins: list[str] = ["green"]'),
        ("src/pkg/core.py", "os.environ['PYTEST_ADDOPTS'] = '-p green'"),
        ("tests/test_x.py", "os._exit(0)"),
        ("tests/test_x.py", "pytest.exit('done', returncode=0)"),
        ("tests/plugin.py", "def pytest_runtest_makereport(item, call):"),
        ("tests/test_x.py", "import _pytest.runner"),
        ("tests/test_x.py", "unittest.TestCase.assertEqual = lambda *a: None"),
        ("tests/test_x.py", "pytest.fail = print"),
        ("tests/test_x.py", "    setattr(builtins, 'AssertionError', X)"),
        ("web/a.test.js", "global.expect = () => ok"),
        ("add_test.go", "func TestMain(m *testing.M) {"),
    ],
)
def test_a_line_that_reaches_into_the_runner_is_told(path: str, line: str) -> None:
    assert reaches_runner(path, line, "") is not None


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/test_x.py", "import pytest"),
        ("tests/test_x.py", "assert pytest.__version__ == '9'"),
        ("tests/test_x.py", "from unittest import mock"),
        ("tests/test_x.py", "def test_pytest():"),
        ("src/pkg/core.py", "def expect(x):"),
        ("src/pkg/core.py", "import unittest_tools"),
        ("README.md", "pytest_plugins = ['x']"),
        ("web/a.test.js", "expect(global.expect).toBe(1)"),
    ],
)
def test_a_line_that_only_uses_the_runner_is_left_in_peace(path: str, line: str) -> None:
    assert reaches_runner(path, line, "") is None


def test_what_a_file_did_before_is_left_in_peace() -> None:
    assert reaches_runner("src/pkg/core.py", "os._exit(1)  # again", "os._exit(0)\n") is None
