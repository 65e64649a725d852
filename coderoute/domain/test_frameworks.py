"""The names of the test runners we know, and which of them a test command calls."""

import re
from collections.abc import Mapping
from types import MappingProxyType

PYTEST = "pytest"
UNITTEST = "unittest"
GO = "go"
JEST = "jest"
VITEST = "vitest"
NODE = "node"
CARGO = "cargo"
MAVEN = "maven"
GRADLE = "gradle"
EXIT_CODE = "exit-code"
"""Any other command: one verdict for all its tests."""

FRAMEWORKS = (PYTEST, UNITTEST, GO, JEST, VITEST, NODE, CARGO, MAVEN, GRADLE, EXIT_CODE)
"""What `test.framework` may be."""

_BEFORE = r"(?:^|[\s/;&|(])"
_AFTER = r"(?=$|[\s;&|)])"
_CALLS = (
    (PYTEST, re.compile(r"\bpy\.?test\b")),
    (UNITTEST, re.compile(r"\s-m\s*unittest" + _AFTER)),
    (GO, re.compile(_BEFORE + r"(?:gotestsum|go\s+test)" + _AFTER)),
    (JEST, re.compile(_BEFORE + r"(?:jest|jest\.js|react-scripts\s+test)" + _AFTER)),
    (VITEST, re.compile(_BEFORE + r"vitest" + _AFTER)),
    (NODE, re.compile(_BEFORE + r"node\s(?:[^;&|]*\s)?--test" + _AFTER)),
    (CARGO, re.compile(_BEFORE + r"cargo\s(?:[^;&|]*\s)?(?:test|t|nextest)" + _AFTER)),
    (MAVEN, re.compile(_BEFORE + r"mvn[wd]?" + _AFTER)),
    (GRADLE, re.compile(_BEFORE + r"gradlew?" + _AFTER)),
)
"""In order of precedence. A command of two runners is judged by the report of one and the exit code of both."""

_SCRIPT = re.compile(_BEFORE + r"(?:npm|yarn|pnpm|bun)\s+(?:run\s+|run-script\s+)?(?P<name>[\w:.-]+)")
_MAX_SCRIPTS = 4
"""A script that calls a script that calls a script ..."""


def framework_of(command: str, scripts: Mapping[str, str] = MappingProxyType({})) -> str:
    """The framework that `command` calls; EXIT_CODE when it calls none that we know.

    Args:
        scripts: the `scripts` of package.json by name, for commands such as `npm test`; without them such a command
            is EXIT_CODE.
    """
    for _ in range(_MAX_SCRIPTS):
        for framework, call in _CALLS:
            if call.search(command):
                return framework
        script = _SCRIPT.search(command)
        called = scripts.get({"t": "test"}.get(script["name"], script["name"])) if script else None
        if called is None:
            break
        command = called
    return EXIT_CODE
