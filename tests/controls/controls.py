"""Switches each control of the security design off in a copy of the source, and demands that its tests go red.

    python tests/controls/controls.py [--only P3]... [-k TEXT] [--no-docker] [--write]

The controls stand in the `p*.toml` files beside this one: the promise, the control in words, the edit that switches it
off, the tests. `--write` puts what was seen into docs/promises.md. It ends with 1 when a control was not seen red.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENTRIES = Path(__file__).parent
DOCUMENT = "docs/promises.md"
BEGIN, END = "<!-- controls: written by make controls -->", "<!-- controls: end -->"
NOT_SEEN = "not yet"

TIMEOUT_S = 240
EVERYTHING_TIMEOUT_S = 1200

BROKEN_EDIT = frozenset({"SyntaxError", "NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError"})
"""A test that ends so tells that the edit is wrong, not that the control is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`old` stands once in one of the files that the pattern `file` fits."""

    file: str
    old: str
    new: str

    def places(self, root: Path) -> list[Path]:
        """Every file with `old`, as often as it has it: one, while the edit applies."""
        found = [path for path in sorted(root.glob(self.file)) if path.is_file()]
        return [path for path in found for _ in range(path.read_text(encoding="utf-8").count(self.old))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """One way to switch a control off. `tests` are `file::function` or `file::function[parameters]`; one of them must
    then fail. `what` tells it from the control's other ways."""

    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    docker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What keeps a part of a promise. `note` is for the reader of the table."""

    promise: str
    words: str
    offs: tuple[Off, ...]
    note: str

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(test.partition("[")[0] for off in self.offs for test in off.tests))

    @property
    def docker(self) -> bool:
        return any(off.docker for off in self.offs)

    @property
    def digest(self) -> str:
        """Names exactly these edits with these tests: a changed entry has to be seen red again. Where the code stands
        does not count."""
        edits = [(edit.old, edit.new) for off in self.offs for edit in off.edits]
        said = [self.promise, self.words, edits, [off.tests for off in self.offs]]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    name: str
    says: str
    missing: str
    """What of it is not built yet."""
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`problem` None: with the control `off` in this way, `test` failed by `error`."""

    off: Off
    problem: str | None
    test: str = ""
    error: str = ""


def promises(folder: Path = ENTRIES) -> tuple[Promise, ...]:
    return tuple(_promise(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("p*.toml")))


def _promise(table: Mapping[str, Any]) -> Promise:
    found = [_control(table["promise"], entry) for entry in table.get("control", ())]
    return Promise(name=table["promise"], says=table["says"], missing=table.get("missing", ""), controls=tuple(found))


def _control(promise: str, entry: Mapping[str, Any]) -> Control:
    """What an `off` does not say itself, its control says for it."""
    given = {key: value for key, value in entry.items() if key in ("file", "tests", "docker", "old", "new", "also")}
    offs = tuple(_off({**given, **off}) for off in entry.get("off", [{}]))
    return Control(promise=promise, words=entry["is"], offs=offs, note=entry.get("note", ""))


def _off(entry: Mapping[str, Any]) -> Off:
    edits = [entry, *entry.get("also", ())]
    return Off(
        what=entry.get("what", ""),
        edits=tuple(Edit(file=edit.get("file", entry["file"]), old=edit["old"], new=edit["new"]) for edit in edits),
        tests=tuple(entry["tests"]),
        docker=entry.get("docker", False),
    )


def problems(off: Off, root: Path = ROOT) -> list[str]:
    """Why this way no longer applies to the source below `root`; nothing when it does. Runs no test."""
    found = []
    for edit in off.edits:
        if (count := len(edit.places(root))) != 1:
            found.append(f"{edit.file} has {count} times: {edit.old.strip()[:100]}")
    return found + [f"there is no test {test}" for test in off.tests if node_id(test, root) is None]


def node_id(test: str, root: Path) -> str | None:
    """`test` as pytest calls it, with the class that its function stands in; None where there is no such function."""
    path, _, name = test.partition("::")
    function = name.partition("[")[0]
    classes = _functions(root / path).get(function)
    return None if classes is None else "::".join([path, *classes, name])


