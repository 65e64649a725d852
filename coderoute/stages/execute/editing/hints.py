"""What helps a model whose piece of text was not found, or was found too often."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from coderoute.domain.lines import lines_of
from coderoute.stages.execute.editing.rows import line_at

MAX_LINES_NAMED = 6
MAX_PLACES_SHOWN = 4
MAX_NEAR_SHOWN = 2
LIKELY_SHARE = 0.5
LIKELY_RATIO = 0.6
MAX_ROWS_COMPARED = 5_000
MAX_ROW_CHARS = 200
TELLING_CHARS = 10
"""A shorter piece stands in a file for many reasons."""


def several(path: str, text: str, spans: Sequence[tuple[int, int]], slip: str | None) -> str:
    """The places with a line around each, so that the model can tell them apart."""
    at = [line_at(text, start) for start, _ in spans]
    named = ", ".join(map(str, at[:MAX_LINES_NAMED])) + (", ..." if len(at) > MAX_LINES_NAMED else "")
    how = "" if slip is None else f", none of them exactly: {slip}"
    rows = lines_of(readable(text))
    shown = "\n...\n".join(numbered(rows, line - 1, line + 1) for line in dict.fromkeys(at[:MAX_PLACES_SHOWN]))
    return (
        f"old stands {len(at)} times in {path} (lines {named}){how}: add lines around it to make it unique, or give "
        f"line for the one that is meant, or all to replace each\n{shown}"
    )


def numbered(rows: Sequence[str], first: int, last: int) -> str:
    """Rows `first` to `last`, from 1, with their numbers."""
    first, last = max(first, 1), min(last, len(rows))
    return "\n".join(f"{number:>5}| {rows[number - 1][:MAX_ROW_CHARS]}" for number in range(first, last + 1))


def where_it_might_be(path: str, text: str, old: str, new: str) -> str:
    """Nothing matched: whether the change is there already, else the places that are most like it, to copy."""
    if len(new.strip()) >= TELLING_CHARS and new in text:
        line = line_at(text, text.index(new))
        return f"old does not stand in {path}, but new does, at line {line}: this change seems to be made already"
    problem = f"old does not stand in {path}"
    rows, wanted = lines_of(text), lines_of(old)
    near = nearest(wanted, rows) or most_alike(wanted, rows)
    if not near:
        return f"{problem}, and nothing like it does. Read the place again and copy it."
    size = len(wanted) + 2
    shown = "\n...\n".join(f"at line {n}:\n" + "\n".join(rows[n - 1 : n - 1 + size]) for n in near)
    return f"{problem}. Did you mean this (copy it exactly)?\n{readable(shown)}"


def nearest(wanted: Sequence[str], rows: Sequence[str]) -> list[int]:
    """Lines from 1 where most of `wanted` stands but for white space. No line where less than half does: a first line
    alone, such as a bracket, says nothing."""
    stripped = [line.strip() for line in wanted]
    lead = next((index for index, line in enumerate(stripped) if line), None)
    if lead is None:
        return []
    bare = [row.strip() for row in rows]
    telling = sum(1 for line in stripped if line)
    scores: dict[int, float] = {}
    for at, row in enumerate(bare):
        if row == stripped[lead] and at >= lead:
            start = at - lead
            same = sum(1 for line, here in zip(stripped, bare[start:], strict=False) if line and line == here)
            scores[start + 1] = same / telling
    best = max(scores.values(), default=0.0)
    if best < LIKELY_SHARE:
        return []
    return [line for line, score in scores.items() if score == best][:MAX_NEAR_SHOWN]


def most_alike(wanted: Sequence[str], rows: Sequence[str]) -> list[int]:
    """The line from 1 where `wanted` would begin if its longest row were the row of the file that is most like it."""
    longest = max(range(len(wanted)), key=lambda index: len(wanted[index].strip()), default=None)
    if longest is None or len(wanted[longest].strip()) < TELLING_CHARS or len(rows) > MAX_ROWS_COMPARED:
        return []
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted[longest].strip()[:MAX_ROW_CHARS])
    best, line = LIKELY_RATIO, 0
    for number, row in enumerate(rows, 1):
        matcher.set_seq1(row.strip()[:MAX_ROW_CHARS])
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, line = ratio, number
    return [max(1, line - longest)] if line else []


def readable(text: str) -> str:
    """`text` with a mark for each byte that is no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
