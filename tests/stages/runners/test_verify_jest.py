"""jest through its own JSON result: samples in its shape, and real runs where jest is on the PATH."""

import json
from collections.abc import Callable, Mapping

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.jest import RUNNER
from coderoute.stages.verify.runners.shape import Found

Find = Callable[..., Found]


def assertion(title: str, status: str, *suites: str, messages: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "ancestorTitles": list(suites),
        "duration": 1,
        "failureMessages": list(messages),
        "fullName": " ".join((*suites, title)),
        "location": None,
        "status": status,
        "title": title,
    }


def result(*files: Mapping[str, object], **more: object) -> str:
    return json.dumps(
        {"numTotalTests": 1, "success": False, "testResults": list(files), "wasInterrupted": False, **more}
    )


def file_result(name: str, status: str, *tests: Mapping[str, object], message: str = "") -> dict[str, object]:
    return {"name": f"@ROOT@/{name}", "status": status, "assertionResults": list(tests), "message": message}


SAMPLE = result(
    file_result(
        "src/a.test.js",
        "failed",
        assertion("adds", "passed"),
        assertion("leaf", "failed", "outer", "deep", messages=("Error: \x1b[31mboom\x1b[39m",)),
        assertion("off", "pending"),
        assertion("later", "todo"),
        assertion("adds", "failed", messages=("twice",)),
    ),
    file_result("src/bad.test.js", "failed", message="Cannot find module 'nosuch'"),
)


def test_each_test_has_its_file_suites_and_outcome(found: Find) -> None:
    report = found("jest", "jest --ci", {"jest-1.json": SAMPLE})
    assert report.cases is not None
    assert [(one, case.outcome.value) for one, case in zip(report.ids, report.cases, strict=True)] == [
        ("src/a.test.js::adds", "passed"),
        ("src/a.test.js::outer::deep::leaf", "failed"),
        ("src/a.test.js::off", "skipped"),
        ("src/a.test.js::later", "skipped"),
        ("src/a.test.js::adds", "failed"),
        ("src/bad.test.js", "failed"),
    ]
    assert report.cases[1].text == "Error: boom"
    assert report.cases[-1].text == "Cannot find module 'nosuch'"


@pytest.mark.parametrize(
    ("what", "content", "unreadable", "contradiction"),
    [
        ("no JSON", "{", "does not parse", None),
        ("endless nesting", "[" * 100_000, "does not parse", None),
        ("a file without a name", result({"status": "failed"}), "without a name", None),
        ("interrupted", result(wasInterrupted=True), None, "interrupted"),
    ],
)
def test_a_result_that_cannot_be_believed_says_why(
    found: Find, what: str, content: str, unreadable: str | None, contradiction: str | None
) -> None:
    report = found("jest", "jest", {"jest-1.json": content})
    assert (unreadable or "") in (report.unreadable or ""), what
    assert (contradiction or "") in (report.contradiction or ""), what
    assert report.unreadable or report.contradiction


def test_a_result_of_another_shape_is_an_empty_report(found: Find) -> None:
    for content in ("[]", "1", '{"testResults": {"a": 1}}', '{"testResults": []}'):
        assert found("jest", "jest", {"jest-1.json": content}).cases == ()


def test_without_a_result_nothing_was_reported(found: Find) -> None:
    assert found("jest", "jest", {}).cases is None
    red = result(file_result("a.js", "failed", assertion("a", "failed")))
    assert found("jest", "jest a && jest b", {"jest-1.json": red}).cases is not None, "b never ran"
    green = result(file_result("a.js", "passed", assertion("a", "passed")))
    assert found("jest", "jest a && jest b", {"jest-1.json": green}).cases is None, "b ended the process"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("npx jest src", "npx jest --json --outputFile=/r/jest-1.json src"),
        ("cd web && yarn jest --ci", "cd web && yarn jest --json --outputFile=/r/jest-1.json --ci"),
        ("CI=1 react-scripts test", "CI=1 react-scripts test --json --outputFile=/r/jest-1.json"),
        ("npm test", "npm test -- --json --outputFile=/r/jest-1.json"),
        ("npm run test:unit -- --ci", "npm run test:unit -- --ci --json --outputFile=/r/jest-1.json"),
        ("yarn test >log 2>&1", "yarn test --json --outputFile=/r/jest-1.json >log 2>&1"),
        ("pnpm test", "pnpm test --json --outputFile=/r/jest-1.json"),
        ("node node_modules/jest/bin/jest.js", "node node_modules/jest/bin/jest.js --json --outputFile=/r/jest-1.json"),
    ],
)
def test_the_call_of_jest_is_told_to_write_its_result(command: str, told: str) -> None:
    made = RUNNER.tell(command, {}, (), "/r")
    assert made is not None
    assert made.command == told


@pytest.mark.parametrize("command", ["make test", "for x in a; do jest; done", ""])
def test_any_other_command_is_not_told(command: str) -> None:
    assert RUNNER.tell(command, {}, (), "/r") is None


@pytest.mark.parametrize(
    ("command", "narrowed"),
    [
        ("npx jest --ci src", ["npx jest --ci  --runTestsByPath 'a b.js'"]),
        ("jest -c x.js", ["jest -c x.js --runTestsByPath 'a b.js'"]),
        ("npm test", ["npm test -- --runTestsByPath 'a b.js'"]),
        ("cd web && jest", []),
    ],
)
def test_files_take_the_place_of_what_the_call_names(command: str, narrowed: list[str]) -> None:
    assert list(RUNNER.narrowed(command, ["a b.js::x", "a b.js::y"])) == narrowed


def test_a_real_run(
    needs: Callable[[str], str], write: Callable[[Mapping[str, str]], None], run: Callable[..., TestReport]
) -> None:
    needs("jest")
    write(
        {
            "package.json": '{"name": "x"}',
            "web/a.test.js": """
                test('adds', () => {});
                test.each([[1, 2]])('sum %i %i', () => {});
                describe('outer', () => {
                    it('fails', () => { throw new Error('boom'); });
                    test.skip('off', () => {});
                });
                """,
            "web/bad.test.js": "require('nosuchmodule');",
        }
    )
    outcomes = {
        "web/a.test.js::adds": Outcome.PASSED,
        "web/a.test.js::outer::fails": Outcome.FAILED,
        "web/a.test.js::outer::off": Outcome.SKIPPED,
        "web/a.test.js::sum 1 2": Outcome.PASSED,
        "web/bad.test.js": Outcome.FAILED,
    }
    report = run("jest --ci", "jest")
    assert (report.problem, report.outcomes) == (None, outcomes)
    only = ["web/a.test.js::outer"]
    assert list(run("jest --ci", "jest", only).outcomes) == ["web/a.test.js::outer::fails", "web/a.test.js::outer::off"]
