"""A patch in the pieces that a person reads one by one; every line of it is in exactly one of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from coderoute.domain.file_kinds import is_test

FILE = b"diff --git "
HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
ESCAPED = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
NAMED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchLine:
    """One line without its end. `sign` is ` `, `+` or `-` for lines of the files, and empty for git's own."""

    sign: str
    data: bytes
    """What follows the sign."""
    old: int | None = None
    new: int | None = None

    @property
    def raw(self) -> bytes:
        return self.sign.encode() + self.data

    @property
    def number(self) -> int | None:
        """In the new file; of a removed line in the old one."""
        return self.old if self.sign == "-" else self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A hunk, with the header of its file if it is the first; a file without hunks is one piece."""

    path: str
    lines: tuple[PatchLine, ...]
    file: int = 1
    files: int = 1
    hunk: int = 1
    hunks: int = 1
    """Counted from 1, in the order of reading."""

    @property
    def added(self) -> int:
        return sum(line.sign == "+" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.sign == "-" for line in self.lines)

    @property
    def anchor(self) -> int | None:
        """The line of the new file that a word about this piece is about: the first that changed."""
        changed = [number for number, line in enumerate(self.lines) if line.sign in ("+", "-")]
        if not changed:
            return None
        after = [line.new for line in self.lines[changed[0] :] if line.new is not None]
        before = [line.new for line in self.lines if line.new is not None]
        old = [line.old for line in self.lines if line.old is not None]
        return next(iter([*after, *reversed(before), *old]), None)

    def has(self, number: int) -> bool:
        """Whether the line of the new file stands here; of a deleted file, the line of the old one."""
        return any(number == line.new for line in self.lines) or (
            self.deletes and any(number == line.old for line in self.lines)
        )

    @property
    def deletes(self) -> bool:
        """Nothing of the file is left."""
        return self.removed > 0 and all(line.new is None for line in self.lines)


def pieces(patch: bytes) -> tuple[Piece, ...]:
    """The patch in the order of reading: files of tests first, then by path; hunks as they stand."""
    found = [Piece(path=path, lines=tuple(lines)) for path, lines in cut(patch)]
    files = [list(group) for _, group in groupby(found, key=lambda piece: piece.path)]
    files.sort(key=lambda file: reading_key(file[0].path))
    return tuple(
        replace(piece, file=n, files=len(files), hunk=k, hunks=len(file))
        for n, file in enumerate(files, start=1)
        for k, piece in enumerate(file, start=1)
    )


def reading_order(paths: Iterable[str]) -> list[str]:
    """Tests first: they say what is meant."""
    return sorted(paths, key=reading_key)


def reading_key(path: str) -> tuple[bool, str]:
    return (not is_test(path), path)


def cut(patch: bytes) -> Iterator[tuple[str, list[PatchLine]]]:
    """(path, lines) of each piece, in the order of the patch. A hunk ends where its own numbers say, so a line of a
    file that looks like a header is a line of that file."""
    lines = patch.split(b"\n")
    if not lines[-1]:
        lines.pop()
    path, gathered, in_hunks, at = "", list[PatchLine](), False, 0
    while at < len(lines):
        line = lines[at]
        found = HUNK.match(line)
        begins_file = line.startswith(FILE)
        if gathered and (begins_file or (found and in_hunks)):
            yield path, gathered
            gathered = []
        if begins_file:
            path, in_hunks = path_of(line), False
        gathered.append(PatchLine(sign="", data=line))
        at += 1
        if found:
            in_hunks = True
            hunk = hunk_lines(lines, at, found)
            gathered += hunk
            at += len(hunk)
    if gathered:
        yield path, gathered


def hunk_lines(lines: Sequence[bytes], at: int, header: re.Match[bytes]) -> list[PatchLine]:
    """As many of `lines` from `at` on as the hunk's header announces."""
    old, new = int(header[1]), int(header[3])
    old_end, new_end = (start + int(header[n] or 1) for start, n in ((old, 2), (new, 4)))
    found: list[PatchLine] = []
    for line in (lines[n] for n in range(at, len(lines))):
        match line[:1]:
            case b" " if old < old_end and new < new_end:
                found.append(PatchLine(sign=" ", data=line[1:], old=old, new=new))
                old, new = old + 1, new + 1
            case b"+" if new < new_end:
                found.append(PatchLine(sign="+", data=line[1:], new=new))
                new += 1
            case b"-" if old < old_end:
                found.append(PatchLine(sign="-", data=line[1:], old=old))
                old += 1
            case b"\\":
                found.append(PatchLine(sign="", data=line))
            case _:
                break
    return found


def path_of(line: bytes) -> str:
    """The path in `diff --git a/PATH b/PATH`; what cannot be told apart is given as it stands."""
    rest = line.removeprefix(FILE).decode("utf-8", "surrogateescape")
    middle = len(rest) // 2
    first, second = unquoted(rest[:middle]), unquoted(rest[middle + 1 :])
    if rest[middle : middle + 1] == " " and first.startswith("a/") and second.startswith("b/"):
        return second.removeprefix("b/") if first[2:] == second[2:] else rest
    return rest


def unquoted(path: str) -> str:
    """The path behind git's quotation: names with quotes, backslashes or anything beyond ASCII stand in one."""
    if not (len(path) > 1 and path.startswith('"') and path.endswith('"')):
        return path
    raw = path[1:-1].encode("utf-8", "surrogateescape")
    plain = ESCAPED.sub(lambda m: bytes([NAMED.get(m.group(1)) or int(m.group(1), 8)]), raw)
    return plain.decode("utf-8", "surrogateescape")


def place_of(found: Sequence[Piece], path: str, line: int | None) -> int | None:
    """Which piece a word about `path:line` belongs to: the hunk that shows the line, else the file's first."""
    of_file = [n for n, piece in enumerate(found) if piece.path == path]
    if line is not None:
        holding = [n for n in of_file if found[n].has(line)]
        if holding:
            return holding[0]
    return of_file[0] if of_file else None


def next_where(found: Sequence[Piece], at: int, wanted: Callable[[Piece], bool]) -> int | None:
    """The next piece behind `at` that is `wanted`, from the beginning after the end; None if there is none."""
    order = [*range(at + 1, len(found)), *range(min(at + 1, len(found)))]
    return next((n for n in order if wanted(found[n])), None)
