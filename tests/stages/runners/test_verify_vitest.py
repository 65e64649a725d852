"""vitest through its junit reporter: a sample in its shape, and a real run where vitest is on the PATH."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.shape import Found
from coderoute.stages.verify.runners.vitest import RUNNER

SAMPLE = """<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="5" failures="2" errors="0" time="0.01">
    <testsuite name="src/a.test.ts" hostname="box" tests="4" failures="1" errors="0" skipped="1" time="0.01">
        <testcase classname="src/a.test.ts" name="adds" time="0.002">
        </testcase>
        <testcase classname="src/a.test.ts" name="off" time="0">
            <skipped/>
        </testcase>
        <testcase classname="src/a.test.ts" name="outer &gt; deep &gt; leaf" time="0.0006">
            <failure message="boom" type="Error">
Error: boom
 ❯ src/a.test.ts:3:104
            </failure>
        </testcase>
    </testsuite>
    <testsuite name="src/bad.test.ts" hostname="box" tests="1" failures="1" errors="0" skipped="0" time="0">
        <testcase classname="src/bad.test.ts" name="src/bad.test.ts" time="0">
            <failure message="Cannot find package" type="Error">Error: Cannot find package</failure>
        </testcase>
    </testsuite>
</testsuites>
"""


@pytest.mark.parametrize(("command", "below"), [("vitest run", ""), ("cd web && npx vitest", "web/")])
def test_each_test_has_its_file_suites_and_outcome(
    found: Callable[..., Found], write: Callable[[Mapping[str, str]], None], command: str, below: str
) -> None:
    write({f"{below}src/a.test.ts": "", f"{below}src/bad.test.ts": ""})
    report = found("vitest", command, {"vitest-1.xml": SAMPLE})
    assert report.cases is not None
    assert [(one, case.outcome.value) for one, case in zip(report.ids, report.cases, strict=True)] == [
        (f"{below}src/a.test.ts::adds", "passed"),
        (f"{below}src/a.test.ts::off", "skipped"),
        (f"{below}src/a.test.ts::outer::deep::leaf", "failed"),
        (f"{below}src/bad.test.ts", "failed"),
    ]


OPTIONS = "--reporter=default --reporter=junit --outputFile.junit=/r/vitest-1.xml"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("npx vitest run", f"npx vitest run {OPTIONS}"),
        ("vitest run -- x", f"vitest run {OPTIONS} -- x"),
        ("npm test", f"npm test -- {OPTIONS}"),
        ("pnpm run test && ls", f"pnpm run test {OPTIONS} && ls"),
    ],
)
def test_the_call_of_vitest_is_told_to_report(command: str, told: str) -> None:
    made = RUNNER.tell(command, {}, (), "/r")
    assert made is not None
    assert " ".join(made.command.split()) == told


@pytest.mark.parametrize(
    ("command", "narrowed"),
    [
        ("vitest run src --coverage", ["vitest run  --coverage a.test.ts"]),
        ("yarn test", ["yarn test a.test.ts"]),
        ("make", []),
    ],
)
def test_files_take_the_place_of_what_the_call_names(command: str, narrowed: list[str]) -> None:
    assert list(RUNNER.narrowed(command, ["a.test.ts::x"])) == narrowed


def test_a_real_run(
    needs: Callable[[str], str],
    tmp_path: Path,
    write: Callable[[Mapping[str, str]], None],
    run: Callable[..., TestReport],
) -> None:
    modules = Path(needs("vitest")).parent.parent
    (tmp_path / "checkout/node_modules").symlink_to(modules)
    write(
        {
            "package.json": '{"name": "x", "type": "module"}',
            "a.test.js": """
                import {test, describe, it} from 'vitest';
                test('adds', () => {});
                describe('outer', () => {
                    it('fails\\u0007', () => { throw new Error('boom'); });
                    test.skip('off', () => {});
                });
                """,
            "b.test.js": "import 'nosuchmodule';",
        }
    )
    outcomes = {
        "a.test.js::adds": Outcome.PASSED,
        "a.test.js::outer::fails": Outcome.FAILED,
        "a.test.js::outer::off": Outcome.SKIPPED,
        "b.test.js": Outcome.FAILED,
    }
    report = run("vitest run", "vitest")
    assert (report.problem, report.outcomes) == (None, outcomes)
    assert list(run("vitest run", "vitest", ["a.test.js::adds"]).outcomes) == ["a.test.js::adds"]
