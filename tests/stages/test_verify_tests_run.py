"""Running real pytest suites and believing, or not, what comes back. The suites are small and our own."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.work import CommandResult, Ending, SnapshotFile
from coderoute.stages.verify.tests_run import MAX_FAILURE_TEXTS, MAX_ID, MAX_TAIL, run_tests

PYTEST = f"{sys.executable} -m pytest -q"


class LocalFolder:
    """A sandbox that is a folder of this machine: for suites these tests wrote themselves, never for others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[str] = []

    def run(self, command: str, *, timeout_s: float, env: Mapping[str, str] | None = None) -> CommandResult:
        self.commands.append(command)
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **(env or {})}
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        return CommandResult(
            exit_code=ran.returncode, output=ran.stdout, truncated=False, ending=Ending.EXIT, duration_s=0.1
        )

    def read(self, path: str, *, limit: int = 10_000_000) -> bytes | None:
        file = self.folder / path
        return file.read_bytes()[:limit] if file.is_file() else None

    def write(self, path: str, data: bytes) -> str | None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return None

    def snapshot(self) -> Iterator[SnapshotFile]:
        return iter(())

    def close(self) -> None:
        pass


@pytest.fixture
def checkout(tmp_path: Path) -> LocalFolder:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return LocalFolder(folder)


def write(checkout: LocalFolder, files: Mapping[str, str]) -> None:
    for path, text in {"pytest.ini": "[pytest]\n", **files}.items():
        checkout.write(path, textwrap.dedent(text).encode())


def run(
    checkout: LocalFolder,
    command: str = PYTEST,
    *,
    only: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    framework: str = "pytest",
    expected_failures: Sequence[str] = (),
) -> TestReport:
    number = len(checkout.commands)
    return run_tests(
        checkout,
        command,
        framework=framework,
        timeout_s=60,
        env=env or {},
        only=only,
        report_dir=str(checkout.folder.parent / f"report-{number}"),
        expected_failures=expected_failures,
    )


def pytest_runs(checkout: LocalFolder) -> list[str]:
    return [command for command in checkout.commands if "pytest" in command]


SHAPES = {
    "tests/test_shapes.py": '''
        import unittest
        import pytest

        def test_plain(): pass

        class TestOuter:
            def test_method(self): pass
            class TestInner:
                def test_nested(self): pass

        class Unit(unittest.TestCase):
            def test_unit(self): pass
            def test_parts(self):
                for number in range(3):
                    with self.subTest("part a::b", number=number):
                        assert number != 1

        @pytest.mark.parametrize("x", [
            "a::b", "a/b", "a[1]", "b]c[", "with space", "d.o.t", "\\n", "\\x07", "", "é", "日本",
            "quote'\\"", "$HOME", "`x`", "--opt", "semi;&|",
        ])
        def test_values(x): pass

        @pytest.mark.parametrize("x", [object(), None, 1.5])
        @pytest.mark.parametrize("y", [1], ids=["x::y/z.w[q]"])
        class TestBoth:
            def test_two(self, x, y): pass
        ''',
    "tests/__init__.py": "",
    "tests/shared.py": """
        class Shared:
            def test_inherited(self): pass
            class TestIn:
                def test_deep(self): pass
        """,
    "tests/test_only_inherited.py": "from tests.shared import Shared\nclass TestMine(Shared): pass\n",
    "tests/test_also_inherited.py": """
        from tests.shared import Shared
        class TestMine(Shared):
            def test_own(self): pass
        """,
    "tests/wrapping.py": "def wrapping(f):\n    def inner(): f()\n    return inner\n",
    "tests/test_wrapped.py": "from tests.wrapping import wrapping\n@wrapping\ndef test_wrapped(): pass\n",
    "tests/v1.0/test_dotted.py": "def test_a(): pass\nclass TestB:\n    def test_c(self): pass\n",
    "tests/sp ace/test_space here.py": "def test_a(): pass\n",
    "tests/ünï/test_ü.py": "def test_ä(): pass\n",
    "tests/list.made": "first one\ndotted.name\n",
    "tests/conftest.py": """
        import pytest
        class Line(pytest.Item):
            def runtest(self): pass
        class Lines(pytest.File):
            def collect(self):
                return [Line.from_parent(self, name=name) for name in self.path.read_text().splitlines()]
        def pytest_collect_file(parent, file_path):
            return Lines.from_parent(parent, path=file_path) if file_path.suffix == ".made" else None
        """,
    "lib/mod.py": 'def f():\n    """\n    >>> f()\n    1\n    """\n    return 1\n',
    "README.rst": ">>> 1\n1\n",
    "pytest.ini": "[pytest]\naddopts = --doctest-modules --doctest-glob=*.rst\n",
}  # fmt: skip


def test_ids_are_pytests_own_and_select_the_same_tests_again(checkout: LocalFolder) -> None:
    write(checkout, SHAPES)
    listed = checkout.run(f"{PYTEST} --collect-only", timeout_s=60).text
    collected = {line for line in listed.splitlines() if "::" in line}
    report = run(checkout)
    assert len(collected) > 35
    assert set(report.outcomes) == collected
    assert report.problem is None

    checkout.commands.clear()
    again = run(checkout, only=sorted(collected))
    assert again.outcomes == report.outcomes
    assert len(pytest_runs(checkout)) == 1, "pytest knew every id"


