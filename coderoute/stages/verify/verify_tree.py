"""A tree -> what a fresh container says about it: the whole suite against the baseline, and a step's checks."""

import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import closing

from coderoute.domain.judgement import CheckResult, Outcome, TestReport, Verification, stands_for
from coderoute.domain.terms import TestCommand
from coderoute.domain.verdicts import compare
from coderoute.domain.work import Ending
from coderoute.ports import Sandbox
from coderoute.stages.verify.selection import file_of
from coderoute.stages.verify.tests_run import confirm_flaky, run_tests

OpenTree = Callable[[str], Sandbox]
"""Tree -> a fresh machine that holds it."""

CHECK_TIMEOUT_S = 300.0
MAX_FEEDBACK_CHARS = 8_000
MAX_CHECK_OUTPUT_CHARS = 1_500
MAX_FAILURES_TOLD = 6


def report_dir() -> str:
    """A folder outside the checkout whose name nobody can know beforehand."""
    return f"/tmp/cr-{secrets.token_hex(16)}"  # noqa: S108 - inside a container of ours


def run_suite(
    sandbox: Sandbox, test: TestCommand, only: Sequence[str] = (), expected_failures: Collection[str] = ()
) -> TestReport:  # fmt: skip
    return run_tests(
        sandbox, test.command, framework=test.framework, timeout_s=test.timeout_s, env=test.env, only=only,
        report_dir=report_dir(), expected_failures=expected_failures,
    )  # fmt: skip


def measure_baseline(tree: str, *, open_tree: OpenTree, test: TestCommand) -> TestReport:
    """The repository's own tests on the base commit.

    Raises:
        SandboxLost, Unavailable
    """
    with closing(open_tree(tree)) as sandbox:
        return run_suite(sandbox, test)


def is_red(test_id: str, tree: str, *, open_tree: OpenTree, test: TestCommand) -> bool | None:
    """Whether the test fails when it is run alone on `tree`; None when there is no such test.

    A test whose file does not even load there is red.
    """
    with closing(open_tree(tree)) as sandbox:
        report = run_suite(sandbox, test, only=(test_id,))
    if report.granularity != "test":
        return report.exit_code != 0
    outcomes = report.outcomes_of(test_id)
    if outcomes:
        return Outcome.FAILED in outcomes
    return True if report.outcomes.get(file_of(test_id)) is Outcome.FAILED else None


def verify_tree(
    tree: str,
    *,
    base_tree: str,
    baseline: TestReport | None,
    checks: Sequence[str],
    reproduction: str | None,
    test: TestCommand,
    open_tree: OpenTree,
) -> Verification:
    """The verdicts of `tree` in a fresh machine. `baseline` None: there is no test command, only commands are checked.

    A new failure is confirmed by running it again on head and on base, before anybody pays for it.

    Raises:
        SandboxLost, Unavailable
    """
    with closing(open_tree(tree)) as sandbox:
        report = None
        if baseline is not None:
            red_before = [test_id for test_id, how in baseline.outcomes.items() if how is Outcome.FAILED]
            report = run_suite(sandbox, test, expected_failures=red_before)
        commands = [command_check(sandbox, check, test) for check in checks if check.startswith("$ ")]
    verdicts = None
    if report is not None and baseline is not None and report.problem is None:
        verdicts = compare(baseline, report, ())
        if verdicts.new_failures and report.granularity == "test":
            flaky = confirm_flaky(
                verdicts.new_failures,
                lambda only: rerun(tree, only, test, open_tree),
                lambda only: rerun(base_tree, only, test, open_tree),
            )
            verdicts = compare(baseline, report, flaky) if flaky else verdicts
    found = [check_by_test(check, report) for check in checks if not check.startswith("$ ")] + commands
    green = None
    if reproduction is not None and report is not None:
        green = check_by_test(reproduction, report).passed
    suspects = verdicts.new_failures + verdicts.failing_new_tests if verdicts else ()
    return Verification(
        tree=tree, report=report, verdicts=verdicts, checks=tuple(found), reproduction_red_on_base=None,
        reproduction_green=green, feedback=feedback(report, suspects, found),
    )  # fmt: skip


def rerun(tree: str, only: Sequence[str], test: TestCommand, open_tree: OpenTree) -> TestReport:
    with closing(open_tree(tree)) as sandbox:
        return run_suite(sandbox, test, only=only)


def check_by_test(check: str, report: TestReport | None) -> CheckResult:
    """A check by test id: it passes when it stands for at least one passing test and no failing one."""
    if report is None:
        return CheckResult(check=check, passed=False, detail="there is no test command to run it with")
    if report.problem is not None:
        return CheckResult(check=check, passed=False, detail=report.problem)
    if report.granularity != "test":
        passed = report.exit_code == 0
        return CheckResult(check=check, passed=passed, detail=f"the test command ends with {report.exit_code}")
    outcomes = report.outcomes_of(check)
    if not outcomes:
        file = file_of(check)
        loads = report.outcomes.get(file) is not Outcome.FAILED
        return CheckResult(
            check=check, passed=False, detail="no test has this id" if loads else f"{file} does not load"
        )
    failed = outcomes.count(Outcome.FAILED)
    if failed or Outcome.PASSED not in outcomes:
        detail = f"{failed} of {len(outcomes)} fail" if failed else "it is skipped, so it shows nothing"
        return CheckResult(check=check, passed=False, detail=detail)
    return CheckResult(check=check, passed=True, detail="passed")


def command_check(sandbox: Sandbox, check: str, test: TestCommand) -> CheckResult:
    result = sandbox.run(check.removeprefix("$ "), timeout_s=CHECK_TIMEOUT_S, env=test.env)
    passed = result.exit_code == 0 and result.ending is Ending.EXIT
    detail = f"exit code {result.exit_code}\n{result.text[-MAX_CHECK_OUTPUT_CHARS:]}".strip()
    return CheckResult(check=check, passed=passed, detail=detail)


def feedback(report: TestReport | None, suspects: Sequence[str], checks: Sequence[CheckResult]) -> str:
    """What the next attempt must know of the failures, cut to MAX_FEEDBACK_CHARS."""
    parts = [f"{check.check}: {check.detail}" for check in checks if not check.passed]
    if report is not None:
        ids = [*suspects, *(check.check for check in checks)]
        wanted = [
            test for test in report.failures if any(stands_for(i, test) or i.startswith(f"{test}::") for i in ids)
        ]
        parts += [f"{test}:\n{report.failures[test]}" for test in wanted[:MAX_FAILURES_TOLD]]
        if report.problem is not None:
            parts.append(f"{report.problem}\n{report.output_tail}")
    text = "\n\n".join(parts)
    return text if len(text) <= MAX_FEEDBACK_CHARS else text[: MAX_FEEDBACK_CHARS - 20] + "\n... cut"
