"""A change and deliberately broken versions of it -> how many of those its tests notice."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from coderoute.domain.judgement import Outcome, Strength, Survivor, TestReport
from coderoute.domain.mutants import Mutant
from coderoute.domain.terms import TestCommand
from coderoute.ports import Sandbox
from coderoute.stages.verify.selection import is_plain_pytest
from coderoute.stages.verify.suite import OpenTree, run_suite

BUDGET_IN_RUNS = 10.0
"""All broken versions together may take this many times what the tests take."""

MIN_BUDGET_S, MAX_BUDGET_S = 60.0, 600.0

PATIENCE = 2.0
"""A run that takes this many times its usual time, and PATIENCE_S more, has noticed something: it hangs."""

PATIENCE_S = 10.0


def spot_check(
    tree: str, mutants: Sequence[Mutant], *, open_tree: OpenTree, test: TestCommand, only: Sequence[str] = ()
) -> Strength:
    """Runs the tests on each of `mutants`, broken versions of files of `tree`, as long as the time allows.

    A run that fails in any way has noticed. The tests must be green on `tree` itself, before and after.

    Args:
        only: ids or files to run; the whole suite when empty.

    Raises:
        SandboxLost, Unavailable
    """
    if not mutants:
        return untested("the change has no line of Python, outside its tests, that could be broken")
    test = in_a_hurry(test)
    with closing(open_tree(tree)) as sandbox:
        control = run_suite(sandbox, test, only)
        if notices(control):
            return untested(f"the tests fail without any fault put in: {failing(control)}")
        limit_s = min(test.timeout_s, PATIENCE * control.duration_s + PATIENCE_S)
        budget_s = min(max(BUDGET_IN_RUNS * control.duration_s, MIN_BUDGET_S), MAX_BUDGET_S)
        impatient = replace(test, timeout_s=limit_s)
        survivors: list[Survivor] = []
        tried, spent_s = 0, control.duration_s
        for mutant in mutants:
            if spent_s + limit_s + control.duration_s > budget_s:  # one more, and the tests as they are
                break
            report = run_broken(sandbox, mutant, impatient, only)
            if report is None:
                continue
            tried += 1
            spent_s += report.duration_s
            if not notices(report):
                survivors.append(Survivor(path=mutant.path, line=mutant.line, was=mutant.was, became=mutant.became))
        if not tried:
            return untested(f"there is no time: the tests take {control.duration_s:.0f} s each time")
        after = run_suite(sandbox, test, only)
    if notices(after):
        return untested(f"the tests no longer pass once broken versions have run beside them: {failing(after)}")
    return Strength(tried=tried, noticed=tried - len(survivors), survivors=tuple(survivors), made=len(mutants))


def untested(why: str) -> Strength:
    return Strength(tried=0, noticed=0, survivors=(), untested=why)


def in_a_hurry(test: TestCommand) -> TestCommand:
    """`test`, stopping at its first failure where we know how.

    No compiled bytes are kept: two versions of a file of one size, written in one second, are one to Python.
    """
    stops = test.framework == "pytest" and is_plain_pytest(test.command) and " -- " not in test.command
    return replace(
        test,
        command=f"{test.command} -x" if stops else test.command,
        env={**test.env, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def run_broken(sandbox: Sandbox, mutant: Mutant, test: TestCommand, only: Sequence[str]) -> TestReport | None:
    """What the tests say about `mutant`; None where it cannot be put in. The file is as before afterwards."""
    original = sandbox.read(mutant.path)
    if original is None or sandbox.write(mutant.path, mutant.data) is not None:
        return None
    report = run_suite(sandbox, test, only)
    sandbox.write(mutant.path, original)
    return report


def notices(report: TestReport) -> bool:
    """Whether the run fails in any way: a test, the command, or its time."""
    if report.problem is not None or report.count(Outcome.FAILED):
        return True
    return report.granularity != "test" and report.exit_code != 0


def failing(report: TestReport) -> str:
    first = next((test for test, how in report.outcomes.items() if how is Outcome.FAILED), None)
    return first or report.problem or f"exit code {report.exit_code}"