@cache
def _functions(file: Path) -> dict[str, tuple[str, ...]]:
    """Each test function of the file -> the classes around it."""
    if not file.is_file():
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"class (Test\w*)", line):
            found[""] = (heading[1],)
        elif function := re.match(r"( *)(?:async )?def (test_\w+)\(", line):
            found.setdefault(function[2], found.get("", ()) if function[1] else ())
    return found


class Copy:
    """The source of the checkout, tracked and untracked, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "copy"
        self._seen = folder / "seen.jsonl"
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
        for name in names:
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)

    def run(self, tests: Iterable[str], *, stop_early: bool, timeout_s: int) -> tuple[list[dict[str, str]], str]:
        """(how each phase of each test ended, the end of the output)."""
        self._seen.unlink(missing_ok=True)
        options = ["-q", "-p", "no:cacheprovider", "-p", "witness", "--tb=line", *(["-x"] if stop_early else [])]
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(self.root), str(self.root / "tests" / "controls"))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CODEROUTE_REQUIRE_DOCKER": "1",
            "CONTROLS_COPY": str(self.root),
            "CONTROLS_SEEN": str(self._seen),
        }
        names = [node_id(test, self.root) or test for test in tests]
        command = [sys.executable, "-m", "pytest", *options, *names]
        try:
            ended = subprocess.run(
                command, cwd=self.root, env=environ, timeout=timeout_s, capture_output=True, text=True, check=False
            )
            said = ended.stdout + ended.stderr
        except subprocess.TimeoutExpired:
            said = f"it did not end within {timeout_s} s"
        rows = self._seen.read_text(encoding="utf-8").splitlines() if self._seen.exists() else []
        return [json.loads(row) for row in rows], "\n".join(said.splitlines()[-15:])

    def without(self, off: Off) -> Seen:
        """What the tests say while the control is off in this way; the copy is whole again afterwards."""
        files = [edit.places(self.root)[0] for edit in off.edits]
        before = {file: file.read_text(encoding="utf-8") for file in files}
        try:
            for file, edit in zip(files, off.edits, strict=True):
                file.write_text(file.read_text(encoding="utf-8").replace(edit.old, edit.new), encoding="utf-8")
            rows, said = self.run(off.tests, stop_early=True, timeout_s=TIMEOUT_S)
        finally:
            for file, text in before.items():
                file.write_text(text, encoding="utf-8")
        failed = [row for row in rows if row["outcome"] == "failed"]
        red = next((row for row in failed if row["when"] == "call" and row["error"] not in BROKEN_EDIT), None)
        if red is not None:
            return Seen(off=off, problem=None, test=red["test"], error=red["error"])
        if failed:
            how = f"failed in {failed[0]['when']} by {failed[0]['error']}"
            return Seen(off=off, problem=f"the edit breaks the program: {failed[0]['test']} {how}\n{said}")
        if not any(row["when"] == "call" for row in rows):
            return Seen(off=off, problem=f"no test ran\n{said}")
        return Seen(off=off, problem="STAYS GREEN without the control")


def green_before(copy: Copy, offs: Sequence[Off]) -> dict[str, str]:
    """Test -> why it cannot show anything: it is red, or not run, while every control is on."""
    wanted = sorted({test for off in offs for test in off.tests})
    rows, _ = copy.run(wanted, stop_early=False, timeout_s=EVERYTHING_TIMEOUT_S)
    if not rows:  # one file that cannot be loaded keeps pytest from running any
        by_file = groupby(wanted, key=lambda test: test.partition("::")[0])
        rows = [row for _, some in by_file for row in copy.run(some, stop_early=False, timeout_s=TIMEOUT_S)[0]]
    bad = {}
    for test in wanted:
        name = node_id(test, copy.root) or test
        mine = [row for row in rows if row["test"] == name or row["test"].startswith(f"{name}[")]
        if any(row["outcome"] == "failed" for row in mine):
            bad[test] = "red already with the control on"
        elif not any(row["when"] == "call" and row["outcome"] == "passed" for row in mine):
            bad[test] = "did not run"
    return bad


def table(promise: Promise, rows: Mapping[str, str]) -> str:
    """The promise's part of the document. `rows`: digest -> what was seen of that entry."""
    lines = [f"### {promise.name}: {promise.says}", ""]
    if promise.missing:
        lines += [promise.missing, ""]
    lines += ["| control | test that goes red without it | entry | seen red |", "|---|---|---|---|"]
    for control in promise.controls:
        note = f" ({control.note})" if control.note else ""
        ways = ", ".join(off.what for off in control.offs if off.what)
        words = f"{control.words}: {ways}{note}" if ways else f"{control.words}{note}"
        tests = "<br>".join(_short(test) for test in control.tests)
        lines.append(f"| {_cell(words)} | {tests} | {control.digest} | {rows.get(control.digest, NOT_SEEN)} |")
    return "\n".join(lines)


