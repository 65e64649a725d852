"""Replacing one piece of a file's text: it is found exactly once, or a model hears what to do about it."""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from coderoute.domain.lines import lines_of

MAX_LINES_NAMED = 6
MAX_PLACES_SHOWN = 2
LIKELY_SHARE = 0.5
MAX_PARSED_CHARS = 400_000
SPELLED = re.compile(r"<U\+(10[0-9A-F]{4}|[0-9A-F]{4,5})>")
TELLING_CHARS = 10
"""A shorter piece stands in a file for many reasons."""


class Misfit(Exception):
    """Nothing can be replaced; the message says what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The whole new text, and the line (from 1) where it differs."""

    text: str
    line: int


def replace_once(path: str, text: str, old: str, new: str) -> Edited:
    """`text` with `new` where `old` stands. `text` may hold bytes that are no UTF-8 as lone surrogates; they stay.

    Raises:
        Misfit: `old` stands nowhere, or more than once.
    """
    if not old:
        raise Misfit("old is empty; to make a new file use write_file")
    if old == new:
        raise Misfit("old and new are the same: nothing would change")
    old, new = with_line_ends_of(text, old, new)
    places = positions(text, old)
    meant = as_meant(old, old)
    if not places and meant != old and meant in text:
        return replace_once(path, text, meant, as_meant(new, old))
    if not places:
        raise Misfit(where_it_might_be(path, text, old, new))
    if len(places) > 1:
        raise Misfit(several(path, text, places))
    changed = text[: places[0]] + new + text[places[0] + len(old) :]
    return Edited(text=changed, line=line_at(text, places[0]))


def as_meant(text: str, shown: str) -> str:
    """`text` with each `<U+200B>` that `shown` has too as the character: invisible ones are spelled out to a model."""
    codes = set(SPELLED.findall(shown))
    return SPELLED.sub(lambda found: chr(int(found[1], 16)) if found[1] in codes else found[0], text)


def restored(content: str, before: str) -> str:
    """A file's new text, with the invisible characters of the old one that a model could only copy spelled out."""
    shown = "".join(found[0] for found in SPELLED.finditer(content) if chr(int(found[1], 16)) in before)
    return (
        content if not shown or any(code[0] in before for code in SPELLED.finditer(shown)) else as_meant(content, shown)
    )


def with_line_ends_of(text: str, old: str, new: str) -> tuple[str, str]:
    """`old` and `new` with the line ends that `text` has: a model writes bare line feeds."""
    if "\r\n" not in text:
        return old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    if "\r\n" in old or ("\n" in old and old in text):
        return old, new
    if "\n" not in old and text.count("\r\n") * 2 < text.count("\n"):
        return old, new
    return old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")


def positions(text: str, piece: str) -> list[int]:
    """Where `piece` stands in `text`, overlapping ones too: each could be the one that is meant."""
    found: list[int] = []
    at = text.find(piece)
    while at >= 0:
        found.append(at)
        at = text.find(piece, at + 1)
    return found


def line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def several(path: str, text: str, places: Sequence[int]) -> str:
    lines = ", ".join(str(line_at(text, place)) for place in places[:MAX_LINES_NAMED])
    more = ", ..." if len(places) > MAX_LINES_NAMED else ""
    return f"old stands {len(places)} times in {path} (lines {lines}{more}): add lines around it to make it unique"


def where_it_might_be(path: str, text: str, old: str, new: str) -> str:
    """Nothing matched: whether the change is there already, else places that match but for white space, to copy."""
    if len(new.strip()) >= TELLING_CHARS and new in text:
        line = line_at(text, text.index(new))
        return f"old does not stand in {path}, but new does, at line {line}: this change seems to be made already"
    problem = f"old does not stand in {path} exactly (white space counts; line numbers are not part of the file)"
    near, matching = nearest(lines_of(old), lines_of(text))
    if not near:
        return f"{problem}, and nothing like it does. Read the place again and copy it."
    rows, size = lines_of(text), len(lines_of(old)) + 2
    shown = "\n...\n".join(f"at line {n}:\n" + "\n".join(rows[n - 1 : n - 1 + size]) for n in near)
    readable = shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    only = " Only the white space differs." if matching == 1.0 else ""
    return f"{problem}.{only} Did you mean this (copy it exactly)?\n{readable}"


def nearest(wanted: Sequence[str], rows: Sequence[str]) -> tuple[list[int], float]:
    """(lines from 1 where most of `wanted` stands but for white space, the share of it that does). No line where less
    than half does: a first line alone, such as a bracket, says nothing."""
    stripped = [line.strip() for line in wanted]
    lead = next((index for index, line in enumerate(stripped) if line), None)
    if lead is None:
        return [], 0.0
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
        return [], best
    return [line for line, score in scores.items() if score == best][:MAX_PLACES_SHOWN], best


def syntax_problem(path: str, text: str) -> str | None:
    """Why a Python file does not parse, None when it does, is no Python file, or is too large to look at."""
    if not path.endswith(".py") or len(text) > MAX_PARSED_CHARS:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # about escapes in strings: not ours to print
            ast.parse(text)
    except SyntaxError as error:
        return f"{path} does not parse any more: line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return None  # stranger than a slip; the tests will tell
    return None
