"""Deliberately broken versions of a change's Python lines, one small fault each: do the tests notice?

What a test has no reason to look at is left alone: docstrings, annotations, logging, version strings, test files.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, zip_longest

from coderoute.domain.faults import Fault, faults
from coderoute.domain.file_kinds import is_test
from coderoute.domain.watched import watched

MAX_MUTANTS = 12
MAX_PARSED_BYTES = 400_000
MAX_TRIES = 50
"""Faults looked at in one file: each costs a parse, and some come to nothing."""

MAX_SHOWN_CHARS = 160

_NOT_THE_PRODUCT = frozenset({"docs", "doc", "examples", "example", "benchmarks", "benchmark"})
"""Folders with code that the tests are not about."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One file of the change with one fault put in. `was` and `became` are the lines concerned, on one line."""

    path: str
    line: int
    was: str
    became: str
    data: bytes


def mutants(
    old: Mapping[str, bytes | None], new: Mapping[str, bytes | None], limit: int = MAX_MUTANTS
) -> tuple[Mutant, ...]:
    """At most `limit` broken versions of the files in `new`, spread over files and changed lines; the same for the
    same change. Each parses, means something else than `new`, and differs from it in changed lines only.

    Args:
        old: path -> bytes before the change, None or absent where there was no such file.
        new: path -> bytes after it, None where the file is gone.
    """
    by_file = [_in_file(path, old.get(path), data) for path, data in sorted(new.items()) if data and _is_product(path)]
    dealt = (mutant for round_ in zip_longest(*by_file) for mutant in round_ if mutant is not None)
    return tuple(islice(dealt, limit))


def _is_product(path: str) -> bool:
    folders = {folder.lower() for folder in path.split("/")[:-1]}
    return path.endswith(".py") and not (is_test(path) or folders & _NOT_THE_PRODUCT or watched(path, None, None))


def _in_file(path: str, old: bytes | None, new: bytes) -> Iterator[Mutant]:
    """The file's mutants, the best fault of each line before the second best of any; spread over its lines."""
    source = _Source.read(new)
    if source is None:
        return
    changed = changed_lines(old, new)
    by_line: dict[int, list[Fault]] = {}
    for fault in faults(source.tree):
        touched = range(fault.start[0], fault.end[0] + 1)
        if changed.issuperset(touched) and not any(source.is_exempt(line) for line in touched):
            by_line.setdefault(fault.start[0], []).append(fault)
    queues = [sorted(by_line[line], key=lambda fault: fault.rank) for line in _spread(sorted(by_line))]
    in_turn = (fault for round_ in zip_longest(*queues) for fault in round_ if fault is not None)
    tried = (source.with_fault(path, fault) for fault in islice(in_turn, MAX_TRIES))
    yield from (mutant for mutant in tried if mutant is not None)


def changed_lines(old: bytes | None, new: bytes) -> frozenset[int]:
    """The numbers, from 1, of the lines of `new` that are not lines of `old`."""
    before, after = (old or b"").splitlines(), new.splitlines()
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    end = 0
    while end < min(len(before), len(after)) - same and before[-1 - end] == after[-1 - end]:
        end += 1
    matcher = SequenceMatcher(None, before[same : len(before) - end], after[same : len(after) - end])
    return frozenset(
        same + 1 + number
        for kind, _, _, start, stop in matcher.get_opcodes()
        if kind in ("insert", "replace")
        for number in range(start, stop)
    )


def _spread(lines: list[int]) -> list[int]:
    """`lines` in an order of which every beginning is spread over them: the middle, the middles of both halves, ..."""
    ordered: list[int] = []
    parts = [lines] if lines else []
    while parts:
        ordered += [part[len(part) // 2] for part in parts]
        halves = (half for part in parts for half in (part[: len(part) // 2], part[len(part) // 2 + 1 :]))
        parts = [half for half in halves if half]
    return ordered


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed file; `lines` are its bytes line by line, ends included."""

    lines: list[bytes]
    tree: ast.Module
    meaning: str

    @classmethod
    def read(cls, data: bytes) -> "_Source | None":
        """None where it does not parse, or is no plain UTF-8: positions in it could not be trusted."""
        if len(data) > MAX_PARSED_BYTES or data.startswith(_BOM):
            return None
        tree = _parsed(data)
        return None if tree is None else cls(data.splitlines(keepends=True), tree, ast.dump(tree))

    def is_exempt(self, line: int) -> bool:
        """Whether the project itself says that no test comes here."""
        return b"pragma: no cover" in self.lines[line - 1]

    def with_fault(self, path: str, fault: Fault) -> Mutant | None:
        """None where it would not parse, or mean what the file means now."""
        (first, start), (last, end) = fault.start, fault.end
        inside = self.lines[first - 1 : last]
        head, tail = inside[0][:start], inside[-1][end:]
        inner = b"".join(inside)[len(head) : -len(tail) or None]
        broken = head + fault.rewrite(inner.decode("utf-8")).encode("utf-8") + tail
        data = b"".join((*self.lines[: first - 1], broken, *self.lines[last:]))
        tree = _parsed(data)
        if tree is None or ast.dump(tree) == self.meaning:
            return None
        return Mutant(path=path, line=first, was=_shown(b"".join(inside)), became=_shown(broken), data=data)


def _parsed(data: bytes) -> ast.Module | None:
    try:
        data.decode("utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bad escapes in a stranger's strings are not our business
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # nesting made to hurt ends in the last two
        return None


def _shown(text: bytes) -> str:
    line = " ".join(text.decode("utf-8").split())
    return line if len(line) <= MAX_SHOWN_CHARS else f"{line[: MAX_SHOWN_CHARS - 3]}..."
