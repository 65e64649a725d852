"""Report files out of a sandbox: bounded, regular files only, and never more than we are willing to read."""

import io
import json
import posixpath
import shlex
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import replace

from coderoute.domain.judgement import Outcome
from coderoute.ports import Sandbox
from coderoute.stages.verify.junit import MAX_REPORT_BYTES, Case, UnreadableReport, read_cases
from coderoute.stages.verify.runners.shape import Found, Place

GATHER_TIMEOUT_S = 120.0
TOO_LARGE = f"it has more than {MAX_REPORT_BYTES} bytes"


def read_xml(sandbox: Sandbox, path: str) -> Found:
    """The cases of one JUnit XML file; without ids.

    Raises:
        SandboxLost
    """
    xml = sandbox.read(path, limit=MAX_REPORT_BYTES + 1)
    if xml is None:
        return Found()
    try:
        return Found(cases=read_cases(xml))
    except UnreadableReport as why:
        return Found(unreadable=str(why))


def read_json(sandbox: Sandbox, path: str) -> object:
    """What a JSON file holds, None when there is no such file.

    Raises:
        UnreadableReport
        SandboxLost
    """
    data = sandbox.read(path, limit=MAX_REPORT_BYTES + 1)
    if data is None:
        return None
    if len(data) > MAX_REPORT_BYTES:
        raise UnreadableReport(TOO_LARGE)
    try:
        parsed: object = json.loads(data)
    except (ValueError, RecursionError) as broken:
        raise UnreadableReport(f"it does not parse as JSON ({type(broken).__name__})") from broken
    return parsed


def gathered(sandbox: Sandbox, where: str, folder: str) -> dict[str, bytes]:
    """The regular files that `find <where>` (shell text, from the checkout's root) names, by path, sorted.

    Symbolic links are not followed. They come in one tar file: a Java build leaves one report for each class.

    Raises:
        UnreadableReport: too large, or no tar file.
        SandboxLost
    """
    archive = posixpath.join(folder, "gathered.tar")
    pack = f"tar --null --no-recursion -cf {shlex.quote(archive)} -T -"
    sandbox.run(f"find {where} -type f -print0 2>/dev/null | {pack} 2>/dev/null", timeout_s=GATHER_TIMEOUT_S)
    data = sandbox.read(archive, limit=MAX_REPORT_BYTES + 1)
    if data is None:
        return {}
    if len(data) > MAX_REPORT_BYTES:
        raise UnreadableReport(TOO_LARGE)
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as opened:
            for member in opened:
                # A sparse file claims bytes that the archive does not hold.
                if member.isreg() and not member.issparse():
                    content = opened.extractfile(member)
                    files[member.name.removeprefix("./")] = content.read() if content else b""
    except (tarfile.TarError, EOFError, OSError, ValueError) as broken:
        raise UnreadableReport(f"its files cannot be taken out ({type(broken).__name__})") from broken
    return dict(sorted(files.items()))


def cases_by_file(files: Mapping[str, bytes]) -> tuple[tuple[str, Case], ...]:
    """(path of the report, case) for every case of these JUnit XML files.

    Raises:
        UnreadableReport: one of them is; it names it.
    """
    found: list[tuple[str, Case]] = []
    for path, xml in files.items():
        try:
            found += [(path, case) for case in read_cases(xml)]
        except UnreadableReport as why:
            raise UnreadableReport(f"{path}: {why}") from why
    return tuple(found)


def not_compiled(paths: Iterable[str], place: Place) -> Found:
    """The files with errors, each a failed case without a name: none of their tests could be run."""
    broken = sorted({place.inside(path) for path in paths})
    case = Case(classname="", name="", file=None, outcome=Outcome.FAILED, text="it does not compile")
    return paired((path, replace(case, file=path)) for path in broken) if broken else Found()


def paired(pairs: Iterable[tuple[str, Case]], *, output: str = "", contradiction: str | None = None) -> Found:
    """A report from (id, case)."""
    both = tuple(pairs)
    return Found(
        ids=tuple(one for one, _ in both),
        cases=tuple(case for _, case in both),
        output=output,
        contradiction=contradiction,
    )
