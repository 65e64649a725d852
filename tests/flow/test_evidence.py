"""From what code observed to what the triggers look at."""

from dataclasses import replace

import pytest

from coderoute.domain.judgement import (
    Admission,
    AdmissionItem,
    CheckResult,
    Evidence,
    Outcome,
    TestReport,
    Verdicts,
    Verification,
)
from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step
from coderoute.domain.work import Attempt, AttemptEnd, FileChange
from coderoute.flow.evidence import MAX_DIFF_CHARS, History, account, counts, gather

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
STEP = Step(
    id="fix", title="t", instructions="i", cls=Class.CHEAP, kind=Kind.EDIT_LOCAL, files=("src/a.py",), depends_on=(),
    diff_lines=5, checks=(),
)  # fmt: skip
PLAN = Plan(
    summary="s", risk="low", risk_reasons=(), questions=(), steps=(STEP,),
    reproduction=Reproduction(test="tests/test_a.py::test_new", step=None, why_not=None),
)  # fmt: skip
ATTEMPT = Attempt(
    number=3, cls="frontier", model="m", end=AttemptEnd.FINISHED, summary="did it", give_up_kind=None, tree="t",
    refused=None, turns=4, commands=1,
)  # fmt: skip
REPORT = TestReport(
    framework="pytest", granularity="test", exit_code=0, outcomes={"tests/test_a.py::test_old": PASSED}, problem=None,
    output_tail="", failures={}, duration_s=1.0,
)  # fmt: skip
VERDICTS = Verdicts(
    fixed=(), new_failures=(), pre_existing=(), flaky=(), vanished=(), new_tests=(), failing_new_tests=()
)
PROOF = Verification(
    tree="t", report=REPORT, verdicts=VERDICTS, checks=(), reproduction_red_on_base=None, reproduction_green=None,
    feedback="the output",
)  # fmt: skip
HISTORY = History(attempts_of_class=2, refused=0, signatures=("r",), replans_used=1, own_failures=1, other_failures=3)


def change(path: str, added: int = 3, removed: int = 1) -> FileChange:
    return FileChange(
        path=path, old_mode="100644", new_mode="100644", old_oid="0" * 40, new_oid="1" * 40, added=added,
        removed=removed, binary=False,
    )  # fmt: skip


def item(rule: str, path: str, *, refuses: bool = False) -> AdmissionItem:
    return AdmissionItem(id=f"{rule}:{path}", rule=rule, path=path, line=None, detail=f"about {path}", refuses=refuses)


def gathered(
    *, plan: Plan = PLAN, step: Step = STEP, last: bool = True, attempt: Attempt = ATTEMPT,
    changes: tuple[FileChange, ...] = (change("src/a.py"),), items: tuple[AdmissionItem, ...] = (),
    proof: Verification = PROOF, baseline: TestReport | None = REPORT, history: History = HISTORY,
) -> Evidence:  # fmt: skip
    return gather(
        plan=plan, step=step, last=last, attempt=attempt, changes=changes, admission=Admission(items=items),
        verification=proof, baseline=baseline, history=history, spent_usd="0.10", budget_usd="3.00",
    )  # fmt: skip


def judged(verdicts: Verdicts, *checks: CheckResult, report: TestReport = REPORT) -> Verification:
    return replace(PROOF, verdicts=verdicts, checks=checks, report=report)


def check(name: str, detail: str = "no") -> CheckResult:
    return CheckResult(check=name, passed=False, detail=detail)


def test_what_was_done_is_counted_from_the_trees() -> None:
    found = gathered(changes=(change("src/a.py", 3, 1), change("src/b.py", 10, 0)))
    assert (found.diff_lines, found.diff_files, found.estimated_lines, found.has_changes) == (14, 2, 5, True)
    assert (found.step_class, found.attempt_number, found.attempts_of_class) == ("frontier", 3, 2)
    assert (found.replans_used, found.earlier_signatures) == (1, ("r",))


def test_secrets_and_other_refusals_are_told_apart() -> None:
    items = (item("secret.in_diff", "a.py", refuses=True), item("content.binary", "b.bin", refuses=True))
    found = gathered(items=items)
    assert (found.secrets, found.refusals, found.attempts_refused) == (("about a.py",), ("about b.bin",), 1)


def test_a_tree_that_could_not_be_taken_counts_as_refused() -> None:
    found = gathered(attempt=replace(ATTEMPT, refused="path.name: a:b"), history=replace(HISTORY, refused=1))
    assert (found.refusals, found.attempts_refused) == (("path.name: a:b",), 2)


def test_a_clean_attempt_does_not_add_to_the_refused_ones() -> None:
    assert gathered(history=replace(HISTORY, refused=1)).attempts_refused == 1


