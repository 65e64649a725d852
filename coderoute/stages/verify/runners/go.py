"""go test: its own JSON stream (`go test -json`, `gotestsum --jsonfile`), turned into test cases.

Ids: `pkg/a_test.go::TestName/sub`, with the file in which the function stands; `pkg::TestName` where no file of the
package has it; of a package that does not build, or fails outside of its tests, each test file (`pkg/a_test.go`).
"""

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from coderoute.domain.judgement import Outcome
from coderoute.domain.test_frameworks import GO
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.junit import MAX_REPORT_BYTES, Case, shortened
from coderoute.stages.verify.runners.calls import Call, calls, only_call, quoted, replaced, without_positionals
from coderoute.stages.verify.runners.reports import TOO_LARGE, paired
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of

FLAGS = frozenset({"-v", "-race", "-short", "-cover", "-json", "-failfast", "-x", "-a", "-n", "-work", "-trimpath"})
OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}
MAX_OUTPUT = 20_000
"""Characters kept of one test's output, and of the end of what was printed."""

INDEX = "index.txt"
# `go.mod` files with their module, and test files with their functions, as grep prints them: path:match
LIST = (
    "{{ find . -name go.mod -exec grep -EH '^module[[:space:]]' {{}} + ; "
    "find . -name '*_test.go' -exec grep -EHo '^func (Test|Example|Fuzz)[^ (\\[]*' {{}} + ; }} >{index} 2>/dev/null"
)
BUILD_FAILED = re.compile(r"FAIL\t(\S+) \[(?:build|setup) failed\]")


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    """These packages, and in them these functions where every one of them is named; then the packages."""
    call = only_call(command)
    at = call.find("go", "test") if call else None
    if call is None or at is None or "-args" in call.texts():
        return ()
    paths = (file_of(one) for one in only)
    packages = quoted(sorted({f"./{posixpath.dirname(path) if path.endswith('.go') else path}" for path in paths}))
    changes = (*without_positionals(call, at + 1, FLAGS), (call.end, call.end, f" {packages}"))
    names = sorted({one.partition("::")[2].partition("/")[0] for one in only})
    runs = shlex.quote(f"^({'|'.join(map(re.escape, names))})$")
    whole = replaced(command, changes)
    has_filter = any(re.match(r"--?run\b", word) for word in call.texts())
    return (whole,) if has_filter or "" in names else (f"{whole} -run {runs}", whole)


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told | None:  # noqa: ARG001
    """The stream goes into a file: printed, its middle could be cut out. Go's cache of results is not asked."""
    changes: list[tuple[int, int, str]] = []
    number = 0
    for call in calls(command):
        report = shlex.quote(posixpath.join(folder, f"go-{number + 1}.json"))
        if (sums := call.find("gotestsum")) is not None and not any("--jsonfile" in word for word in call.texts()):
            changes.append((call.words[sums].end, call.words[sums].end, f" --jsonfile={report}"))
        elif (at := call.find("go", "test")) is not None:
            end = call.words[at + 1].end
            changes += [(end, end, _options(call)), (call.last, call.last, f" >{report}")]
        else:
            continue
        number += 1
    if not number:
        return None
    index = shlex.quote(posixpath.join(folder, INDEX))
    return Told(command=replaced(command, changes), before=LIST.format(index=index))


def _options(call: Call) -> str:
    texts = call.texts()
    count = "" if any(re.match(r"--?count\b", word) for word in texts) else " -count=1"
    return count + ("" if "-json" in texts else " -json")


@dataclass(slots=True)
class _Test:
    outcome: Outcome | None = None
    output: list[str] = field(default_factory=list)
    size: int = 0

    def print(self, text: str) -> None:
        if self.size < MAX_OUTPUT:
            self.output.append(text)
            self.size += len(text)


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    streams: list[bytes] = []
    for number in range(1, command.count(f"{place.folder}/go-") + 1):
        stream = sandbox.read(posixpath.join(place.folder, f"go-{number}.json"), limit=MAX_REPORT_BYTES + 1)
        if stream is not None and len(stream) > MAX_REPORT_BYTES:
            return Found(unreadable=TOO_LARGE)
        streams += [stream] if stream is not None else []
    if not streams:
        return Found()
    tests: dict[tuple[str, str], _Test] = {}
    shown: list[str] = []
    for stream in streams:
        _read(stream, tests, shown)
    index = (sandbox.read(posixpath.join(place.folder, INDEX), limit=MAX_REPORT_BYTES) or b"").decode(
        "utf-8", "replace"
    )
    return paired(_cases(tests, _Index(index)), output="".join(shown)[-MAX_OUTPUT:])


