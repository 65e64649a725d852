"""pytest: JUnit XML asked for by PYTEST_ADDOPTS, so the user's command stays as it is.

Ids are pytest's own: `tests/test_x.py::TestClass::test_name[param]`.
"""

import posixpath
import shlex
from collections.abc import Mapping, Sequence

from coderoute.domain.test_frameworks import PYTEST
from coderoute.ports import Sandbox
from coderoute.stages.verify.checkout_paths import files_among, root_folder
from coderoute.stages.verify.doubt import PYTEST_REPORTS, USAGE_ERROR, Ran
from coderoute.stages.verify.pytest_ids import node_ids
from coderoute.stages.verify.runners.reports import read_xml
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of, narrowed

REPORT = "report.xml"


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    """Exactly these tests, then their files."""
    files = tuple(dict.fromkeys(map(file_of, only)))
    narrower = (narrowed(command, only), narrowed(command, files))
    return tuple(dict.fromkeys(tried for tried in narrower if tried is not None))


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told:  # noqa: ARG001
    """pytest is told to report every test, whatever the repository's configuration says.

    pytest's cache stays on: without it `--lf` and tests that use its fixture would fail.
    """
    options = (
        f"--junitxml={shlex.quote(posixpath.join(folder, REPORT))} -o junit_family=xunit1 -o junit_logging=no"
        " --continue-on-collection-errors --maxfail=0"
    )
    env = {"PYTEST_ADDOPTS": f"{env.get('PYTEST_ADDOPTS', '')} {options}".strip()}
    return Told(command=command, env=env, needs_folder=False)  # pytest makes it


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    found = read_xml(sandbox, posixpath.join(place.folder, REPORT))
    cases = found.cases
    if cases is None:
        return found
    root = root_folder(sandbox, command, cases)
    return Found(ids=node_ids(cases, root, lambda paths: files_among(sandbox, paths)), cases=cases)


def _refused(ran: Ran) -> bool:
    """pytest may refuse an id (a file name with a bracket, a test that is not in this tree); it has run nothing."""
    return ran.result.exit_code == USAGE_ERROR


RUNNER = Runner(
    framework=PYTEST,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=PYTEST_REPORTS,
    lost="it must run pytest to its end, hand PYTEST_ADDOPTS on (tox: pass_env) and set no --junitxml of its own",
    ran_nothing=_refused,
)
