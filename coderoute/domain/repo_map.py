"""A repository in few words: the files that matter with the lines that define things in them, never over a budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from coderoute.domain.visible import one_line

LINE_CHARACTERS = 140
"""A signature longer than this is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One definition's line, from 1. `text` is the line as it stands in the file, its indentation included."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedFile:
    """A file with its definitions. Of `score` only the proportion to other files' means something."""

    path: str
    score: float
    definitions: tuple[Definition, ...]


def repo_map(files: Sequence[MappedFile], *, budget_chars: int) -> str:
    """At most `budget_chars` characters: each file's path and below it `  line| definition`, best score first.

    A file may fill the part of the budget that its score is of all scores; what it leaves falls to those behind it.
    Where not all of its definitions fit the outer ones go first, and a row says how many are missing. A file whose
    path no longer fits is left out. The same files give the same text, in whatever order they come.
    """
    ranked = sorted(files, key=lambda file: (-file.score, file.path))
    scores_left = sum(max(file.score, 0.0) for file in ranked)
    blocks: list[str] = []
    left = budget_chars
    for place, file in enumerate(ranked):
        score = max(file.score, 0.0)
        share = score / scores_left if scores_left > 0 else 1 / (len(ranked) - place)
        scores_left -= score
        # the line feed between two blocks is part of the budget
        room = left - bool(blocks)
        block = _block(file, room=room, share=int(room * min(1.0, share)))
        if block is not None:
            left = room - len(block)
            blocks.append(block)
    return "\n".join(blocks)


def _block(file: MappedFile, *, room: int, share: int) -> str | None:
    """The path if `room` has place for it, with as many definitions as `share` has place for."""
    path = one_line(file.path, limit=max(room, 1))
    if not file.path.strip() or len(path) > room or path.endswith("\N{HORIZONTAL ELLIPSIS}"):
        return None
    rows = {d: _row(d) for d in sorted(set(file.definitions), key=lambda d: (d.line, d.text)) if d.text.strip()}
    outer_first = sorted(rows, key=lambda d: (_indent(d), d.line))
    fitting = _fitting([len(rows[d]) + 1 for d in outer_first], room=share - len(path))
    chosen = set(outer_first[:fitting])
    shown = [row for definition, row in rows.items() if definition in chosen]
    missing = len(rows) - fitting
    more = [_missing(missing)] if missing and fitting else []
    return "\n".join([path, *shown, *more])


def _fitting(sizes: Sequence[int], *, room: int) -> int:
    """How many of the first `sizes` fit, with the row that tells of the others where there are any."""
    used, count, best = 0, 0, 0
    for size in sizes:
        used, count = used + size, count + 1
        others = len(sizes) - count
        if used + (len(_missing(others)) + 1 if others else 0) <= room:
            best = count
    return best


def _row(definition: Definition) -> str:
    """The line as a person may safely see it, with its indentation."""
    text = definition.text.split("\n", 1)[0]
    indent = " " * min(_indent(definition), LINE_CHARACTERS // 2)
    return f"{definition.line:>6}| {indent}{one_line(text, limit=LINE_CHARACTERS)}"


def _indent(definition: Definition) -> int:
    line = definition.text.split("\n", 1)[0].expandtabs(4)
    return len(line) - len(line.lstrip())


def _missing(count: int) -> str:
    return f"      ... {count} more"