def _read(stream: bytes, tests: dict[tuple[str, str], _Test], printed: list[str]) -> None:
    """The stream's events by (package, test; "" for the package itself). Lines that are no event were printed."""
    builds: dict[str, list[str]] = {}
    for line in stream.decode("utf-8", "replace").splitlines(keepends=True):
        try:
            event = json.loads(line) if line.startswith("{") else None
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            printed.append(line)
            if failed := BUILD_FAILED.match(line):  # before Go 1.20 not an event
                tests.setdefault((failed[1], ""), _Test()).outcome = Outcome.FAILED
            continue
        action, output = event.get("Action"), event.get("Output")
        package, name = event.get("Package"), event.get("Test", "")
        if isinstance(output, str):
            printed.append(output)
        if isinstance(output, str) and action == "build-output":  # since Go 1.24
            builds.setdefault(str(event.get("ImportPath")), []).append(output)
        if not isinstance(package, str) or not isinstance(name, str):
            continue
        test = tests.setdefault((package, name), _Test())
        if isinstance(output, str):
            test.print(output)
        for line in builds.get(str(event.get("FailedBuild")), ()):
            test.print(line)
        if isinstance(action, str) and action in OUTCOMES and test.outcome is not Outcome.FAILED:
            test.outcome = OUTCOMES[action]


def _cases(tests: Mapping[tuple[str, str], _Test], index: "_Index") -> Iterator[tuple[str, Case]]:
    """A test that began and did not end has failed. A package is a case only if it failed by itself."""
    failing = {package for (package, name), test in tests.items() if name and test.outcome in (Outcome.FAILED, None)}
    for (package, name), test in tests.items():
        if not name:
            if test.outcome is Outcome.FAILED and package not in failing:
                text = shortened("".join(test.output))
                case = Case(classname=package, name="", file=None, outcome=Outcome.FAILED, text=text)
                yield from ((one, case) for one in index.files_of(package))
            continue
        outcome = test.outcome or Outcome.FAILED
        ended = "" if test.outcome else "\nit did not end"
        text = shortened("".join(test.output) + ended) if outcome is Outcome.FAILED else ""
        yield index.id(package, name), Case(classname=package, name=name, file=None, outcome=outcome, text=text)


class _Index:
    """Where packages and test functions stand, from the lines of LIST; the shallowest module of a name counts."""

    def __init__(self, text: str) -> None:
        self._modules: dict[str, str] = {}
        self._files: dict[tuple[str, str], str] = {}
        for line in sorted(text.splitlines(), key=lambda line: (line.count("/"), line)):
            path, _, found = line.removeprefix("./").partition(":")
            folder = posixpath.dirname(path)
            if posixpath.basename(path) == "go.mod":
                self._modules.setdefault(found.removeprefix("module").partition("//")[0].strip().strip('"'), folder)
            else:
                self._files.setdefault((folder, found.removeprefix("func ")), path)

    def files_of(self, package: str) -> tuple[str, ...]:
        """Its test files, its folder where none is known."""
        folder = self._folder(package)
        return tuple(sorted({path for (place, _), path in self._files.items() if place == folder})) or (folder or ".",)

    def id(self, package: str, name: str) -> str:
        folder = self._folder(package)
        return f"{self._files.get((folder, name.partition('/')[0]), folder or '.')}::{name}"

    def _folder(self, package: str) -> str:
        for module in sorted(self._modules, key=len, reverse=True):
            if package == module or package.startswith(f"{module}/"):
                return posixpath.join(self._modules[module], package[len(module) + 1 :]).rstrip("/")
        return package


RUNNER = Runner(
    framework=GO,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost="it must call `go test` (or gotestsum) itself",
)