def test_files_outside_the_plan_are_those_this_step_changed() -> None:
    earlier, ours = item("plan.outside", "src/old.py"), item("plan.outside", "src/b.py")
    found = gathered(changes=(change("src/a.py"), change("src/b.py")), items=(earlier, ours))
    assert found.outside_plan == ("src/b.py",)


def test_a_plan_that_declares_nothing_cannot_be_left() -> None:
    nothing = replace(PLAN, steps=(replace(STEP, files=()),))
    assert gathered(plan=nothing, items=(item("plan.outside", "src/a.py"),)).outside_plan == ()


def test_a_new_failure_is_unexpected_in_any_step() -> None:
    proof = judged(replace(VERDICTS, new_failures=("tests/test_a.py::test_old",)))
    for last in (False, True):
        assert gathered(last=last, proof=proof).unexpected_failures == ("tests/test_a.py::test_old",)


@pytest.mark.parametrize(("last", "unexpected"), [(False, ()), (True, ("tests/test_a.py::test_new",))])
def test_a_new_test_may_be_red_until_the_last_step(last: bool, unexpected: tuple[str, ...]) -> None:
    new = ("tests/test_a.py::test_new",)
    assert gathered(last=last, proof=judged(replace(VERDICTS, failing_new_tests=new))).unexpected_failures == unexpected


def test_a_red_test_that_a_check_names_is_the_checks_business() -> None:
    new = ("tests/test_a.py::test_new[1]", "tests/test_a.py::test_newer")
    proof = judged(replace(VERDICTS, failing_new_tests=new), check("tests/test_a.py::test_new"))
    found = gathered(proof=proof)
    assert found.failed_checks == ("tests/test_a.py::test_new",)
    assert found.unexpected_failures == ("tests/test_a.py::test_newer",)


def test_tests_that_are_gone_count_unless_a_person_will_be_shown_why() -> None:
    verdicts = replace(VERDICTS, vanished=("tests/test_a.py::test_x", "tests/test_b.py::test_y"))
    found = gathered(proof=judged(verdicts), items=(item("tests.removed", "tests/test_a.py"),))
    assert found.vanished == ("tests/test_b.py::test_y",)
    assert (
        gathered(proof=judged(verdicts), items=(item("path.policy", "tests/test_a.py"),)).vanished == verdicts.vanished
    )


def test_a_test_that_is_skipped_now_counts_as_gone() -> None:
    assert gathered(proof=judged(replace(VERDICTS, now_skipped=("t.py::test_x",)))).vanished == ("t.py::test_x",)


def test_a_changed_harness_is_shown_to_a_person_with_all_it_does() -> None:
    verdicts = replace(VERDICTS, vanished=("tests/test_b.py::test_y",))
    assert gathered(proof=judged(verdicts), items=(item("tests.harness", "pytest.ini"),)).vanished == ()


def test_only_checks_of_this_step_excuse_a_step_without_a_change() -> None:
    assert not gathered().has_checks
    passed = CheckResult(check="$ lint", passed=True, detail="")
    assert gathered(proof=replace(PROOF, checks=(passed,))).has_checks
    assert not gathered(step=replace(STEP, id="rework-1"), proof=replace(PROOF, checks=(passed,))).has_checks


@pytest.mark.parametrize("kind", list(Kind))
def test_a_command_and_a_question_need_not_change_anything(kind: Kind) -> None:
    expected = kind not in (Kind.COMMAND, Kind.QUESTION)
    assert gathered(step=replace(STEP, kind=kind)).expects_changes is expected


@pytest.mark.parametrize(("red", "green"), [(True, False), (False, True), (None, False)])
def test_only_a_reproduction_that_was_seen_green_on_the_base_proves_nothing(red: bool | None, green: bool) -> None:
    assert gathered(proof=replace(PROOF, reproduction_red_on_base=red)).reproduction_green_on_base is green


def test_no_money_is_seen_in_how_the_attempt_ended() -> None:
    assert gathered(attempt=replace(ATTEMPT, end=AttemptEnd.NO_MONEY)).over_budget
    assert not gathered().over_budget


@pytest.mark.parametrize(
    ("what", "base_exit", "head_exit", "granularity", "problem", "expected"),
    [
        ("all is well", 0, 0, "test", None, None),
        ("no report", 0, 2, "test", "left no report", "left no report"),
        ("red tests are no problem of the run", 0, 1, "test", None, None),
        (
            "the command broke", 0, 2, "coarse", None,
            "the test command ends with exit code 2; on the base commit it ends with 0",
        ),
        ("it was broken before", 2, 2, "coarse", None, None),
    ],
)  # fmt: skip
def test_a_run_that_proves_nothing_says_why(
    what: str, base_exit: int, head_exit: int, granularity: str, problem: str | None, expected: str | None
) -> None:
    base = replace(REPORT, exit_code=base_exit, granularity=granularity)
    head = replace(REPORT, exit_code=head_exit, granularity=granularity, problem=problem)
    assert gathered(baseline=base, proof=replace(PROOF, report=head)).test_problem == expected, what


