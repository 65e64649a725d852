"""cargo test: its lines, one for each test, checked against its own sums; cargo nextest: its JUnit report.

Ids: `crates/a/src/lib.rs::module::tests::name` and `tests/it.rs::name`, with the file of the test binary's root (the
test itself may stand in a module's own file); a doc test is `src/lib.rs::doctest item`; a binary that fails outside of
its tests is its file.
"""

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise

from coderoute.domain.test_frameworks import CARGO
from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import REPORTS
from coderoute.stages.verify.junit import MAX_REPORT_BYTES, Case, UnreadableReport
from coderoute.stages.verify.runners.calls import Call, calls, only_call, quoted, replaced
from coderoute.stages.verify.runners.libtest import parsed
from coderoute.stages.verify.runners.reports import TOO_LARGE, paired, read_json, read_xml
from coderoute.stages.verify.runners.shape import Found, Place, Runner, Told
from coderoute.stages.verify.selection import file_of

SHOWN_BYTES = 20_000
NEXTEST_CONFIG = "nextest.toml"
METADATA = "metadata.json"

UNREADABLE = frozenset({"-q", "--quiet", "-v", "-vv", "--verbose", "--nocapture", "--no-capture"})
"""Options that take lines away or mix others in; left out."""

PLAIN = {"CARGO_TERM_QUIET": "false", "CARGO_TERM_VERBOSE": "false", "CARGO_TERM_COLOR": "never"}


def _narrowed(command: str, only: Sequence[str]) -> Sequence[str]:
    """These tests by their whole names, in whatever binary; not where a file or a doc test is asked for."""
    call = only_call(command)
    names = tuple(dict.fromkeys(one.removeprefix(f"{file_of(one)}::") for one in only))
    unnamed = any("::" not in one or "::doctest " in one for one in only)
    if call is None or _cargo_test(call) is None or unnamed:
        return ()
    dashes = "" if "--" in call.texts() else " --"
    return (f"{command}{dashes} --exact {quoted(names)}",)


def _told(command: str, env: Mapping[str, str], only: Sequence[str], folder: str) -> Told | None:  # noqa: ARG001
    """cargo test prints into a file, since printed lines could be cut; its end is shown. nextest gets a configuration
    of a tool, which is weaker than the repository's own."""
    changes: list[tuple[int, int, str]] = []
    tests = reports = 0
    for call in calls(command):
        if (at := _cargo_test(call)) is not None:
            tests += 1
            output = shlex.quote(posixpath.join(folder, f"cargo-{tests}.txt"))
            end = call.words[at].end
            changes += [
                (call.words[0].start, call.words[0].start, "{ "),
                (end, end, _missing(call, "--no-fail-fast", "--message-format=json-render-diagnostics")),
                *((word.start, word.end, "") for word in call.words[at + 1 :] if word.text in UNREADABLE),
                (call.last, call.last, f" >{output} 2>&1{_show(output)}"),
            ]
        elif (at := call.find("nextest", "run")) is not None and not reports:
            reports += 1
            end = call.words[at + 1].end
            config = shlex.quote(posixpath.join(folder, NEXTEST_CONFIG))
            changes.append((end, end, _missing(call, "--no-fail-fast", f"--tool-config-file=coderoute:{config}")))
    if not changes:
        return None
    metadata = shlex.quote(posixpath.join(folder, METADATA))
    return Told(
        command=replaced(command, changes),
        env=PLAIN,
        files={NEXTEST_CONFIG: _nextest_config(command, posixpath.join(folder, "nextest.xml"))} if reports else {},
        before=f"cargo metadata --no-deps --offline --format-version=1 >{metadata}" if reports else "",
    )


def _cargo_test(call: Call) -> int | None:
    """Which word is the `test` of `cargo test`."""
    at = call.find("cargo")
    for position in range(at + 1, len(call.words)) if at is not None else ():
        word = call.words[position].text
        if word in ("test", "t"):
            return position
        if not word.startswith(("+", "-")):
            return None
    return None


def _missing(call: Call, *options: str) -> str:
    return "".join(f" {option}" for option in options if option.partition("=")[0] not in " ".join(call.texts()))


def _show(output: str) -> str:
    return f"; coderoute_code=$?; tail -c {SHOWN_BYTES} {output} | grep -v '^{{\"reason\":'; (exit $coderoute_code); }}"


def _nextest_config(command: str, report: str) -> str:
    words = [word for call in calls(command) for word in call.texts()]
    named = [word.partition("=")[2] for word in words if word.startswith("--profile=")]
    named += [after for word, after in pairwise(words) if word in ("--profile", "-P")]
    profile = named[0] if named and all(letter.isalnum() or letter in "-_" for letter in named[0]) else "default"
    return f'[profile.{profile}.junit]\npath = "{report}"\nstore-failure-output = true\n'


def _found(sandbox: Sandbox, command: str, place: Place, printed: str) -> Found:  # noqa: ARG001
    texts: list[str] = []
    for number in range(1, command.count(f"{place.folder}/cargo-") + 1):
        data = sandbox.read(posixpath.join(place.folder, f"cargo-{number}.txt"), limit=MAX_REPORT_BYTES + 1)
        if data is not None and len(data) > MAX_REPORT_BYTES:
            return Found(unreadable=TOO_LARGE)
        texts += [data.decode("utf-8", "replace")] if data is not None else []
    nextest = _found_nextest(sandbox, place) if NEXTEST_CONFIG in command else None
    if not texts:
        return nextest or Found()
    found = parsed(texts, place)
    if nextest is None or nextest.cases is None:
        return found if nextest is None else nextest
    both = (*zip(found.ids, found.cases or (), strict=True), *zip(nextest.ids, nextest.cases, strict=True))
    return paired(both, contradiction=found.contradiction)


def _found_nextest(sandbox: Sandbox, place: Place) -> Found:
    report = read_xml(sandbox, posixpath.join(place.folder, "nextest.xml"))
    if report.cases is None:
        return report
    try:
        binaries = _binaries(read_json(sandbox, posixpath.join(place.folder, METADATA)), place)
    except UnreadableReport:  # without it the binaries keep their names
        binaries = {}
    return paired((_nextest_id(case, binaries), case) for case in report.cases)


def _nextest_id(case: Case, binaries: Mapping[str, str]) -> str:
    return f"{binaries.get(case.classname, case.classname)}::{case.name}"


def _binaries(metadata: object, place: Place) -> dict[str, str]:
    """Source file by nextest's name for a test binary: `crate`, `crate::target`, `crate::bin/target`."""
    found: dict[str, str] = {}
    for package in _list(metadata, "packages"):
        for target in _list(package, "targets"):
            kinds = {str(kind) for kind in _list(target, "kind")}
            name, source = _text(target, "name"), place.inside(_text(target, "src_path"))
            crate = _text(package, "name")
            if kinds & {"lib", "rlib", "dylib", "cdylib", "staticlib", "proc-macro"}:
                found[crate] = source
            elif "test" in kinds:
                found[f"{crate}::{name}"] = source
            else:
                found |= {f"{crate}::{kind}/{name}": source for kind in kinds}
    return found


def _list(value: object, name: str) -> list[object]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _text(value: object, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


RUNNER = Runner(
    framework=CARGO,
    narrowed=_narrowed,
    tell=_told,
    find=_found,
    doubts=REPORTS,
    lost="it must call `cargo test` or `cargo nextest run` itself, and nextest must leave the JUnit path to us",
)