def test_one_inherited_test_alone_keeps_its_id(checkout: LocalFolder) -> None:
    write(checkout, SHAPES)
    wanted = "tests/test_only_inherited.py::TestMine::TestIn::test_deep"
    assert run(checkout, only=[wanted]).outcomes == {wanted: Outcome.PASSED}


def test_outcomes_are_those_of_the_terminal(checkout: LocalFolder) -> None:
    write(
        checkout,
        {
            "test_x.py": """
                import unittest
                import pytest
                @pytest.fixture
                def broken(): raise RuntimeError
                @pytest.fixture
                def breaks_later():
                    yield
                    raise RuntimeError
                def test_pass(): pass
                def test_fail(): assert 1 == 2
                def test_setup(broken): pass
                def test_teardown(breaks_later): pass
                def test_both(breaks_later): assert 0
                @pytest.mark.skip
                def test_skip(): pass
                @pytest.mark.xfail
                def test_expected(): assert 0
                @pytest.mark.xfail
                def test_unexpected(): pass
                @pytest.mark.xfail(strict=True)
                def test_strict(): pass
                class Parts(unittest.TestCase):
                    def test_parts(self):
                        with self.subTest("a"): assert 0
                """
        },
    )
    outcomes = {test.rpartition("::")[2]: outcome for test, outcome in run(checkout).outcomes.items()}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.PASSED} == {"test_pass", "test_unexpected"}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.SKIPPED} == {"test_skip", "test_expected"}
    assert len(outcomes) == 10


def test_a_file_that_cannot_be_imported_is_a_failing_test_of_its_own(checkout: LocalFolder) -> None:
    write(
        checkout, {"a/test_bad.py": "import nosuchmodule\ndef test_x(): pass\n", "test_ok.py": "def test_a(): pass\n"}
    )
    report = run(checkout)
    assert report.problem is None
    assert report.outcomes == {"a/test_bad.py": Outcome.FAILED, "test_ok.py::test_a": Outcome.PASSED}
    assert "No module named 'nosuchmodule'" in report.failures["a/test_bad.py"]
    assert run(checkout, only=["a/test_bad.py::test_x"]).outcomes == {"a/test_bad.py": Outcome.FAILED}


@pytest.mark.parametrize("command", [f"{PYTEST} backend", f"cd backend && {PYTEST}", f"{PYTEST} -c backend/pytest.ini"])
def test_paths_are_the_checkouts_even_if_pytest_starts_below_it(checkout: LocalFolder, command: str) -> None:
    (checkout.folder / "backend/tests").mkdir(parents=True)
    checkout.write("backend/pytest.ini", b"[pytest]\n")
    checkout.write("backend/tests/test_a.py", b"def test_a(): pass\ndef test_b(): pass\n")
    report = run(checkout, command)
    assert list(report.outcomes) == ["backend/tests/test_a.py::test_a", "backend/tests/test_a.py::test_b"]
    only = ["backend/tests/test_a.py::test_b"]
    assert list(run(checkout, command, only=only).outcomes) == only


def test_an_id_pytest_does_not_find_is_looked_for_in_its_file_and_then_everywhere(checkout: LocalFolder) -> None:
    write(checkout, {"test_a.py": "def test_a(): pass\ndef test_b(): pass\n", "test_[x].py": "def test_c(): pass\n"})
    assert list(run(checkout, only=["test_a.py::test_a", "test_a.py::test_gone"]).outcomes) == ["test_a.py::test_a"]
    assert [command.rpartition(" ")[2] for command in pytest_runs(checkout)] == ["test_a.py::test_gone", "test_a.py"]
    assert list(run(checkout, only=["test_[x].py::test_c"]).outcomes) == ["test_[x].py::test_c"]


def test_asking_only_for_tests_that_do_not_exist_proves_nothing(checkout: LocalFolder) -> None:
    write(checkout, {"test_a.py": "def test_a(): pass\n"})
    report = run(checkout, only=["test_a.py::test_gone"])
    assert report.outcomes == {}
    assert "none of the tests asked for was collected (test_a.py::test_gone)" in (report.problem or "")


def test_a_command_that_cannot_be_narrowed_is_filtered(checkout: LocalFolder) -> None:
    write(checkout, {"test_a.py": "def test_a(): pass\ndef test_b(): assert 0\n"})
    report = run(checkout, f"true && {PYTEST}", only=["test_a.py::test_a"])
    assert report.outcomes == {"test_a.py::test_a": Outcome.PASSED}
    assert report.exit_code == 1
    assert report.failures == {}


def test_the_users_options_stay_and_every_test_is_run(checkout: LocalFolder) -> None:
    write(
        checkout,
        {
            "pytest.ini": "[pytest]\naddopts = --maxfail=1 --junitxml=mine.xml\n",
            "test_a.py": """
                import os
                def test_a(): assert 0
                def test_b(): assert os.environ["X"] == "y"
                def test_no(): pass
                """,
        },
    )
    report = run(checkout, env={"PYTEST_ADDOPTS": "-k 'not test_no'", "X": "y"})
    assert report.outcomes == {"test_a.py::test_a": Outcome.FAILED, "test_a.py::test_b": Outcome.PASSED}
    assert not (checkout.folder / "mine.xml").exists()