def _short(test: str) -> str:
    path, _, name = test.partition("::")
    return f"`{path.removeprefix('tests/')}`: {name.removeprefix('test_').replace('_', ' ')}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def recorded(text: str) -> dict[str, str]:
    """Digest -> what the document says was seen."""
    return {row[1]: row[2].strip() for row in re.finditer(r"\| ([0-9a-f]{8}) \| ([^|]*) \|$", text, re.MULTILINE)}


def document(text: str, found: Sequence[Promise], rows: Mapping[str, str]) -> str:
    """`text` with the tables between its marks made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n\n".join(table(promise, rows) for promise in found)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def chosen(found: Sequence[Promise], only: Collection[str], text: str, *, docker: bool) -> list[Control]:
    controls = [control for promise in found for control in promise.controls if not only or promise.name in only]
    return [
        control
        for control in controls
        if (docker or not control.docker) and text.lower() in f"{control.words} {control.tests}".lower()
    ]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Switches each security control off and demands red tests.")
    parser.add_argument("--only", action="append", default=[], metavar="P3", help="a promise; may be repeated")
    parser.add_argument("-k", dest="text", default="", help="controls whose words or tests hold this")
    parser.add_argument("--no-docker", action="store_true", help="leave out what needs an engine")
    parser.add_argument("--write", action="store_true", help=f"put what was seen into {DOCUMENT}")
    given = parser.parse_args(arguments)
    found = promises()
    controls = chosen(found, given.only, given.text, docker=not given.no_docker)
    if not controls:
        say("no control is meant by that")
        return 1
    with tempfile.TemporaryDirectory(prefix="controls-") as folder:
        seen = switched_off(Copy(Path(folder)), controls)
    red = [control for control in controls if all(one.problem is None for one in seen[control.digest])]
    if given.write:
        path = ROOT / DOCUMENT
        text = path.read_text(encoding="utf-8")
        rows = recorded(text) | {control.digest: NOT_SEEN for control in controls}
        rows |= {control.digest: in_the_document(seen[control.digest]) for control in red}
        path.write_text(document(text, found, rows), encoding="utf-8")
    ways = sum(len(one) for one in seen.values())
    say(f"\n{len(red)} of {len(controls)} controls were seen red when they were switched off, in {ways} ways")
    return 0 if len(red) == len(controls) else 1


def in_the_document(seen: Sequence[Seen]) -> str:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return today if len(seen) == 1 else f"{today}, each of {len(seen)}"


def switched_off(copy: Copy, controls: Sequence[Control]) -> dict[str, list[Seen]]:
    """Digest of the control -> what was seen of each of its ways."""
    began = time.monotonic()
    offs = [off for control in controls for off in control.offs]
    stale = {id(off): "; ".join(found) for off in offs if (found := problems(off, copy.root))}
    bad = green_before(copy, [off for off in offs if id(off) not in stale])
    say(f"with every control on: {len(bad)} of the tests do not pass ({time.monotonic() - began:.0f} s)")
    seen: dict[str, list[Seen]] = {}
    for control in controls:
        say(f"{control.promise} {control.words}")
        for off in control.offs:
            began = time.monotonic()
            why = stale.get(id(off)) or next((f"{t}: {bad[t]}" for t in off.tests if t in bad), None)
            one = Seen(off=off, problem=why) if why else copy.without(off)
            seen.setdefault(control.digest, []).append(one)
            how = f"red ({one.error})" if one.problem is None else f"NOT RED: {one.problem}"
            say(f"    {off.what or 'off'}: {how}  [{time.monotonic() - began:.1f} s]")
    return seen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
