"""Which test files a step's change concerns; whenever that is not plain, all of them."""

from collections.abc import Mapping

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.affected import MAX_FILE_BYTES, MAX_FILES, WORTH_IT_S, affected, texts_of

TEXTS = {
    "src/pkg/__init__.py": "from .fields import Field\n",
    "src/made/__init__.py": "VERSION = 1\n",
    "src/pkg/fields.py": "from .deep import dig\nclass Field: ...\n",
    "src/pkg/deep.py": "from .deeper import more\ndef dig(): ...\n",
    "src/pkg/deeper.py": "",
    "src/pkg/lonely.py": "",
    "src/pkg/types.pyi": "",
    "src/pkg/speed.c": "",
    "tests/conftest.py": "",
    "tests/base.py": "",
    "tests/data.py": "",
    "tests/test_fields.py": "from pkg import Field\n",
    "tests/test_deep.py": "from pkg.deep import dig\n",
    "tests/test_base.py": "from tests.base import x\n",
    "tests/test_lonely.py": "",
    "tests/test_a.py": "",
    "tests/test_b.py": "",
    "tests/test_c.py": "from made import VERSION\n",
    "pyproject.toml": "[project]\n",
    "setup.py": "",
}
SCRIPTS = {
    "src/sum.ts": "import { add } from './add'\n",
    "src/add.ts": "",
    "src/sum.test.ts": "import { sum } from './sum'\n",
    "src/add.test.ts": "",
    "src/other.test.ts": "import { x } from '@/alias'\n",
    "src/alias.ts": "",
    "src/more.test.ts": "",
}


def baseline(
    texts: Mapping[str, str] = TEXTS, *, framework: str = "pytest", many: str | None = None, duration_s: float = 100,
    granularity: str = "test", problem: str | None = None,
) -> TestReport:  # fmt: skip
    """A report with a test in every test file, and with a hundred in `many`."""
    files = [path for path in texts if "/test_" in path or ".test." in path]
    ids = [f"{path}::t{number}" for path in files for number in range(100 if path == many else 1)]
    return TestReport(
        framework=framework, granularity=granularity, exit_code=0, outcomes=dict.fromkeys(ids, Outcome.PASSED),
        problem=problem, output_tail="", failures={}, duration_s=duration_s,
    )  # fmt: skip


WHOLE = None


@pytest.mark.parametrize(("what", "changed", "checks", "chosen"), [
    ("a changed test", ["tests/test_a.py"], [], ["test_a"]),
    ("a module that a test imports", ["src/pkg/fields.py"], [], ["test_fields"]),
    ("a module between", ["src/pkg/deep.py"], [], ["test_deep", "test_fields"]),
    ("two modules between", ["src/pkg/deeper.py"], [], ["test_deep", "test_fields"]),
    ("a module a test is named after", ["src/pkg/lonely.py"], [], ["test_lonely"]),
    ("a module the tests share", ["tests/base.py"], [], ["test_base"]),
    ("the tests of the checks", ["tests/test_a.py"], ["tests/test_b.py::test_x[1]"], ["test_a", "test_b"]),
    ("a command is no test", ["tests/test_a.py"], ["$ python tests/test_b.py"], ["test_a"]),
    ("a check that does not exist", ["tests/test_a.py"], ["tests/test_gone.py::x"], ["test_a"]),
    ("prose beside it", ["tests/test_a.py", "README.md", "docs/x.rst"], [], ["test_a"]),
    ("a stub beside it", ["tests/test_a.py", "src/pkg/types.pyi"], [], ["test_a"]),
    ("several at once", ["tests/test_a.py", "src/pkg/fields.py"], [], ["test_a", "test_fields"]),
    ("nothing", [], [], WHOLE),
    ("prose alone", ["README.md"], [], WHOLE),
    ("a file that is gone", ["tests/test_gone.py", "tests/test_a.py"], [], WHOLE),
    ("a conftest", ["tests/conftest.py"], [], WHOLE),
    ("settings of the tests", ["pyproject.toml", "tests/test_a.py"], [], WHOLE),
    ("what builds the project", ["setup.py", "tests/test_a.py"], [], WHOLE),
    ("data", ["tests/test_a.py", "src/pkg/data.json"], [], WHOLE),
    ("another language", ["tests/test_a.py", "src/pkg/speed.c"], [], WHOLE),
    ("a package's own file, which runs for all that import from it", ["src/made/__init__.py"], [], WHOLE),
    ("a file among the tests that nobody imports", ["tests/data.py", "tests/test_a.py"], [], WHOLE),
    ("most of the suite", [f"tests/test_{name}.py" for name in ("a", "b", "c", "deep", "fields")], [], WHOLE),
    ("a little less", [f"tests/test_{name}.py" for name in ("a", "b", "c", "deep")], [], [
        "test_a", "test_b", "test_c", "test_deep"]),
])  # fmt: skip
def test_affected(what: str, changed: list[str], checks: list[str], chosen: list[str] | None) -> None:
    expected = None if chosen is None else tuple(f"tests/{name}.py" for name in chosen)
    assert affected(changed, checks=checks, texts=TEXTS, baseline=baseline()) == expected, what