def test_without_tests_nothing_can_be_wrong_with_them() -> None:
    found = gathered(baseline=None, proof=replace(PROOF, report=None, verdicts=None))
    assert (found.test_problem, found.unexpected_failures, found.failure_signature) == (None, (), None)


# failing alike

NEW = "tests/test_a.py::test_new"
OLD = "tests/test_a.py::test_old"


def signature(*checks: CheckResult, failing: dict[str, str], broken: tuple[str, ...] = ()) -> str | None:
    report = replace(REPORT, outcomes=dict.fromkeys(failing, FAILED) | {"x": PASSED}, failures=failing)
    return gathered(proof=judged(replace(VERDICTS, new_failures=broken), *checks, report=report)).failure_signature


def test_the_same_error_in_the_same_test_is_the_same_failure() -> None:
    one = signature(check(NEW), failing={NEW: "E  assert 1 == 2"})
    assert one == signature(check(NEW), failing={NEW: "E  assert 1 == 2"})
    assert one != signature(check(NEW), failing={NEW: "E  assert 1 == 3"})
    assert one is not None


def test_what_fails_on_the_base_too_makes_no_two_failures_alike() -> None:
    assert signature(failing={OLD: "E  old"}) is None
    one = signature(check(NEW), failing={OLD: "E  old", NEW: "E  a"})
    assert one != signature(check(NEW), failing={OLD: "E  old", NEW: "E  b"})
    assert one == signature(check(NEW), failing={OLD: "E  older", NEW: "E  a"})


def test_a_broken_test_counts() -> None:
    assert signature(failing={OLD: "E  a"}, broken=(OLD,)) is not None


def test_a_command_that_fails_alike_is_the_same_failure_though_lines_moved() -> None:
    one = signature(check("$ lint", "exit code 1\na.py:12: unused"), failing={})
    assert one == signature(check("$ lint", "exit code 1\na.py:14: unused"), failing={})
    assert one != signature(check("$ lint", "exit code 1\na.py:12: undefined"), failing={})
    assert one != signature(check("$ types", "exit code 1\na.py:12: unused"), failing={})


# what is told


def test_the_next_attempt_hears_how_it_ended_why_and_the_output() -> None:
    said = account(ATTEMPT, gathered(), "still red: test_new")
    assert said == "by frontier: still red: test_new. It said: did it\nthe output"


def test_the_next_attempt_sees_the_diff_cut_to_what_a_prompt_can_hold() -> None:
    said = account(ATTEMPT, gathered(), "still red: test_new", "+x" * MAX_DIFF_CHARS)
    assert "Its diff was:\n+x+x" in said
    assert "\n... cut\nthe output" in said


def test_what_is_not_known_is_not_told() -> None:
    silent = replace(ATTEMPT, summary="")
    assert account(silent, gathered(proof=replace(PROOF, feedback="")), "stuck") == "by frontier: stuck."


def test_counts_are_known_only_test_by_test() -> None:
    assert counts(REPORT) == {"passed": 1, "failed": 0, "skipped": 0}
    assert counts(replace(REPORT, granularity="coarse")) is None
    assert counts(None) is None


def test_a_check_is_flaky_only_where_each_of_its_failures_is() -> None:
    failing = {"t.py::A::test_x": Outcome.FAILED, "t.py::A::test_y": Outcome.FAILED}
    report = replace(REPORT, outcomes=failing)
    for flaky, wanted in (((), ()), (("t.py::A::test_x",), ()), (tuple(failing), ("t.py::A",))):
        proof = judged(replace(VERDICTS, flaky=flaky), check("t.py::A"), report=report)
        assert gathered(proof=proof).flaky == wanted


def test_what_breaks_in_files_that_plan_and_checks_do_not_name_is_told_apart() -> None:
    broken = ("src/a.py::inline", "tests/far.py::test_z")
    assert gathered(proof=judged(replace(VERDICTS, new_failures=broken))).unplanned_failures == broken[1:]


def test_attempts_before_this_one_are_handed_on_by_class() -> None:
    found = gathered()
    assert (found.own_failures, found.other_failures) == (1, 3)


def test_tests_that_do_not_run_on_the_base_any_more_are_the_environment_s_fault() -> None:
    found = gathered(proof=replace(PROOF, environment_problem="the tests no longer run on the base: no space"))
    assert found.environment_problem == "the tests no longer run on the base: no space"
