"""jest: it has no JUnit report of its own, so its own JSON result is asked for and turned into test cases.

Ids: `src/a.test.js::describe::test`; a file that does not load is itself.
"""

import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence

from coderoute.domain.judgement import Outcome
from coderoute.domain.test_frameworks import JEST
from coderoute.domain.work import without_escapes
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.junit import Case, UnreadableReport, shortened
from coderoute.stages.verify.runners.calls import Call, calls, only_call, quoted, replaced, without_positionals
from coderoute.stages.verify.runners.reports import paired, read_json
from coderoute.stages.verify.runners.scripts import is_script_call, script_arguments, with_arguments
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of

FLAGS = frozenset({"--ci", "-i", "--runInBand", "--coverage", "--verbose", "--silent", "--no-cache", "--forceExit"})
OUTCOMES = {"passed": Outcome.PASSED, "failed": Outcome.FAILED}
"""Everything else (pending, todo, skipped, disabled) was not run."""


def _program(call: Call) -> int | None:
    """Which word is jest, or makes react-scripts call it."""
    at = next((at for name in ("jest", "jest.js") if (at := call.find(name)) is not None), None)
    react = call.find("react-scripts", "test")
    return react + 1 if at is None and react is not None else at


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    names = f"--runTestsByPath {quoted(tuple(dict.fromkeys(map(file_of, only))))}"
    call = only_call(command)
    at = _program(call) if call else None
    if call is not None and at is not None:
        return (replaced(command, (*without_positionals(call, at, FLAGS), (call.end, call.end, f" {names}"))),)
    through_npm = script_arguments(command, names)
    return (through_npm,) if through_npm else ()


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told | None:  # noqa: ARG001
    changes: list[tuple[int, int, str]] = []
    for call in calls(command):
        report = f"--json --outputFile={shlex.quote(posixpath.join(folder, f'jest-{len(changes) + 1}.json'))}"
        at = _program(call)
        if at is not None:
            end = call.words[at].end
            changes.append((end, end, f" {report}"))
        elif is_script_call(call):
            changes.append(with_arguments(call, report))
    return Told(command=replaced(command, changes)) if changes else None


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    """All calls' results. One that is missing is no news only behind a call whose tests failed (`a && b`)."""
    pairs: list[tuple[str, Case]] = []
    missing, stopped = False, False
    for number in range(1, command.count(f"{place.folder}/jest-") + 1):
        try:
            result = read_json(sandbox, posixpath.join(place.folder, f"jest-{number}.json"))
            pairs += _cases(result, place)
        except UnreadableReport as why:
            return Found(unreadable=str(why))
        missing = missing or result is None
        stopped = stopped or (isinstance(result, dict) and result.get("wasInterrupted") is True)
    if missing and not any(case.outcome is Outcome.FAILED for _, case in pairs):
        return Found()
    return paired(pairs, contradiction="jest says that it was interrupted" if stopped else None)


def _cases(result: object, place: Place) -> Iterator[tuple[str, Case]]:
    """(id, case) of each test; jest's result is read as far as it has the shape we know."""
    files = _field(result, "testResults")
    for file in files if isinstance(files, list) else ():
        path = place.inside(_text(file, "name"))
        if not path:
            raise UnreadableReport("it has a test file without a name")
        tests = _field(file, "assertionResults")
        cases = [_case(test, path) for test in tests] if isinstance(tests, list) else []
        yield from (("::".join(part for part in (path, case.classname, case.name) if part), case) for case in cases)
        failed = any(case.outcome is Outcome.FAILED for case in cases)
        if _text(file, "status") == "failed" and not failed:  # it did not load
            text = shortened(without_escapes(_text(file, "message")))
            yield path, Case(classname="", name="", file=path, outcome=Outcome.FAILED, text=text)


def _case(test: object, path: str) -> Case:
    suites, messages = _field(test, "ancestorTitles"), _field(test, "failureMessages")
    text = "\n\n".join(str(message) for message in messages) if isinstance(messages, list) else ""
    outcome = OUTCOMES.get(_text(test, "status"), Outcome.SKIPPED)
    return Case(
        classname="::".join(str(suite) for suite in suites) if isinstance(suites, list) else "",
        name=_text(test, "title"),
        file=path,
        outcome=outcome,
        text=shortened(without_escapes(text)) if outcome is Outcome.FAILED else "",
    )


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str:
    found = _field(value, name)
    return found if isinstance(found, str) else ""


RUNNER = Runner(
    framework=JEST,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost="it must run jest to its end, and take --json and --outputFile (as the last arguments of a script)",
)