def test_a_new_test_file_is_run() -> None:
    texts = {**TEXTS, "tests/test_new.py": "from pkg.deep import dig\n"}
    assert affected(["tests/test_new.py"], checks=(), texts=texts, baseline=baseline()) == ("tests/test_new.py",)
    found = affected(["src/pkg/deep.py"], checks=(), texts=texts, baseline=baseline())
    assert found == ("tests/test_deep.py", "tests/test_fields.py"), "only what the suite has, or the step has made"


def test_the_share_is_one_of_tests_not_of_files() -> None:
    found = affected(["tests/test_a.py"], checks=(), texts=TEXTS, baseline=baseline(many="tests/test_a.py"))
    assert found is None


def test_where_that_is_most_of_the_suite_only_what_is_near_is_run() -> None:
    """test_far uses fields.py, that deep.py, and that deeper.py."""
    texts = {**TEXTS, "tests/test_far.py": "from pkg import Field\n", "tests/test_fields.py": ""}
    report = baseline(texts, many="tests/test_far.py")
    assert affected(["src/pkg/deeper.py"], checks=(), texts=texts, baseline=report) == ("tests/test_deep.py",)
    assert affected(["src/pkg/deep.py"], checks=(), texts=texts, baseline=report) == ("tests/test_deep.py",)
    assert affected(["src/pkg/fields.py"], checks=(), texts=texts, baseline=report) is None


def test_a_test_file_nobody_could_read_is_always_run() -> None:
    texts = {path: text for path, text in TEXTS.items() if path != "tests/test_c.py"}
    found = affected(["tests/test_a.py"], checks=(), texts=texts, baseline=baseline())
    assert found == ("tests/test_a.py", "tests/test_c.py")


@pytest.mark.parametrize(("what", "report"), [
    ("single tests are not known", baseline(granularity="coarse")),
    ("the baseline cannot be believed", baseline(problem="no")),
    ("the suite is quick", baseline(duration_s=WORTH_IT_S - 0.1)),
    ("a runner that is not asked for files", baseline(framework="go")),
    ("no runner", baseline(framework="exit-code")),
])  # fmt: skip
def test_the_whole_suite_where(what: str, report: TestReport) -> None:
    assert affected(["tests/test_a.py"], checks=(), texts=TEXTS, baseline=report) is None, what


@pytest.mark.parametrize("settings", ["pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", ".pytest.toml"])
def test_the_whole_suite_where_the_project_names_its_tests_otherwise(settings: str) -> None:
    texts = {**TEXTS, settings: "[pytest]\npython_files = check_*.py\n"}
    assert affected(["tests/test_a.py"], checks=(), texts=texts, baseline=baseline()) is None


@pytest.mark.parametrize(("what", "changed", "chosen"), [
    ("a script", "src/sum.ts", ["sum"]),
    ("a script between, and one named like it", "src/add.ts", ["add", "sum"]),
    ("a test", "src/other.test.ts", ["other"]),
    ("a script imported by an alias", "src/alias.ts", WHOLE),
])  # fmt: skip
def test_scripts(what: str, changed: str, chosen: list[str] | None) -> None:
    expected = None if chosen is None else tuple(f"src/{name}.test.ts" for name in chosen)
    report = baseline(SCRIPTS, framework="jest")
    assert affected([changed], checks=(), texts=SCRIPTS, baseline=report) == expected, what


def test_texts_are_those_of_code_and_settings() -> None:
    files = {
        "a.py": b"\xff1",
        "b.js": b"2",
        "pyproject.toml": b"3",
        "data.json": b"4",
        "c.py": b"x" * (MAX_FILE_BYTES + 1),
    }
    repository = InMemoryRepository(files)
    assert texts_of(repository.pin(None).tree, repository) == {"a.py": "\ufffd1", "b.js": "2", "pyproject.toml": "3"}


def test_of_too_many_files_none_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_FILES > 1_000
    monkeypatch.setattr("coderoute.stages.verify.affected.MAX_FILES", 1)
    repository = InMemoryRepository({"a.py": b"1", "b.py": b"2"})
    assert texts_of(repository.pin(None).tree, repository) == {}
