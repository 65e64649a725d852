"""Maven: the reports of surefire and failsafe. Ids as java.py says.

Surefire has no option for where its reports go, so they stay in the checkout.
"""

import re
from collections.abc import Mapping, Sequence

from coderoute.domain.test_frameworks import MAVEN
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.runners import java
from coderoute.stages.verify.runners.calls import only_call
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of

PROGRAMS = ("mvn", "mvnw", "mvnd")
WHERE = ("*/surefire-reports/TEST-*.xml", "*/failsafe-reports/TEST-*.xml")

_CLASS = re.compile(r"src/[^/]+/(?:java|kotlin|groovy|scala)/([\w/]+)\.(?:java|kt|groovy|scala)")


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    """These classes. Modules without any of them are no failure then."""
    call = only_call(command)
    classes = [_CLASS.search(file_of(one)) for one in only]
    if call is None or java.program(call, PROGRAMS) is None or None in classes or "-Dtest" in command:
        return ()
    names = ",".join(sorted({found[1].replace("/", ".") for found in classes if found is not None}))
    return (f"{command} -Dtest={names} -DfailIfNoTests=false -Dsurefire.failIfNoSpecifiedTests=false",)


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told:  # noqa: ARG001
    """A failing module does not keep the others from being tested."""
    return java.told(command, PROGRAMS, {"-fae": ("-ff", "-fn", "-fae")}, WHERE)


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    return java.found(sandbox, place, WHERE, printed)


RUNNER = Runner(
    framework=MAVEN,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost=java.LOST.format(name="surefire or failsafe"),
)
