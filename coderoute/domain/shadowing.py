"""New files that take the place of the test runner or of what it is made of, and lines that reach into it."""

import re
import sys
from collections.abc import Collection

from coderoute.domain.file_kinds import is_prose, is_test

RUNNER_PARTS = frozenset({
    "pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "exceptiongroup", "tomli", "pygments", "colorama",
    "coverage", "xdist", "execnet", "hypothesis", "mock", "nose", "nose2", "tox", "nox", "sitecustomize",
    "usercustomize", "setuptools", "pkg_resources", "_distutils_hack", "attr", "six", "typing_extensions",
})  # fmt: skip
"""What pytest, unittest and their usual companions import by an absolute name; plugins are `pytest_*`."""

STANDARD = frozenset(sys.stdlib_module_names) - {"this", "antigravity", "idlelib", "turtledemo", "lib2to3"}
"""The standard library of the interpreter that runs us (sys.stdlib_module_names, Python 3.10 and later). The target's
may be another version: a name more or less is no matter, the second run with the base's own tests still stands."""

SEARCHED_FIRST = frozenset({"src", "lib", "python"})
"""Folders at the top that are put on the path of imports, beside the top itself and the folders of tests."""

OTHERS = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages)/"
    r"|(?:^|/)[^/]+\.(?:dist-info|egg-info)/|\.egg-link$"
    r"|(?:^|/)vendor/.*(?:testify|ginkgo|gomega|go-cmp|phpunit|rspec|minitest)"
    r"|(?:^|/)org/(?:junit|assertj|hamcrest|mockito|testng)/"
    r"|(?:^|/)(?:minitest|rspec|test/unit)(?:/[^/]+_plugin)?\.rb$|(?:^|/)minitest/[^/]+_plugin\.rb$"
)

Reach = tuple[re.Pattern[str], str]

EVERYWHERE: tuple[Reach, ...] = (
    (re.compile(r"\bpytest11\b"), "registers a plugin of pytest"),
    (re.compile(r"\bpytest_plugins\b\s*[:=+]"), "loads plugins into pytest"),
    (re.compile(r"\bPYTEST_(?:ADDOPTS|PLUGINS|DISABLE_PLUGIN_AUTOLOAD)\b"), "changes how pytest is started"),
    (re.compile(r"\b(?:global|globalThis|window)\.(?:expect|it|test|describe)\s*="), "replaces a part of the runner"),
    (re.compile(r"^func TestMain\("), "decides how all tests of the package run"),
)
PYTHON: tuple[Reach, ...] = (
    (re.compile(r"\bos\._exit\b|\bpytest\.exit\("), "ends the process past the runner"),
    (re.compile(r"^\s*def pytest_\w+\("), "defines a hook of pytest"),
    (re.compile(r"\b_pytest\b"), "reaches into pytest"),
    (
        re.compile(
            r"(?:^|[\s(])(?:pytest|unittest|builtins)(?:\.\w+)+\s*=(?!=)|\bsetattr\(\s*(?:pytest|unittest|builtins)\b"
        ),
        "replaces a part of the runner",
    ),
)


def shadowed(path: str, base: Collection[str], now: Collection[str]) -> str | None:
    """What a created file does to the runner when imports find it first; None: nothing, or the base had the name.

    `base` and `now` are the paths of the trees before and after.
    """
    if OTHERS.search(path):
        return "adds a file where runners look for installed code"
    *folders, name = path.split("/")
    if name == "__init__.py" and folders:
        module = folders.pop()
    elif name.endswith((".py", ".pyc", ".so", ".pyd")):
        module = name.partition(".")[0]
    else:
        return None
    known = module in STANDARD or module in RUNNER_PARTS or module.startswith("pytest_")
    if not known or not _is_searched(folders, base, now):
        return None
    place = "/".join([*folders, module])
    if any(one in base for one in (f"{place}.py", f"{place}/__init__.py")):
        return None
    return f"adds a module that imports of `{module}` may find first"


def reaches_runner(path: str, line: str, old: str) -> str | None:
    """What an added line does to the runner, None if nothing, or if the file did the like before."""
    if is_prose(path):
        return None
    rules = EVERYWHERE + PYTHON if path.endswith(".py") else EVERYWHERE
    for pattern, does in rules:
        found = pattern.search(line)
        if found is not None and found.group().strip() not in old:
            return does
    return None


def _is_searched(folders: list[str], base: Collection[str], now: Collection[str]) -> bool:
    """Whether the folder may come early on the path of imports: no package does, neither before nor after."""
    if not folders or (len(folders) == 1 and folders[0] in SEARCHED_FIRST):
        return True
    marker = "/".join([*folders, "__init__.py"])
    if marker in base and marker in now:
        return False
    return is_test("/".join([*folders, "x"]))
