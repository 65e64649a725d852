"""Python: which runner the tests are written for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coderoute.settings.detect.files import Files, table, texts
from coderoute.settings.detect.found import Found
from coderoute.settings.detect.python_install import Installation, installation
from coderoute.settings.detect.requirements import names_in_file, requirement_files

BASE = (3, 11)
"""The Python of the sandbox's own image."""

MANIFESTS = r"pyproject\.toml|setup\.(py|cfg)|manage\.py|tox\.ini|Pipfile|\.?pytest\.(ini|toml)|requirements[^/]*\.txt"
TEST_FILE = r"(.*/)?(test_[^/]*|[^/]*_test|tests?)\.py"
HINTS = r"tox\.ini|tox\.toml|noxfile\.py|Makefile|\.travis\.yml|\.gitlab-ci\.yml|\.github/workflows/[^/]+\.ya?ml"
"""Files in which a project's own call of its tests is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """How the tests are called. `package` is what has to be installed for it, None if Python itself has it."""

    command: str
    package: str | None
    why: str


def find(files: Files) -> Found | None:
    """What is known of a Python project whose root is here; None if there is none."""
    tests = files.matching(TEST_FILE)
    if not files.matching(MANIFESTS) and not tests:
        return None
    runner = runner_of(files, tests)
    made = installation(files, runner.package if runner else None, plugins(files))
    image, note = image_for(files)
    notes = (*made.notes, *([note] if note else ()))
    if runner is None:
        why = "no test files (test_*.py, *_test.py), and nothing names a test runner"
        return Found(language="Python", why_command=why, setup=made.commands, why_setup=made.why, image=image,
                     notes=notes)  # fmt: skip
    return Found(
        language="Python", command=runner.command, why_command=runner.why, setup=made.commands, why_setup=made.why,
        env=env_for(files, made), image=image, notes=notes,
    )  # fmt: skip


def runner_of(files: Files, tests: tuple[str, ...]) -> Runner | None:
    """The runner that the project itself names: in its configuration, in its own calls, in what it installs, in its
    tests; None where there are no tests."""
    for why in pytest_configured(files):
        return pytest(why)
    called = called_by(files)
    if called is not None:
        return called
    if files.matching(r"([^/]+/)?conftest\.py"):
        return pytest(f"{files.matching(r'([^/]+/)?conftest[.]py')[0]} is there")
    if "manage.py" in files.paths and "django" in files.text("manage.py").lower():
        return Runner(command="python manage.py test", package=None, why="Django's own runner, for manage.py is there")
    for why in pytest_installed(files):
        return pytest(why)
    if not tests:
        return None
    written = [(path, files.text(path)) for path in tests]
    for path, text in written:
        if re.search(r"(?m)^\s*(import|from) pytest\b", text):
            return pytest(f"{path} imports it")
    for path, text in written:
        if re.search(r"(?m)^\s*(import unittest|from unittest import|from django\.test import)\b", text):
            return Runner(command=unittest_command(files, tests), package=None, why=f"unittest, for {path} imports it")
    return pytest(f"{tests[0]} is there and names no other runner")


def pytest(why: str) -> Runner:
    return Runner(command="python -m pytest -q", package="pytest", why=f"pytest, for {why}")


def pytest_configured(files: Files) -> Iterator[str]:
    """Where pytest is configured, in the order in which pytest itself looks."""
    for path in files.matching(r"\.?pytest\.(toml|ini)"):
        yield f"{path} is there"
    tool = table(files.toml("pyproject.toml"), "tool")
    if table(tool, "pytest", "ini_options"):
        yield "pyproject.toml has [tool.pytest.ini_options]"
    elif "pytest" in tool:
        yield "pyproject.toml has [tool.pytest]"
    if "pytest" in files.ini("tox.ini"):
        yield "tox.ini has [pytest]"
    if "tool:pytest" in files.ini("setup.cfg"):
        yield "setup.cfg has [tool:pytest]"


def called_by(files: Files) -> Runner | None:
    """The runner that the project's own automation calls."""
    for path in sorted(files.matching(HINTS), key=lambda path: (path != "tox.ini", path)):
        text = files.text(path)
        calls = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        for line in calls:
            if re.search(r"\bpy\.?test\b(?!-|\.ini)", line) and not re.search(r"install|pytest\s*[\[=<>]", line):
                return pytest(f"{path} calls it")
            found = re.search(r"-m[\s\"',]+(unittest\b[^\n{;&|#]*)", line)
            if found:
                words = found.group(1).split()
                plain = all(re.fullmatch(r"[\w./=*-]+", word, re.ASCII) for word in words)
                command = f"python -m {' '.join(words) if plain else 'unittest'}"
                return Runner(command=command, package=None, why=f"unittest, for {path} calls it")
            if re.search(r"\bmanage\.py[\s\"',]+test\b", line) and "manage.py" in files.paths:
                return Runner(command="python manage.py test", package=None, why=f"Django, for {path} calls it")
    return None


