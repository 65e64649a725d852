"""vitest: its own junit reporter, beside what it prints.

Ids: `src/a.test.ts::describe::test`; a file that does not load is itself.
"""

import posixpath
import shlex
from collections.abc import Mapping, Sequence

from coderoute.domain.judgement import Outcome
from coderoute.domain.test_frameworks import VITEST
from coderoute.ports import Sandbox
from coderoute.stages.verify.checkout_paths import root_folder
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.junit import Case
from coderoute.stages.verify.runners.calls import calls, only_call, quoted, replaced, without_positionals
from coderoute.stages.verify.runners.reports import paired, read_xml
from coderoute.stages.verify.runners.scripts import is_script_call, script_arguments, with_arguments
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of

FLAGS = frozenset({"--run", "--coverage", "--silent", "--globals", "--no-watch", "--typecheck"})
WORDS = frozenset({"run", "watch", "dev", "related"})


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    names = quoted(tuple(dict.fromkeys(map(file_of, only))))
    call = only_call(command)
    at = call.find("vitest") if call else None
    if call is not None and at is not None:
        if call.texts()[at + 1 : at + 2] and call.words[at + 1].text in WORDS:
            at += 1
        return (replaced(command, (*without_positionals(call, at, FLAGS), (call.end, call.end, f" {names}"))),)
    through_npm = script_arguments(command, names)
    return (through_npm,) if through_npm else ()


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told | None:  # noqa: ARG001
    changes: list[tuple[int, int, str]] = []
    for call in calls(command):
        report = shlex.quote(posixpath.join(folder, f"vitest-{len(changes) + 1}.xml"))
        options = f"--reporter=default --reporter=junit --outputFile.junit={report}"
        if call.find("vitest") is not None:
            end = next((word.start for word in call.words if word.text == "--"), call.end)
            changes.append((end, end, f" {options} "))
        elif is_script_call(call):
            changes.append(with_arguments(call, options))
    return Told(command=replaced(command, changes)) if changes else None


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    """All calls' reports. One that is missing is no news only behind a call whose tests failed (`a && b`)."""
    pairs: list[tuple[str, Case]] = []
    missing = False
    for number in range(1, command.count(f"{place.folder}/vitest-") + 1):
        report = read_xml(sandbox, posixpath.join(place.folder, f"vitest-{number}.xml"))
        if report.unreadable is not None:
            return report
        missing = missing or report.cases is None
        # The report has a test's file as its class, counted from where vitest runs.
        cases = [_with_file(case) for case in report.cases or ()]
        root = root_folder(sandbox, command, cases)
        pairs += [(_id(case, root), case) for case in cases]
    if missing and not any(case.outcome is Outcome.FAILED for _, case in pairs):
        return Found()
    return paired(pairs)


def _with_file(case: Case) -> Case:
    return Case(classname=case.classname, name=case.name, file=case.classname, outcome=case.outcome, text=case.text)


def _id(case: Case, root: str) -> str:
    """A file that does not load is a test with the file's name."""
    path = f"{root}{case.classname}"
    return path if case.name == case.classname else f"{path}::{case.name.replace(' > ', '::')}"


RUNNER = Runner(
    framework=VITEST,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost="it must run vitest to its end and take --reporter and --outputFile.junit (as the last arguments of a script)",
)
