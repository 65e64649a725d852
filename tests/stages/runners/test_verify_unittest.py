"""unittest through our module: real suites, run by this Python."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.inside import unittest_inside

PYTHON = sys.executable
COMMAND = f"{PYTHON} -m unittest"

Write = Callable[[Mapping[str, str]], None]
Run = Callable[..., TestReport]

SUITE = {
    "tests/__init__.py": "",
    "tests/base.py": """
        import unittest
        class Shared(unittest.TestCase):
            def test_shared(self): pass
        """,
    "tests/test_a.py": """
        import unittest
        class TestA(unittest.TestCase):
            def test_pass(self): pass
            def test_fail(self): self.assertEqual(1, 2)
            def test_error(self): raise ValueError("\\x07 \\ud800 <b>&")
            @unittest.skip("later")
            def test_skip(self): pass
            @unittest.expectedFailure
            def test_expected(self): self.fail()
            @unittest.expectedFailure
            def test_unexpected(self): pass
            def test_parts(self):
                for number in range(3):
                    with self.subTest("part", number=number):
                        self.assertNotEqual(number, 1)
            def test_skipped_part(self):
                with self.subTest("part"): self.skipTest("not here")
            class Inner(unittest.TestCase):
                def test_deep(self): pass
        class TestClassFails(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise RuntimeError("no database")
            def test_never(self): pass
        @unittest.skip("all of it")
        class TestClassSkipped(unittest.TestCase):
            def test_never(self): pass
        class TestTearDown(unittest.TestCase):
            def tearDown(self): raise RuntimeError("late")
            def test_both(self): self.fail("early")
        """,
    "tests/test_inherits.py": """
        from tests import base
        class TestMine(base.Shared):
            def test_own(self): pass
        """,
    "tests/test_broken.py": "import nosuchmodule",
    "tests/test_skipped.py": "import unittest\nraise unittest.SkipTest('not on this system')",
    "tests/test_module.py": """
        import unittest
        def setUpModule(): raise RuntimeError("no server")
        class TestM(unittest.TestCase):
            def test_m(self): pass
        """,
}

OUTCOMES = {
    "tests/test_a.py::TestA::test_error": Outcome.FAILED,
    "tests/test_a.py::TestA::test_expected": Outcome.SKIPPED,
    "tests/test_a.py::TestA::test_fail": Outcome.FAILED,
    "tests/test_a.py::TestA::test_parts": Outcome.FAILED,
    "tests/test_a.py::TestA::test_pass": Outcome.PASSED,
    "tests/test_a.py::TestA::test_skip": Outcome.SKIPPED,
    "tests/test_a.py::TestA::test_skipped_part": Outcome.PASSED,
    "tests/test_a.py::TestA::test_unexpected": Outcome.FAILED,
    "tests/test_a.py::TestClassFails": Outcome.FAILED,
    "tests/test_a.py::TestClassSkipped::test_never": Outcome.SKIPPED,
    "tests/test_a.py::TestTearDown::test_both": Outcome.FAILED,
    "tests/test_broken.py": Outcome.FAILED,
    "tests/test_inherits.py::TestMine::test_own": Outcome.PASSED,
    "tests/test_inherits.py::TestMine::test_shared": Outcome.PASSED,
    "tests/test_module.py": Outcome.FAILED,
    "tests/test_skipped.py": Outcome.SKIPPED,
}


def test_every_test_has_its_outcome_under_the_id_pytest_would_give_it(write: Write, run: Run) -> None:
    write(SUITE)
    report = run(COMMAND, "unittest")
    assert (report.problem, report.granularity, report.framework) == (None, "test", "unittest")
    assert report.outcomes == OUTCOMES
    assert "number=1" in report.failures["tests/test_a.py::TestA::test_parts"]
    assert "no database" in report.failures["tests/test_a.py::TestClassFails"]
    assert "nosuchmodule" in report.failures["tests/test_broken.py"]
    both = report.failures["tests/test_a.py::TestTearDown::test_both"]
    assert "early" in both
    assert "late" in both


def test_every_id_selects_the_same_test_again(write: Write, run: Run) -> None:
    write(SUITE)
    for only in (["tests/test_a.py::TestA::test_pass"], ["tests/test_a.py"], ["tests/test_module.py::TestM::test_m"]):
        expected = {
            test: how
            for test, how in OUTCOMES.items()
            if test == only[0] or test.startswith(f"{only[0]}::") or only[0].startswith(f"{test}::")
        }
        assert expected
        assert run(COMMAND, "unittest", only).outcomes == expected


def test_only_what_was_asked_for_is_run(write: Write, run: Run, checkout: object, tmp_path: Path) -> None:
    write(
        {
            "test_a.py": f"""
                import pathlib, unittest
                class T(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self): pathlib.Path({str(tmp_path / "ran")!r}).touch()
                """
        }
    )
    assert list(run(COMMAND, "unittest", ["test_a.py::T::test_a"]).outcomes) == ["test_a.py::T::test_a"]
    assert not (tmp_path / "ran").exists()
    run(COMMAND, "unittest", ["test_a.py::T::test_b"])
    assert (tmp_path / "ran").exists()


ONE = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"


@pytest.mark.parametrize(
    "command",
    [
        f"{COMMAND} discover -s api/tests -t api -v",
        f"cd api && {COMMAND} tests.test_x",
        f"cd api && {COMMAND} tests.test_x.T.test_a -q",
        f"cd api && {PYTHON} -B -W error -munittest discover tests 2>&1 | cat",
        f"cd api && X='a b' {COMMAND} discover -p 'test_*.py' >/dev/null",
    ],
)
def test_the_command_may_be_written_in_many_ways(write: Write, run: Run, command: str) -> None:
    write({"api/tests/__init__.py": "", "api/tests/test_x.py": ONE})
    report = run(command, "unittest")
    assert (report.problem, report.outcomes) == (None, {"api/tests/test_x.py::T::test_a": Outcome.PASSED})


def test_two_calls_in_one_command_are_one_report(write: Write, run: Run) -> None:
    write({"a/test_a.py": ONE, "b/test_b.py": ONE})
    report = run(f"{COMMAND} discover a && {COMMAND} discover b", "unittest")
    assert list(report.outcomes) == ["a/test_a.py::T::test_a", "b/test_b.py::T::test_a"]


def test_failfast_does_not_hide_the_tests_behind_a_failure(write: Write, run: Run) -> None:
    write({"test_a.py": ONE.replace("pass", "self.fail()") + "    def test_b(self): pass\n"})
    assert run(f"{COMMAND} -f", "unittest").count(Outcome.PASSED) == 1


@pytest.mark.parametrize(
    ("what", "body", "said"),
    [
        ("os._exit(0)", "import os; os._exit(0)", "left no test report"),
        ("an interrupt", "raise KeyboardInterrupt", "died of signal 2"),
        ("sys.exit is a failing test", "raise SystemExit(0)", None),
        ("nothing is left", None, "collects no tests"),
    ],
)
def test_a_run_that_ends_too_early_proves_nothing(
    write: Write, run: Run, what: str, body: str | None, said: str | None
) -> None:
    write({"test_a.py": ONE.replace("pass", body) if body else ""})
    report = run(COMMAND, "unittest")
    assert (report.problem is None) if said is None else (said in (report.problem or "")), what
    assert report.count(Outcome.PASSED) == 0


def test_a_process_that_ends_in_the_second_of_two_calls_is_noticed(write: Write, run: Run) -> None:
    write({"a/test_a.py": ONE, "b/test_b.py": ONE.replace("pass", "import os; os._exit(0)")})
    report = run(f"{COMMAND} discover a && {COMMAND} discover b", "unittest")
    assert "left no test report" in (report.problem or "")


def test_an_exit_code_that_hides_failures_is_noticed(write: Write, run: Run) -> None:
    write({"test_a.py": ONE.replace("pass", "self.fail()")})
    assert "exit code 0 although 1 tests failed" in (run(f"{COMMAND} || true", "unittest").problem or "")


@pytest.mark.parametrize("command", ["make test", f"for d in a; do {COMMAND}; done", f"sh -c '{COMMAND}'"])
def test_a_command_that_does_not_call_unittest_itself_is_coarse(write: Write, run: Run, command: str) -> None:
    write({"test_a.py": ONE, "Makefile": f"test:\n\t@{COMMAND}\n"})
    report = run(command, "unittest")
    assert (report.granularity, report.framework, report.outcomes) == ("coarse", "unittest", {})


def test_the_module_runs_on_the_oldest_python_that_is_promised() -> None:
    import ast

    ast.parse(Path(unittest_inside.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
