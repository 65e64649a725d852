"""A head's tests against its base's: what the change repaired, what it broke, and what was never its business."""

import hashlib
import re
from collections.abc import Collection, Mapping
from enum import Enum, auto
from typing import assert_never

from coderoute.domain.judgement import Outcome, TestReport, Verdicts


def compare(base: TestReport, head: TestReport, flaky: Collection[str]) -> Verdicts:
    """Every test of either report in at most one list (`failing_new_tests` is a part of `new_tests`).

    A file or class that cannot be collected is a failing test of its own (`tests/test_x.py`), and what it holds
    counts as failing with it: an import error on the head is a new failure of the file and of each test in it, and
    nothing has vanished. A test whose parameter is the time of day goes by its id on the head. Reports by exit code
    alone know no tests, so all lists are empty.

    Args:
        flaky: ids whose outcome was shown to be unstable; they stand in no other list.
    """
    lists: dict[_Change, list[str]] = {change: [] for change in _Change}
    outcomes_before = _under_ids_of(head.outcomes, base.outcomes)
    before, after = _Side(outcomes_before), _Side(head.outcomes)
    for test in sorted({*outcomes_before, *head.outcomes}):
        change = _Change.FLAKY if test in flaky else _change(before.outcome(test), after.outcome(test))
        lists[change].append(test)
    failing = (test for test in lists[_Change.NEW] if head.outcomes[test] is Outcome.FAILED)
    return Verdicts(
        fixed=tuple(lists[_Change.FIXED]),
        new_failures=tuple(lists[_Change.BROKEN]),
        pre_existing=tuple(lists[_Change.STILL_FAILING]),
        flaky=tuple(lists[_Change.FLAKY]),
        vanished=tuple(lists[_Change.VANISHED]),
        new_tests=tuple(lists[_Change.NEW]),
        failing_new_tests=tuple(failing),
        now_skipped=tuple(lists[_Change.NOW_SKIPPED]),
    )