def pytest_installed(files: Files) -> Iterator[str]:
    for path in ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile"):
        if re.search(r"""(?m)(^|["'\s])pytest(["'\s\[<>=~!;]|$)""", files.text(path)):
            yield f"{path} names it"
    for path in requirement_files(files):
        if "pytest" in names_in_file(files, path):
            yield f"{path} names it"


def unittest_command(files: Files, tests: tuple[str, ...]) -> str:
    """unittest's discovery, told where to look as far as it would not look there by itself."""
    tops = {path.split("/")[0] for path in tests if "/" in path}
    pattern = "" if any(path.rpartition("/")[2].startswith("test") for path in tests) else " -p '*_test.py'"
    if any("/" not in path for path in tests) or len(tops) != 1:
        return f"python -m unittest discover{pattern}" if pattern else "python -m unittest"
    (top,) = tops
    if f"{top}/__init__.py" in files.paths or not re.fullmatch(r"\w[\w.-]*", top, re.ASCII):
        return f"python -m unittest discover{pattern}" if pattern else "python -m unittest"
    return f"python -m unittest discover -s {top}{pattern}"


def pytest_settings(files: Files) -> dict[str, str]:
    """pytest's own settings by name, in lower case, wherever they are written."""
    tool = table(files.toml("pyproject.toml"), "tool", "pytest")
    found: dict[str, str] = {}
    for written in (tool, table(tool, "ini_options")):
        found |= {key.lower(): " ".join(texts(value)) or str(value) for key, value in written.items()}
    for path, section in (("setup.cfg", "tool:pytest"), ("tox.ini", "pytest"), ("pytest.ini", "pytest")):
        found |= files.ini(path).get(section, {})
    return found


PLUGINS = (
    ("pytest-cov", "addopts", r"--cov\b"),
    ("pytest-xdist", "addopts", r"(^|\s)(-n|--numprocesses|--dist)\b"),
    ("pytest-django", "django_settings_module", ""),
    ("pytest-asyncio", "asyncio_mode", ""),
)
"""Plugins without which pytest would not start: name, the setting that needs it, what stands in that."""


def plugins(files: Files) -> tuple[str, ...]:
    settings = pytest_settings(files)
    return tuple(name for name, key, sign in PLUGINS if key in settings and re.search(sign, settings[key]))


def env_for(files: Files, made: Installation) -> dict[str, str]:
    """`src` on the path where nothing installs what lies there."""
    in_src = files.matching(r"src/(\w+/__init__|\w+)\.py")
    needed = in_src and not made.installs_project and "pythonpath" not in pytest_settings(files)
    return {"PYTHONPATH": "src"} if needed else {}


def image_for(files: Files) -> tuple[str | None, str | None]:
    """(an image, why) where the project cannot use the Python of the sandbox's own image."""
    pyproject = files.toml("pyproject.toml")
    wanted = table(pyproject, "project").get("requires-python")
    wanted = wanted or table(pyproject, "tool", "poetry", "dependencies").get("python")
    if not isinstance(wanted, str):
        return None, None
    low = [int(minor) for minor in re.findall(r"(?:>=|~=|\^|~|==)\s*3\.(\d{1,3})", wanted)]
    high = [int(minor) - 1 for minor in re.findall(r"<\s*3\.(\d{1,3})", wanted)]
    high += [int(minor) for minor in re.findall(r"<=\s*3\.(\d{1,3})", wanted)]
    minor = max(low, default=BASE[1])
    if minor <= BASE[1]:
        minor = min([BASE[1], *high])
    if minor == BASE[1]:
        return None, None
    asked = " ".join(wanted.split())[:40]
    note = f"it wants Python {asked}, and the sandbox's own image has {BASE[0]}.{BASE[1]}: name an image"
    return f"python:3.{minor}", note
