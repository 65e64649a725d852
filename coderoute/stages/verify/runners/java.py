"""What Maven and Gradle share: JUnit XML that they leave in the build folders of the checkout.

What lies there before the run, left over or part of the change, is removed first: only this run's reports count.
Ids: `src/test/java/com/acme/FooTest.java::Inner::name(int)[1]`, below the module's folder; `com.acme.FooTest::name`
where the class has no file of its name. A class that fails in its set-up is the class.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from coderoute.ports import Sandbox
from coderoute.stages.verify.checkout_paths import files_among
from coderoute.stages.verify.junit import Case, UnreadableReport
from coderoute.stages.verify.runners.calls import Call, calls, replaced
from coderoute.stages.verify.runners.reports import cases_by_file, gathered, not_compiled, paired
from coderoute.stages.verify.runners.shape import Found, Place, Told

LANGUAGES = (("java", "java"), ("kotlin", "kt"), ("groovy", "groovy"), ("scala", "scala"))
"""(folder below a source set, ending of a file)."""

LOST = "it must run the tests (not only build), and leave their reports where {name} leaves them by itself"

_BROKEN = (
    re.compile(r"(?m)^\[ERROR\] (/[^\n:]+):\[\d+,\d+\]"),  # Maven
    re.compile(r"(?m)^(/[^\n:]+):\d+: error: "),  # javac and groovyc by Gradle
    re.compile(r"(?m)^e: (?:file://)?(/[^\n:]+):\d+:\d+"),  # kotlinc
)
"""Lines of compilers that name a file with an error."""

_MODULE = re.compile(r"(?:(?P<module>.+)/)?[^/]+/(?:surefire-reports|failsafe-reports|test-results/(?P<task>[^/]+))/")


def told(command: str, programs: Sequence[str], asked: Mapping[str, Sequence[str]], reports: Sequence[str]) -> Told:
    """A command that calls them by way of something else stays as it is: its reports are found all the same.

    Args:
        asked: options to add -> the options instead of which, or beside which, they are not added.
        reports: patterns of the reports' paths, as `find -path` has them.
    """
    changes: list[tuple[int, int, str]] = []
    for call in calls(command):
        at = program(call, programs)
        if at is not None:
            options = [option for option, same in asked.items() if not set(same) & set(call.texts())]
            changes.append((call.words[at].end, call.words[at].end, "".join(f" {option}" for option in options)))
    return Told(command=replaced(command, changes), before=f"find {_named(reports)} -type f -delete")


def program(call: Call, names: Sequence[str]) -> int | None:
    return next((at for name in names if (at := call.find(name)) is not None), None)


def found(sandbox: Sandbox, place: Place, reports: Sequence[str], printed: str) -> Found:
    """Without reports: the files that do not compile, if the compiler names any."""
    try:
        files = gathered(sandbox, _named(reports), place.folder)
        cases = cases_by_file(files)
    except UnreadableReport as why:
        return Found(unreadable=str(why))
    if not files:
        return not_compiled((path for pattern in _BROKEN for path in pattern.findall(printed)), place)
    there = files_among(sandbox, {path for report, case in cases for path in _sources(report, case)})
    return paired((_id(report, case, there), case) for report, case in cases)


def _named(reports: Sequence[str]) -> str:
    patterns = " -o ".join(f"-path '{pattern}'" for pattern in reports)
    return f". '(' {patterns} ')'"


def _sources(report: str, case: Case) -> Iterator[str]:
    """Where the source of a case's class may stand; the source set is the one its Gradle task is named after."""
    place = _MODULE.match(report)
    module = place["module"] or "" if place else ""
    task = place["task"] if place else None
    path = case.classname.partition("$")[0].replace(".", "/")
    for source_set in dict.fromkeys((task or "test", "test")):
        for folder, ending in LANGUAGES:
            yield posixpath.join(module, "src", source_set, folder, f"{path}.{ending}")


def _id(report: str, case: Case, there: frozenset[str]) -> str:
    path = next((path for path in _sources(report, case) if path in there), None)
    outer, *inner = case.classname.split("$")
    name = re.sub(r"\(\)$", "", case.name)
    return "::".join(part for part in (path or outer, *inner, name) if part)
