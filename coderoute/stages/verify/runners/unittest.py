"""unittest, which has no report: a module of ours takes the place of `-m unittest` and writes JUnit XML.

Ids are those pytest would give: `tests/test_x.py::TestClass::test_name`; a failed setUpClass is the class, a failed
import or setUpModule the file. A subtest is part of its test. That module also leaves out what was not asked for, so
every command can be narrowed; all test files are still imported.
"""

import json
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import pairwise

from coderoute.domain.judgement import Outcome
from coderoute.domain.test_frameworks import UNITTEST
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS, nothing_could_be_imported
from coderoute.stages.verify.junit import Case
from coderoute.stages.verify.runners.calls import Call, calls, replaced
from coderoute.stages.verify.runners.reports import paired, read_xml
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told

ASKED = "asked.json"
INSIDE = "unittest_inside.py"


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    return (command,)


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told | None:  # noqa: ARG001
    """Each call gets a copy of the module under a number of its own, and so a report of its own."""
    places = [place for call in calls(command) if (place := _module_option(call)) is not None]
    if not places:
        return None
    text = files("coderoute.stages.verify.runners.inside").joinpath(INSIDE).read_text(encoding="utf-8")
    names = [f"unittest-{number}.py" for number in range(1, len(places) + 1)]
    told = replaced(
        command,
        ((*place, shlex.quote(posixpath.join(folder, name))) for place, name in zip(places, names, strict=True)),
    )
    return Told(command=told, files={**dict.fromkeys(names, text), ASKED: json.dumps({"only": list(only)})})


def _module_option(call: Call) -> tuple[int, int] | None:
    """Where `-m unittest` stands in the call's text."""
    for word, following in pairwise(call.words):
        if (word.text, following.text) == ("-m", "unittest"):
            return word.start, following.end
    return next(((word.start, word.end) for word in call.words if word.text == "-munittest"), None)


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    """All calls' reports. One that is missing is no news only behind a call whose tests failed (`a && b`)."""
    pairs: list[tuple[str, Case]] = []
    missing = False
    for number in range(1, command.count(f"{place.folder}/unittest-") + 1):
        report = read_xml(sandbox, posixpath.join(place.folder, f"unittest-{number}.py.xml"))
        if report.unreadable is not None:
            return report
        missing = missing or report.cases is None
        pairs += [(_id(case, place), case) for case in report.cases or ()]
    if missing and not any(case.outcome is Outcome.FAILED for _, case in pairs):
        return Found()
    return paired(pairs)


def _id(case: Case, place: Place) -> str:
    parts = (place.inside(case.file) if case.file else "", *case.classname.split("."), case.name)
    return "::".join(part for part in parts if part)


RUNNER = Runner(
    framework=UNITTEST,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=(*REPORTS[:-2], nothing_could_be_imported, *REPORTS[-2:]),
    lost="it must run `python -m unittest` to its end: look for tests that end the process",
)
