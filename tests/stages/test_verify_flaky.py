"""Which new failures are not the change's doing."""

from collections.abc import Callable, Mapping, Sequence

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.tests_run import confirm_flaky

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
Rerun = Callable[[Sequence[str]], TestReport]


def reruns(
    alone: Mapping[str, Outcome], whole: Mapping[str, Outcome] | None = None, problem: str | None = None
) -> Rerun:
    """A side whose tests do this when they run alone, and that when the whole suite runs."""

    def rerun(only: Sequence[str]) -> TestReport:
        outcomes = {test: how for test, how in alone.items() if test in only} if only else dict(whole or {})
        return TestReport(
            framework="pytest",
            granularity="test",
            exit_code=0,
            outcomes=outcomes,
            problem=problem,
            output_tail="",
            failures={},
            duration_s=1.0,
        )

    return rerun


def never(only: Sequence[str]) -> TestReport:
    raise AssertionError(f"nobody should run {only}")


def test_a_failure_that_repeats_on_the_head_alone_is_real() -> None:
    head, base = reruns({"a": FAILED}), reruns({"a": PASSED})
    assert confirm_flaky(["a"], head, base) == frozenset()


def test_a_failure_that_goes_away_on_the_head_is_flaky() -> None:
    assert confirm_flaky(["a"], reruns({"a": PASSED}, {"a": PASSED}), never) == {"a"}


def test_a_test_that_fails_on_the_base_as_well_now_and_then_is_flaky() -> None:
    assert confirm_flaky(["a"], reruns({"a": FAILED}), reruns({"a": FAILED}, {"a": FAILED})) == {"a"}


def test_a_test_that_the_others_break_on_the_head_is_no_flaky_test() -> None:
    head, base = reruns({"a": PASSED}, {"a": FAILED}), reruns({"a": PASSED})
    assert confirm_flaky(["a"], head, base) == frozenset()


def test_a_test_that_needs_the_others_is_no_flaky_test() -> None:
    head, base = reruns({"a": FAILED}), reruns({"a": FAILED}, {"a": PASSED})
    assert confirm_flaky(["a"], head, base) == frozenset()


def test_each_suspect_is_judged_by_itself() -> None:
    head = reruns({"a": PASSED, "b": FAILED}, {"a": PASSED, "b": FAILED})
    assert confirm_flaky(["a", "b"], head, reruns({"b": PASSED})) == {"a"}


def test_a_rerun_that_proves_nothing_clears_nobody() -> None:
    broken = reruns({"a": PASSED}, {"a": PASSED}, problem="stopped after 900 s")
    assert confirm_flaky(["a"], broken, broken) == frozenset()


def test_a_test_that_a_rerun_does_not_have_stays_a_failure() -> None:
    assert confirm_flaky(["a"], reruns({}), reruns({})) == frozenset()


def test_without_suspects_nothing_runs() -> None:
    assert confirm_flaky([], never, never) == frozenset()
