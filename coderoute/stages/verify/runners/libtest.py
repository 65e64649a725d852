"""What `cargo test` prints, to test cases. Each binary says how many tests it runs and sums them up at the end; lines
that do not add up to both are not believed, so a test that prints lines of its own gives itself away."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from coderoute.domain.judgement import Outcome
from coderoute.stages.verify.junit import Case, shortened
from coderoute.stages.verify.runners.reports import not_compiled, paired
from coderoute.stages.verify.runners.shape import Found, Place

_RUNNING = re.compile(r" +Running (?:unittests )?(?P<source>\S.*?) \((?P<binary>.+)\)$")
_DOCTESTS = re.compile(r" +Doc-tests (?P<crate>\S+)$")
_COUNT = re.compile(r"running (\d+) tests?$")
_TEST = re.compile(r"test (?P<name>.+?)(?: - should panic| - compile fail| - compile)? \.\.\. (?P<how>.+)$")
_SUM = re.compile(
    r"test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; \d+ filtered out"
)
_OUTPUT = re.compile(r"---- (?P<name>.+?)(?: stdout)? ----$")
_DOCTEST = re.compile(r"(?P<file>.+?) - (?P<item>.*?) ?\(line (?P<line>\d+)\)$")
_BROKEN = re.compile(r"(?m)^error.*\n *--> ([^\n:]+):\d+:\d+$")


@dataclass(slots=True)
class _Binary:
    """One test binary, or the doc tests of one crate. `path` is None for the latter: each test has its own file."""

    path: str | None
    expected: int | None = None
    sums: tuple[int, int, int] | None = None
    """Passed (or measured), failed, ignored."""
    tests: list[tuple[str, Outcome]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    failed: bool = False
    """cargo says so."""
    listing: bool = True
    """Between the count of tests and their failures."""
    told: str | None = None
    """The test whose output is being read."""

    def contradiction(self) -> str | None:
        if self.expected is None:
            return None
        name = self.path or "the doc tests"
        counted = tuple(sum(how is one for _, how in self.tests) for one in Outcome)
        if self.sums is None:
            return None if self.failed else f"{name} began with {self.expected} tests and never summed them up"
        if len(self.tests) != self.expected or counted != self.sums:
            return (
                f"{name} has {self.expected} tests, sums up {sum(self.sums)} and prints {len(self.tests)} lines that"
                " differ from that: tests must not print lines of their own (leave out --nocapture)"
            )
        return None


def parsed(texts: Sequence[str], place: Place) -> Found:
    """The test cases in what one or more calls of `cargo test --message-format=json...` printed.

    Without any test binary: the files that do not compile, if the compiler names any.
    """
    binaries: list[_Binary] = []
    for text in texts:
        sources = dict(_sources(text, place.inside))
        binaries += _binaries([line for line in text.splitlines() if not line.startswith('{"reason":')], sources)
    if not binaries:
        return not_compiled((path for text in texts for path in _BROKEN.findall(text)), place)
    doubts = (why for binary in binaries if (why := binary.contradiction()) is not None)
    return paired(_cases(binaries), contradiction=next(doubts, None))


def _sources(text: str, inside: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """(file name of a test binary, its root source file) from cargo's messages."""
    for line in text.splitlines():
        if not line.startswith('{"reason":"compiler-artifact"'):
            continue
        try:
            message = json.loads(line)
            executable, source = message["executable"], message["target"]["src_path"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(executable, str) and isinstance(source, str):
            yield posixpath.basename(executable), inside(source)


def _binaries(lines: Sequence[str], sources: dict[str, str]) -> list[_Binary]:
    found: list[_Binary] = []
    for line in lines:
        if running := _RUNNING.match(line):
            name = posixpath.basename(running["binary"])
            found.append(_Binary(path=sources.get(name, running["source"])))
        elif _DOCTESTS.match(line):
            found.append(_Binary(path=None))
        elif found:
            _take(found[-1], line)
    return found


def _take(binary: _Binary, line: str) -> None:
    if line.startswith(("error: test failed", "error: doctest failed")) and binary.told is None:
        binary.failed = True
    elif (count := _COUNT.match(line)) and binary.expected is None:
        binary.expected = int(count[1])
    elif (sums := _SUM.match(line)) and binary.told is None and binary.expected is not None:
        passed, failed, ignored, measured = map(int, sums.groups())
        binary.sums, binary.listing = (passed + measured, failed, ignored), False
    elif line == "failures:":
        binary.listing, binary.told = False, None
    elif binary.listing and binary.expected is not None and (test := _TEST.match(line)):
        binary.tests.append((test["name"], _outcome(test["how"])))
    elif not binary.listing and (output := _OUTPUT.match(line)):
        binary.told = output["name"]
        binary.texts[binary.told] = []
    elif binary.told is not None:
        binary.texts[binary.told].append(line)


def _outcome(how: str) -> Outcome:
    if how.startswith("ignored"):
        return Outcome.SKIPPED
    return Outcome.PASSED if how == "ok" or how.startswith(("ok <", "bench:")) else Outcome.FAILED


def _cases(binaries: Sequence[_Binary]) -> Iterator[tuple[str, Case]]:
    for binary in binaries:
        seen: dict[str, int] = {}
        for name, outcome in sorted(binary.tests, key=lambda test: _line(test[0])):
            test_id = _id(binary, name)
            # Doc tests of one item differ by their line, which moves with every edit above it.
            seen[test_id] = seen.get(test_id, 0) + 1
            if seen[test_id] > 1 and binary.path is None:
                test_id = f"{test_id} #{seen[test_id]}"
            text = shortened("\n".join(binary.texts.get(name, ())).strip()) if outcome is Outcome.FAILED else ""
            yield test_id, Case(classname="", name=name, file=binary.path, outcome=outcome, text=text)
        crashed = binary.sums is None or all(how is not Outcome.FAILED for _, how in binary.tests)
        if binary.failed and binary.path and crashed:
            text = "it failed outside of its tests"
            yield binary.path, Case(classname="", name="", file=binary.path, outcome=Outcome.FAILED, text=text)


def _line(name: str) -> int:
    """Where a doc test stands; binaries print them as they end."""
    doctest = _DOCTEST.match(name)
    return int(doctest["line"]) if doctest else 0


def _id(binary: _Binary, name: str) -> str:
    if binary.path is not None:
        return f"{binary.path}::{name}"
    doctest = _DOCTEST.match(name)
    return f"{doctest['file']}::doctest {doctest['item']}".strip() if doctest else f"doctest {name}"
