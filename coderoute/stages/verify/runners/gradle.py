"""Gradle: the reports of its test tasks. Ids as java.py says."""

from collections.abc import Mapping, Sequence

from coderoute.domain.test_frameworks import GRADLE
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.runners import java
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told

PROGRAMS = ("gradle", "gradlew")
WHERE = ("*/test-results/*/TEST-*.xml",)


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    """Never: `--tests` fails in every module that has none of them."""
    return ()


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told:  # noqa: ARG001
    """A failing module does not keep the others from being tested; and results are not taken from a build cache,
    which the change may bring along."""
    asked = {"--continue": ("--continue",), "--no-build-cache": ("--no-build-cache",)}
    return java.told(command, PROGRAMS, asked, WHERE)


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    return java.found(sandbox, place, WHERE, printed)


RUNNER = Runner(
    framework=GRADLE,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost=java.LOST.format(name="Gradle"),
)
