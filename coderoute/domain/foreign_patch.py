"""A patch from outside before git is given it: the paths that it names, and what its binary parts would unpack to.

Every line outside of a hunk is read as git would read it, wherever it stands: a patch can hide a second file in what
looks like the end of a message.
"""

import re
import zlib
from base64 import b85decode
from collections.abc import Collection, Iterator, Sequence

from coderoute.domain.hunks import unquoted
from coderoute.domain.judgement import Admission, AdmissionItem
from coderoute.domain.paths import MAX_PATH_BYTES, refusal, shown

MAX_PATCH_BYTES = 16_000_000
MAX_UNPACKED_BYTES = 64_000_000
MAX_ITEMS = 100
"""Enough to see what it is about."""


def admit_unapplied(patch: bytes, known: Collection[str]) -> Admission:
    """What can be refused without applying the patch. One that is too large is not even read.

    Paths in `known` are in the tree already: the patch may remove them, whatever they are called.
    """
    if len(patch) > MAX_PATCH_BYTES:
        return Admission(items=(_too_much(f"the patch has {len(patch)} bytes or more", MAX_PATCH_BYTES),))
    lines = patch.split(b"\n")
    found = [item for number, name in _names(lines) for item in _path_rules(name, number, known)]
    unpacked = sum(map(_unpacked_bytes, _binary_parts(lines)))
    if unpacked > MAX_UNPACKED_BYTES:
        found.append(_too_much(f"the binary parts of the patch unpack to {unpacked} bytes", MAX_UNPACKED_BYTES))
    return Admission(items=tuple({item.id: item for item in reversed(found)}.values())[::-1][:MAX_ITEMS])


def _too_much(problem: str, limit: int) -> AdmissionItem:
    return _refused("size.total", "", f"{problem}; the limit is {limit}")


def _refused(rule: str, path: str, detail: str) -> AdmissionItem:
    item_id = f"{rule}:{shown(path)}" if path else rule
    return AdmissionItem(id=item_id, rule=rule, path=path, line=None, detail=detail, refuses=True)


def _path_rules(name: str, number: int, known: Collection[str]) -> Iterator[AdmissionItem]:
    """`name` as it stands, and without its first component, which git takes off."""
    first, slash, rest = name.partition("/")
    for path in (rest,) if slash and first in ("a", "b") else (name, rest) if slash else (name,):
        broken = refusal(path)
        if broken is not None and path not in known:
            told = f"{broken.detail} (line {number} of the patch)"
            yield _refused(broken.rule, path, told)
            return


_HUNK = re.compile(rb"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_IN_HEADER = re.compile(rb"(?:rename (?:from|to|old|new)|copy (?:from|to)) (?P<name>.*)", re.DOTALL)
_QUOTED = re.compile(rb'"(?:[^"\\]|\\(?:[0-3][0-7]{2}|[abtnvfr"\\]))*"')
_DATE = re.compile(rb"(?:\t.*|[ ]\d{2,4}-\d\d-\d\d[ ].*|\r)$", re.DOTALL)


def _names(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    """(line number, name) of every file that a header names, as it is written there."""
    at, in_header = 0, False
    while at < len(lines):
        line = lines[at]
        hunk = _HUNK.match(line)
        if hunk is not None:
            at, in_header = _behind_hunk(lines, at + 1, hunk), False
            continue
        if line.startswith(b"diff --git "):
            in_header = True
            for name in _both_names(line.removeprefix(b"diff --git ").removesuffix(b"\r")):
                yield at + 1, name
        elif line.startswith((b"--- ", b"+++ ")) and (in_header or _is_pair(lines, at)):
            name = _name(line[4:])
            if name != "/dev/null":
                yield at + 1, name
        elif in_header and (named := _IN_HEADER.fullmatch(line)) is not None:
            yield at + 1, f"b/{_name(named['name'])}"
        at += 1


def _is_pair(lines: Sequence[bytes], at: int) -> bool:
    """Whether the line is one of the two that begin a file in a patch without git's headers."""
    first = at if lines[at].startswith(b"--- ") else at - 1
    starts = [line[:4] for line in lines[max(first, 0) : first + 3]]
    return starts == [b"--- ", b"+++ ", b"@@ -"]


def _behind_hunk(lines: Sequence[bytes], at: int, header: re.Match[bytes]) -> int:
    """The index of the first line that the hunk's own counts leave out; an empty line counts as an unchanged one."""
    old, new = (int(count or 1) for count in header.groups())
    while at < len(lines) and (old > 0 or new > 0):
        match lines[at][:1]:
            case b" " | b"":
                old, new = old - 1, new - 1
            case b"-":
                old -= 1
            case b"+":
                new -= 1
            case b"\\":
                pass
            case _:
                break
        at += 1
    return at


def _name(written: bytes) -> str:
    """A name in a header, without quotes, date or carriage return."""
    quoted = _QUOTED.match(written)
    if quoted is not None:
        return unquoted(quoted.group().decode("utf-8", "surrogateescape"))
    return _DATE.sub(b"", written).decode("utf-8", "surrogateescape")


_MAX_BOTH_NAMES = 10 * MAX_PATH_BYTES
"""Of a line that names a file twice, each byte of it quoted as four."""


def _both_names(written: bytes) -> tuple[str, ...]:
    """Both names of a `diff --git` line; none where they cannot be told apart, and git takes them from elsewhere."""
    if len(written) > _MAX_BOTH_NAMES:
        return (f"a/{_name(written)}",)
    quoted = _QUOTED.match(written)
    if quoted is not None:
        return _name(written), _name(written[quoted.end() + 1 :])
    if written.endswith(b'"') and b' "' in written:
        first, _, second = written.partition(b' "')
        return _name(first), _name(b'"' + second)
    for space in re.finditer(b" ", written):
        first, second = written[: space.start()], written[space.end() :]
        if first.partition(b"/")[2] == second.partition(b"/")[2]:
            return _name(first), _name(second)
    return ()


_BINARY = re.compile(rb"(literal|delta) (\d{1,12})\r?")


def _binary_parts(lines: Sequence[bytes]) -> Iterator[tuple[bool, int, Sequence[bytes]]]:
    """(whether it is a difference, the length it claims, its lines) of each binary part. It ends at an empty line."""
    header: re.Match[bytes] | None = None
    gathered: list[bytes] = []
    for line in (*lines, b""):
        begins = _BINARY.fullmatch(line)
        if header is not None and (begins is not None or not line.strip()):
            yield header[1] == b"delta", int(header[2]), gathered
            header, gathered = None, []
        if begins is not None:
            header = begins
        elif header is not None:
            gathered.append(line)


def _unpacked_bytes(part: tuple[bool, int, Sequence[bytes]]) -> int:
    """What git would take memory for. A difference says at its own beginning how long its result is."""
    is_difference, claimed, lines = part
    if not is_difference or claimed > MAX_UNPACKED_BYTES:
        return claimed
    try:
        packed = b"".join(b85decode(line.rstrip(b"\r")[1:]) for line in lines)
        head = zlib.decompressobj().decompress(packed, 20)
    except (ValueError, zlib.error):  # git will not take it either
        return claimed
    return claimed + _second_number(head)


def _second_number(head: bytes) -> int:
    """The second of two numbers of seven bits a byte, least first; the last byte of each has its high bit clear."""
    numbers, shift = [0], 0
    for byte in head:
        numbers[-1] |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            if len(numbers) == 2:
                return numbers[1]
            numbers.append(0)
            shift = 0
    return numbers[-1]
