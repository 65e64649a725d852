"""What a change did to each test, and when two failures are the same."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.judgement import Outcome, TestReport, Verdicts
from coderoute.domain.verdicts import compare, compare_runs, failure_signature

PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
LISTS = ("fixed", "new_failures", "pre_existing", "flaky", "vanished", "new_tests", "now_skipped")


def report(
    outcomes: Mapping[str, Outcome],
    failures: Mapping[str, str] | None = None,
    *,
    problem: str | None = None,
    granularity: str = "test",
    exit_code: int = 0,
    tail: str = "",
) -> TestReport:
    return TestReport(
        framework="pytest",
        granularity=granularity,
        exit_code=exit_code,
        outcomes=dict(outcomes),
        problem=problem,
        output_tail=tail,
        failures=dict(failures or {}),
        duration_s=1.0,
    )


def lists_of(verdicts: Verdicts) -> dict[str, tuple[str, ...]]:
    """The lists that are not empty."""
    return {name: found for name in LISTS if (found := getattr(verdicts, name))}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (PASSED, PASSED, None),
        (SKIPPED, SKIPPED, None),
        (SKIPPED, PASSED, None),
        (FAILED, PASSED, "fixed"),
        (PASSED, FAILED, "new_failures"),
        (SKIPPED, FAILED, "new_failures"),
        (FAILED, FAILED, "pre_existing"),
        (PASSED, SKIPPED, "now_skipped"),
        (FAILED, SKIPPED, "now_skipped"),
        (PASSED, None, "vanished"),
        (FAILED, None, "vanished"),
        (SKIPPED, None, "vanished"),
        (None, PASSED, "new_tests"),
        (None, FAILED, "new_tests"),
        (None, SKIPPED, "new_tests"),
    ],
)
def test_each_pair_of_outcomes_has_one_verdict(
    before: Outcome | None, after: Outcome | None, expected: str | None
) -> None:
    base = report({"t.py::a": before} if before else {})
    head = report({"t.py::a": after} if after else {})
    assert lists_of(compare(base, head, ())) == ({expected: ("t.py::a",)} if expected else {})


def test_new_tests_that_fail_are_named_apart() -> None:
    verdicts = compare(report({}), report({"t.py::good": PASSED, "t.py::bad": FAILED}), ())
    assert verdicts.new_tests == ("t.py::bad", "t.py::good")
    assert verdicts.failing_new_tests == ("t.py::bad",)


def test_a_flaky_test_stands_in_no_other_list() -> None:
    base = report({"t.py::a": PASSED, "t.py::b": PASSED})
    verdicts = compare(base, report({"t.py::a": FAILED, "t.py::b": FAILED}), {"t.py::a"})
    assert lists_of(verdicts) == {"flaky": ("t.py::a",), "new_failures": ("t.py::b",)}


def test_a_flaky_new_test_is_no_failing_new_test() -> None:
    verdicts = compare(report({}), report({"t.py::a": FAILED}), {"t.py::a"})
    assert lists_of(verdicts) == {"flaky": ("t.py::a",)}
    assert verdicts.failing_new_tests == ()


def test_an_import_error_on_the_head_fails_what_the_file_held() -> None:
    base = report({"t.py::a": PASSED, "t.py::C::b[x::y]": SKIPPED, "t.py::c": FAILED, "u.py::a": PASSED})
    verdicts = compare(base, report({"t.py": FAILED, "u.py::a": PASSED}), ())
    assert lists_of(verdicts) == {
        "new_failures": ("t.py", "t.py::C::b[x::y]", "t.py::a"),
        "pre_existing": ("t.py::c",),
    }


def test_an_import_error_on_the_base_is_fixed_with_the_tests_it_hid() -> None:
    verdicts = compare(report({"t.py": FAILED}), report({"t.py::a": PASSED, "t.py::b": FAILED}), ())
    assert lists_of(verdicts) == {"fixed": ("t.py", "t.py::a"), "pre_existing": ("t.py::b",)}


def test_an_import_error_of_a_new_file_is_a_failing_new_test() -> None:
    verdicts = compare(report({"t.py::a": PASSED}), report({"t.py::a": PASSED, "new.py": FAILED}), ())
    assert lists_of(verdicts) == {"new_tests": ("new.py",)}
    assert verdicts.failing_new_tests == ("new.py",)


def test_a_file_that_skips_itself_on_the_head_takes_its_tests_with_it() -> None:
    verdicts = compare(report({"t.py::a": PASSED}), report({"t.py": SKIPPED}), ())
    assert lists_of(verdicts) == {"now_skipped": ("t.py", "t.py::a")}


def test_a_test_named_after_the_time_of_day_is_the_same_test() -> None:
    base = report({"t.py::a[00:11:45 2026-11-22]": PASSED, "t.py::a[11-22-2026 00:11:45]": PASSED})
    head = report({"t.py::a[00:11:48 2026-11-22]": PASSED, "t.py::a[11-22-2026 00:11:48]": FAILED})
    assert lists_of(compare(base, head, ())) == {"new_failures": ("t.py::a[11-22-2026 00:11:48]",)}


def test_a_date_among_the_parameters_that_is_taken_away_has_vanished() -> None:
    base = report({"t.py::a[2026-11-22]": PASSED, "t.py::a[2026-11-23]": PASSED})
    verdicts = compare(base, report({"t.py::a[2026-11-22]": PASSED}), ())
    assert lists_of(verdicts) == {"vanished": ("t.py::a[2026-11-23]",)}


def test_reports_by_exit_code_have_no_verdicts_by_test() -> None:
    base, head = report({}, granularity="coarse"), report({}, granularity="coarse", exit_code=1)
    assert lists_of(compare(base, head, ())) == {}


files = st.sampled_from(["a.py", "b.py"])
ids = st.builds("::".join, st.tuples(files) | st.tuples(files, st.sampled_from(["C", "C::t", "t", "t[C::x]", "u"])))
results = st.dictionaries(ids, st.sampled_from(list(Outcome)))


@given(results, results, st.sets(ids))
def test_no_test_stands_in_two_lists_and_none_is_invented(
    base: dict[str, Outcome], head: dict[str, Outcome], flaky: set[str]
) -> None:
    verdicts = compare(report(base), report(head), flaky)
    listed = [test for found in lists_of(verdicts).values() for test in found]
    assert len(listed) == len(set(listed))
    assert set(listed) <= {*base, *head}
    assert set(verdicts.failing_new_tests) <= set(verdicts.new_tests)
    assert set(verdicts.flaky) == flaky & {*base, *head}


@given(results, results)
def test_every_failure_of_the_head_is_accounted_for(base: dict[str, Outcome], head: dict[str, Outcome]) -> None:
    verdicts = compare(report(base), report(head), ())
    blamed = {*verdicts.new_failures, *verdicts.pre_existing, *verdicts.failing_new_tests}
    assert {test for test, outcome in head.items() if outcome is FAILED} <= blamed


@given(results)
def test_a_report_compared_with_itself_has_nothing_new(outcomes: dict[str, Outcome]) -> None:
    verdicts = compare(report(outcomes), report(outcomes), ())
    assert set(lists_of(verdicts)) <= {"pre_existing"}


@given(results, results)
def test_what_a_change_breaks_is_fixed_by_its_reverse(base: dict[str, Outcome], head: dict[str, Outcome]) -> None:
    there, back = compare(report(base), report(head), ()), compare(report(head), report(base), ())
    assert set(there.fixed) <= set(back.new_failures)
    assert there.vanished == back.new_tests
    assert there.pre_existing == back.pre_existing


SAME = [
    ("an address", "E   <Foo object at 0x7f00aa> is not None", "E   <Foo object at 0x55ee01> is not None"),
    ("a duration", "E   took 0.31 s", "E   took 12.07 s"),
    ("a temporary folder", "E   no file /tmp/pytest-of-x/pytest-0/a", "E   no file /tmp/pytest-of-x/pytest-7/a"),
    ("a date", "E   assert '2026-11-22T10:11:12.5' is None", "E   assert '2027-01-01 00:00:00' is None"),
    ("the line it stands on", "x.py:10: AssertionError", "x.py:99: AssertionError"),
    ("the code around it", "def t():\n>   f()\nE   KeyError: 'a'", "def t():\n    g()\n>   f()\nE   KeyError: 'a'"),
]  # fmt: skip


@pytest.mark.parametrize(("what_differs", "one", "other"), SAME)
def test_the_same_failure_has_the_same_signature_despite(what_differs: str, one: str, other: str) -> None:
    first, second = (report({"t.py::a": FAILED}, {"t.py::a": text}) for text in (one, other))
    assert failure_signature(first) == failure_signature(second) is not None, what_differs


@pytest.mark.parametrize(
    ("what_differs", "other"),
    [
        ("the values", report({"t.py::a": FAILED}, {"t.py::a": "E   assert 5 == 4"})),
        ("the error", report({"t.py::a": FAILED}, {"t.py::a": "E   KeyError: 'a'"})),
        ("the test", report({"t.py::b": FAILED}, {"t.py::b": "E   assert 3 == 4"})),
        ("one more test", report({"t.py::a": FAILED, "t.py::b": FAILED}, {"t.py::a": "E   assert 3 == 4"})),
    ],
)
def test_another_failure_has_another_signature(what_differs: str, other: TestReport) -> None:
    one = report({"t.py::a": FAILED, "t.py::ok": PASSED}, {"t.py::a": "E   assert 3 == 4"})
    assert failure_signature(one) != failure_signature(other), what_differs


def test_passing_tests_have_no_part_in_a_signature() -> None:
    one, other = report({"t.py::a": FAILED}), report({"t.py::a": FAILED, "t.py::new": PASSED})
    assert failure_signature(one) == failure_signature(other)


def test_a_test_named_after_the_time_of_day_fails_with_the_same_signature() -> None:
    one, other = (report({f"t.py::a[{time}]": FAILED}) for time in ("10:11:12", "22:23:24"))
    assert failure_signature(one) == failure_signature(other)


@pytest.mark.parametrize("outcomes", [{}, {"t.py::a": PASSED, "t.py::b": SKIPPED}])
def test_without_a_failure_there_is_no_signature(outcomes: dict[str, Outcome]) -> None:
    assert failure_signature(report(outcomes)) is None


def test_a_run_that_proves_nothing_is_known_again_by_its_problem() -> None:
    one, other = (report({}, problem=f"stopped after {s} s") for s in (900, 900))
    assert failure_signature(one) == failure_signature(other) is not None
    assert failure_signature(one) != failure_signature(report({}, problem="collects no tests"))


def test_a_coarse_failure_is_known_again_by_its_output() -> None:
    one, other, third = (
        report({}, granularity="coarse", exit_code=1, tail=tail)
        for tail in ("FAIL a in 0.1s", "FAIL a in 0.9s", "FAIL b in 0.1s")
    )
    assert failure_signature(one) == failure_signature(other) is not None
    assert failure_signature(one) != failure_signature(third)


# Two runs of one head

CLOCK = "t.py::test_at[12:03:55 2026-11-22]"


@pytest.mark.parametrize(
    ("what_happened", "baseline", "first", "second", "differ"),
    [
        ("both agree", {"t.py::a": PASSED}, {"t.py::a": FAILED}, {"t.py::a": FAILED}, ()),
        ("they do not", {"t.py::a": PASSED}, {"t.py::a": PASSED}, {"t.py::a": FAILED}, ("t.py::a",)),
        ("one is skipped", {"t.py::a": PASSED}, {"t.py::a": SKIPPED}, {"t.py::a": PASSED}, ("t.py::a",)),
        ("one lacks it", {"t.py::a": FAILED}, {}, {"t.py::a": FAILED}, ("t.py::a",)),
        ("both lack it", {"t.py::a": FAILED}, {}, {}, ()),
        ("a test is added", {"t.py::a": PASSED}, {"t.py::a": PASSED, "t.py::b": FAILED}, {"t.py::a": PASSED}, ()),
        ("the file does not load", {"t.py::a": PASSED}, {"t.py::a": PASSED}, {"t.py": FAILED}, ("t.py::a",)),
        ("neither does load", {"t.py::a": PASSED}, {"t.py": FAILED}, {"t.py": FAILED}, ()),
        (
            "the parameter is the time",
            {CLOCK: PASSED},
            {"t.py::test_at[12:04:55 2026-11-22]": PASSED},
            {"t.py::test_at[12:05:01 2026-11-22]": FAILED},
            (CLOCK,),
        ),
        ("sorted", {"b": PASSED, "a": PASSED}, {}, {"a": PASSED, "b": PASSED}, ("a", "b")),
    ],
)
def test_two_runs_of_a_head_differ_where_a_test_of_the_base_ends_otherwise(
    what_happened: str,
    baseline: dict[str, Outcome],
    first: dict[str, Outcome],
    second: dict[str, Outcome],
    differ: tuple[str, ...],
) -> None:
    found = compare_runs(report(baseline), report(first), report(second))
    assert tuple(test for test, _ in found) == differ, what_happened


def test_a_test_that_was_shown_to_be_unsteady_is_no_difference() -> None:
    runs = report({"a": PASSED, "b": PASSED}), report({"a": FAILED, "b": FAILED})
    assert compare_runs(runs[0], *runs, unsteady=("a",)) == (
        ("b", "passes in the change's version, fails with the base's own tests"),
    )


@pytest.mark.parametrize(
    ("first", "second", "differ"), [(0, 0, False), (1, 2, False), (0, 1, True), (1, 0, True), (0, 124, True)]
)
def test_of_runs_known_by_exit_code_alone_only_success_is_compared(first: int, second: int, differ: bool) -> None:
    base, one, two = (report({}, granularity="coarse", exit_code=code) for code in (0, first, second))
    found = compare_runs(base, one, two)
    words = f"the test command ends with {first} in the change's version, with {second} with the base's own tests"
    assert found == ((("tests", words),) if differ else ())


OUTCOMES = st.dictionaries(
    st.sampled_from(["t.py::a", "t.py::b", "t.py", "u.py::C::d"]), st.sampled_from(list(Outcome))
)


@given(baseline=OUTCOMES, first=OUTCOMES, second=OUTCOMES)
def test_differences_are_tests_of_the_base_and_the_same_from_either_side(
    baseline: dict[str, Outcome], first: dict[str, Outcome], second: dict[str, Outcome]
) -> None:
    found = compare_runs(report(baseline), report(first), report(second))
    mirrored = compare_runs(report(baseline), report(second), report(first))
    assert [test for test, _ in found] == [test for test, _ in mirrored]
    assert {test for test, _ in found} <= baseline.keys()
    assert compare_runs(report(baseline), report(first), report(first)) == ()