def test_words_the_user_puts_before_class_names_are_no_part_of_an_id(checkout: LocalFolder) -> None:
    write(checkout, {"tests/test_a.py": "class TestA:\n    def test_a(self): pass\n"})
    assert list(run(checkout, f"{PYTEST} --junitprefix=py311.x").outcomes) == ["tests/test_a.py::TestA::test_a"]


@pytest.mark.parametrize(
    ("what", "command", "files", "said"),
    [
        ("no such command", "nosuchcommand -q", {}, "'nosuchcommand -q' cannot be run"),
        ("no tests", PYTEST, {"test_a.py": ""}, "collects no tests"),
        ("no such folder", f"{PYTEST} nowhere", {}, "file or directory not found: nowhere"),
        ("an option nobody knows", f"{PYTEST} --nope", {}, "unrecognized arguments"),
        ("a broken conftest.py", PYTEST, {"conftest.py": "import nosuchmodule"}, "No module named 'nosuchmodule'"),
        ("nothing can be imported", PYTEST, {"test_a.py": "import nosuchmodule"}, "can be imported: test_a.py"),
        ("os._exit(0)", PYTEST, {"test_a.py": "import os\ndef test_a(): os._exit(0)"}, "left no test report"),
        ("only collected", f"{PYTEST} --collect-only", {"test_a.py": "def test_a(): pass"}, "collects no tests"),
        ("exit code hidden", f"{PYTEST} || true", {"test_a.py": "def test_a(): assert 0"}, "exit code 0 although 1"),
        ("exit code added", f"{PYTEST} && exit 7", {"test_a.py": "def test_a(): pass"}, "exit code 7 although no test"),
        ("stopped early", f"{PYTEST} -x", {"test_a.py": "def test_a(): assert 0\ndef test_b(): pass"}, "take -x or"),
        (
            "a report with an entity",
            PYTEST,
            {
                "conftest.py": """
                    import os, shlex
                    def pytest_unconfigure(config):
                        with open(config.option.xmlpath, "w") as report:
                            report.write('<!DOCTYPE t [<!ENTITY e "x">]><testsuite name="&e;"/>')
                    """,
                "test_a.py": "def test_a(): pass",
            },
            "document type or entities",
        ),
        (
            "the run was stopped",
            PYTEST,
            {"test_a.py": "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough', returncode=3)"},
            "exit code 3",
        ),
    ],
)  # fmt: skip
def test_a_run_that_proves_nothing_says_why(
    checkout: LocalFolder, what: str, command: str, files: Mapping[str, str], said: str
) -> None:
    write(checkout, files)
    assert said in (run(checkout, command).problem or ""), what


def test_texts_of_unexpected_failures_come_first(checkout: LocalFolder) -> None:
    tests = "".join(f"def test_{number:02}(): assert {number} < 0\n" for number in range(30))
    write(checkout, {"test_a.py": tests})
    known = [f"test_a.py::test_{number:02}" for number in range(25)]
    report = run(checkout, expected_failures=known)
    assert report.count(Outcome.FAILED) == 30
    assert len(report.failures) == MAX_FAILURE_TEXTS
    assert list(report.failures)[:5] == [f"test_a.py::test_{number}" for number in range(25, 30)]
    assert len(report.output_tail) <= MAX_TAIL
    assert "30 failed" in report.output_tail


@pytest.mark.parametrize("framework", ["exit-code", "nosetests", "go"])
def test_what_no_adapter_can_make_report_is_judged_by_its_exit_code(checkout: LocalFolder, framework: str) -> None:
    write(checkout, {"test_a.py": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"})
    report = run(checkout, f"{sys.executable} -m unittest", framework=framework)
    assert (report.framework, report.granularity) == (framework, "coarse")
    assert (report.exit_code, report.outcomes, report.problem) == (0, {}, None)
    assert checkout.commands == [f"{sys.executable} -m unittest"], "the command is run as it is"


def test_ids_have_one_line_nothing_invisible_and_an_end(checkout: LocalFolder) -> None:
    write(
        checkout,
        {
            "conftest.py": """
                import pytest
                class Line(pytest.Item):
                    def runtest(self): pass
                class Lines(pytest.File):
                    def collect(self):
                        yield Line.from_parent(self, name="two\\nlines\\u202e")
                        yield Line.from_parent(self, name="x" * 10_000)
                        yield Line.from_parent(self, name="x" * 10_001)
                def pytest_collect_file(parent, file_path):
                    return Lines.from_parent(parent, path=file_path) if file_path.suffix == ".made" else None
                """,
            "a.made": "",
        },
    )
    ids = list(run(checkout).outcomes)
    assert len(ids) == 3
    assert "a.made::two\\nlines<U+202E>" in ids
    assert all(len(test) < MAX_ID + 50 and "\n" not in test for test in ids)
