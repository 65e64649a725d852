"""One run of the test command in a sandbox, and whether what it reports can be believed.

pytest reports each test through JUnit XML to a path outside the checkout, asked for by PYTEST_ADDOPTS, so the user's
command stays as it is. Any other framework is judged by its exit code alone, labelled `coarse`.
"""

import posixpath
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.work import CommandResult
from coderoute.ports import Sandbox
from coderoute.stages.verify.checkout_paths import files_among, root_folder
from coderoute.stages.verify.doubt import USAGE_ERROR, Ran, coarse_problem, pytest_problem
from coderoute.stages.verify.junit import MAX_REPORT_BYTES, Case, UnreadableReport, read_cases
from coderoute.stages.verify.pytest_ids import node_ids, outcomes
from coderoute.stages.verify.selection import file_of, is_chosen, narrowed

MAX_FAILURE_TEXTS = 20

MAX_TAIL = 4_000
"""Characters kept of the end of the output."""

Rerun = Callable[[Sequence[str]], TestReport]
"""Runs these tests once more in a fresh sandbox; all of them when there are none."""


def run_tests(
    sandbox: Sandbox,
    command: str,
    *,
    framework: str,
    timeout_s: float,
    env: Mapping[str, str],
    only: Sequence[str] = (),
    report_dir: str,
    expected_failures: Collection[str] = (),
) -> TestReport:
    """What the test command says about the sandbox's checkout.

    Args:
        only: ids (or files, or classes) to run and to report; all when empty. A command that cannot be narrowed runs
            whole and its report is filtered; a coarse report cannot be filtered.
        report_dir: a folder outside the checkout, under a name nobody can guess; pytest makes it.
        expected_failures: ids whose failure is no news; texts of other failures are kept first.

    Raises:
        SandboxLost
    """
    if framework != "pytest":
        return _coarse(sandbox.run(command, timeout_s=timeout_s, env=env), command, framework, timeout_s)
    for number, tried in enumerate(_commands(command, only), start=1):
        report_path = posixpath.join(report_dir, f"report-{number}.xml")
        result = sandbox.run(tried, timeout_s=timeout_s, env=_with_report(env, report_path))
        if result.exit_code != USAGE_ERROR or tried == command:
            break
    ran = _read(sandbox, report_path, tried, result, timeout_s, narrowed=bool(only))
    cases = ran.cases or ()
    root = root_folder(sandbox, command, cases)
    ids = node_ids(cases, root, lambda paths: files_among(sandbox, paths))
    return _per_test(ran, ids, only, expected_failures)


def confirm_flaky(suspects: Sequence[str], rerun_head: Rerun, rerun_base: Rerun) -> frozenset[str]:
    """Those of `suspects`, which passed on the base and failed on the head, that do not do the same again.

    A test counts as flaky only if it also changes its mind in a second run of the whole suite: one that merely needs
    the others, or is broken by them, changes when it runs alone and is no less a failure.

    Raises:
        SandboxLost
    """
    on_head = _unstable(suspects, rerun_head, lambda now: now is not Outcome.FAILED)
    steady = [suspect for suspect in suspects if suspect not in on_head]
    return on_head | _unstable(steady, rerun_base, lambda now: now is Outcome.FAILED)


def _unstable(suspects: Sequence[str], rerun: Rerun, is_other: Callable[[Outcome], bool]) -> frozenset[str]:
    """The suspects whose outcome is another one when they run alone and again when everything runs.

    A re-run that proves nothing clears nobody.
    """
    changed = tuple(suspects)
    for only in (changed, ()):
        if not changed:
            break
        again = rerun(only)
        changed = tuple(
            suspect
            for suspect in changed
            if again.problem is None and suspect in again.outcomes and is_other(again.outcomes[suspect])
        )
    return frozenset(changed)


def _commands(command: str, only: Sequence[str]) -> Iterable[str]:
    """The narrowest command first: exactly these tests, then their files, then everything.

    pytest may refuse an id (a file name with a bracket, a test that is not in this tree); then it has run nothing.
    """
    if only:
        files = tuple(dict.fromkeys(map(file_of, only)))
        narrower = (narrowed(command, only), narrowed(command, files))
        yield from dict.fromkeys(tried for tried in narrower if tried is not None)
    yield command


def _with_report(env: Mapping[str, str], report_path: str) -> dict[str, str]:
    """`env` with pytest told to report every test to `report_path`, whatever the repository's configuration says.

    pytest's cache stays on: without it `--lf` and tests that use its fixture would fail.
    """
    options = (
        f"--junitxml={shlex.quote(report_path)} -o junit_family=xunit1 -o junit_logging=no"
        " --continue-on-collection-errors --maxfail=0"
    )
    return {**env, "PYTEST_ADDOPTS": f"{env.get('PYTEST_ADDOPTS', '')} {options}".strip()}


def _read(sandbox: Sandbox, path: str, command: str, result: CommandResult, timeout_s: float, *, narrowed: bool) -> Ran:
    xml = sandbox.read(path, limit=MAX_REPORT_BYTES + 1)
    cases: tuple[Case, ...] | None = None
    unreadable: str | None = None
    if xml is not None:
        try:
            cases = read_cases(xml)
        except UnreadableReport as why:
            unreadable = str(why)
    return Ran(
        command=command,
        result=result,
        timeout_s=timeout_s,
        cases=cases,
        unreadable=unreadable,
        narrowed=narrowed,
    )


def _per_test(ran: Ran, ids: Sequence[str], only: Sequence[str], expected_failures: Collection[str]) -> TestReport:
    cases = ran.cases or ()
    found = {node_id: how for node_id, how in outcomes(ids, cases).items() if is_chosen(node_id, only)}
    problem = pytest_problem(ran)
    if problem is None and not found:
        problem = f"none of the tests asked for was collected ({', '.join(only[:3])}): name tests that exist"
    return TestReport(
        framework="pytest",
        granularity="test",
        exit_code=ran.result.exit_code,
        outcomes=dict(sorted(found.items())),
        problem=problem,
        output_tail=_tail(ran.result),
        failures=_failures(zip(ids, cases, strict=True), found, expected_failures),
        duration_s=ran.result.duration_s,
    )


def _failures(
    cases: Iterable[tuple[str, Case]], found: Mapping[str, Outcome], expected: Collection[str]
) -> dict[str, str]:
    """The texts of up to MAX_FAILURE_TEXTS failing tests by id, unexpected ones first, else in the report's order."""
    texts: dict[str, str] = {}
    for node_id, case in cases:
        if case.outcome is Outcome.FAILED and node_id in found:
            texts[node_id] = f"{texts[node_id]}\n\n{case.text}" if node_id in texts else case.text
    first = sorted(texts, key=lambda node_id: node_id in expected)[:MAX_FAILURE_TEXTS]
    return {node_id: texts[node_id] for node_id in first}


def _coarse(result: CommandResult, command: str, framework: str, timeout_s: float) -> TestReport:
    return TestReport(
        framework=framework,
        granularity="coarse",
        exit_code=result.exit_code,
        outcomes={},
        problem=coarse_problem(Ran(command=command, result=result, timeout_s=timeout_s)),
        output_tail=_tail(result),
        failures={},
        duration_s=result.duration_s,
    )


def _tail(result: CommandResult) -> str:
    """The end of the output without terminal colours, from the beginning of a line."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.text).strip()
    return plain if len(plain) <= MAX_TAIL else plain[-MAX_TAIL:].split("\n", 1)[-1]