def compare_runs(
    baseline: TestReport, first: TestReport, second: TestReport, unsteady: Collection[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Tests of the baseline that end otherwise, or are missing, in one of two runs of the same head: (id, what
    differs in words), sorted. A test that the baseline does not have is no difference, nor is one that both lack.

    Args:
        first: with the change's own tests and test configuration.
        second: with the base's.
        unsteady: ids whose outcome was shown to depend on more than the two trees.
    """
    if any(report.granularity != "test" for report in (baseline, first, second)):
        return _exit_codes_compared(first, second)
    with_own, with_bases = (_Side(_under_ids_of(baseline.outcomes, run.outcomes)) for run in (first, second))
    pairs = ((test, with_own.outcome(test), with_bases.outcome(test)) for test in sorted(baseline.outcomes))
    return tuple(
        (test, f"{_in_words(own)} in the change's version, {_in_words(bases)} with the base's own tests")
        for test, own, bases in pairs
        if own is not bases and test not in unsteady
    )


WHOLE_SUITE = "tests"
"""Stands for a test id where a difference is one of the whole run."""


def _exit_codes_compared(first: TestReport, second: TestReport) -> tuple[tuple[str, str], ...]:
    if (first.exit_code == 0) == (second.exit_code == 0):
        return ()
    words = f"the test command ends with {first.exit_code} in the change's version, with {second.exit_code} with the"
    return ((WHOLE_SUITE, f"{words} base's own tests"),)


def _in_words(outcome: Outcome | None) -> str:
    match outcome:
        case None:
            return "missing"
        case Outcome.PASSED:
            return "passes"
        case Outcome.FAILED:
            return "fails"
        case Outcome.SKIPPED:
            return "is skipped"
        case forgotten:
            assert_never(forgotten)


def failure_signature(report: TestReport) -> str | None:
    """Equal for reports that fail in the same tests with the same errors; None where nothing failed.

    What differs from run to run or moves with the code is left out: addresses, durations, dates, temporary paths,
    line numbers.
    """
    failing = sorted(test for test, outcome in report.outcomes.items() if outcome is Outcome.FAILED)
    if failing:
        parts = [f"{_steady_id(test)}\n{_error(report.failures.get(test, ''))}" for test in failing]
    elif report.problem is not None:
        parts = [_steady(report.problem)]
    elif report.granularity != "test" and report.exit_code != 0:
        parts = [str(report.exit_code), _steady(report.output_tail)]
    else:
        return None
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Change(Enum):
    FIXED = auto()
    BROKEN = auto()
    STILL_FAILING = auto()
    VANISHED = auto()
    NEW = auto()
    NOW_SKIPPED = auto()
    NOTHING = auto()
    FLAKY = auto()


def _change(before: Outcome | None, after: Outcome | None) -> _Change:
    """What became of one test; None is a test that is not there."""
    match before, after:
        case None, _:
            return _Change.NEW
        case _, None:
            return _Change.VANISHED
        case Outcome.FAILED, Outcome.FAILED:
            return _Change.STILL_FAILING
        case _, Outcome.FAILED:
            return _Change.BROKEN
        case Outcome.FAILED, Outcome.PASSED:
            return _Change.FIXED
        case Outcome.FAILED | Outcome.PASSED, Outcome.SKIPPED:
            return _Change.NOW_SKIPPED
        case _:
            return _Change.NOTHING


def _under_ids_of(head: Mapping[str, Outcome], base: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """`base`, where ids that are new with each run (`test_a[12:03:55 2026-11-22]`) are those of `head`."""
    gone, came = (_by_steady_id(one.keys() - other.keys()) for one, other in ((base, head), (head, base)))
    renamed = {
        old: new
        for steady_id, old_ids in gone.items()
        if len(came.get(steady_id, ())) == len(old_ids)
        for old, new in zip(old_ids, came[steady_id], strict=True)
    }
    return {renamed.get(test, test): outcome for test, outcome in base.items()}


def _by_steady_id(tests: Collection[str]) -> dict[str, list[str]]:
    """The ids with something unsteady in them, by what is left without it."""
    groups: dict[str, list[str]] = {}
    for test in sorted(tests):
        steady_id = _steady_id(test)
        if steady_id != test:
            groups.setdefault(steady_id, []).append(test)
    return groups


def _steady_id(test: str) -> str:
    for pattern, word in _UNSTEADY_IN_IDS:
        test = pattern.sub(word, test)
    return test


class _Side:
    """One report, asked about any test of either report."""

    def __init__(self, outcomes: Mapping[str, Outcome]) -> None:
        self._outcomes = outcomes
        self._collected = frozenset(holder for test in outcomes for holder in _holders(test))

    def outcome(self, test: str) -> Outcome | None:
        """How `test` did, None if this side does not have it.

        Below a file or class that failed or was skipped as a whole everything did; one whose tests are there passed.
        """
        own = self._outcomes.get(test)
        if own is not None:
            return own
        for holder in _holders(test):
            whole = self._outcomes.get(holder)
            if whole is Outcome.FAILED or whole is Outcome.SKIPPED:
                return whole
        return Outcome.PASSED if test in self._collected else None


def _holders(test: str) -> tuple[str, ...]:
    """The ids of the file and the classes that a test id lies in."""
    parts = test.partition("[")[0].split("::")
    return tuple("::".join(parts[:count]) for count in range(1, len(parts)))


def _error(failure: str) -> str:
    """The lines of a failure text that say what went wrong."""
    lines = [line for line in failure.splitlines() if re.match(r"E\s", line)]
    return _steady("\n".join(lines or [line for line in failure.splitlines() if line.strip()][-3:]))


_UNSTEADY_IN_IDS = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?"), "date"),
    (re.compile(r"\b\d\d[-/]\d\d[-/]\d{4}\b"), "date"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?"), "time"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "uuid"),
)
_UNSTEADY = (
    *_UNSTEADY_IN_IDS,
    (re.compile(r"(?:/private)?(?:/var)?/tmp/[^\s'\":,)\]]+"), "/tmp"),  # noqa: S108 - recognised, not used
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|us|µs|ns|sec|secs|seconds|minutes)\b"), "duration"),
    (re.compile(r"(\.\w+):\d+(?::\d+)?\b"), r"\1:"),
    (re.compile(r"\b(line|pid|process|thread|port)([ =:]+)\d+"), r"\1"),
    (re.compile(r"\s+"), " "),
)


def _steady(text: str) -> str:
    for pattern, word in _UNSTEADY:
        text = pattern.sub(word, text)
    return text.strip()
