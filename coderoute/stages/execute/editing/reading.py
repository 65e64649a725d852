"""What a model may have meant by a text that does not stand in the file as it came."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

Pair = tuple[str, str | None]
"""(old, new) as they may have been meant; new None: that cannot be told."""
Reading = Callable[[str, str, str], Iterator[Pair]]
"""(the file's text, old, new) -> what may have been meant, if it differs from what came."""

NUMBERED = re.compile(r"[ \t]*(\d+)(?:\|[ ]?|\t)")
"""As read_file shows lines, and as `cat -n` does."""
UNITS = (4, 2, 8)
"""Spaces that a tab may stand for."""
ESCAPED = re.compile(r"\\([ntr\"'\\/])")
MEANING = {"n": "\n", "t": "\t", "r": "\r"}
ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'", "&amp;": "&"}
ENTITY = re.compile("|".join(ENTITIES))


def as_it_came(text: str, old: str, new: str) -> Iterator[Pair]:  # noqa: ARG001 - a Reading
    yield old, new


def without_line_numbers(text: str, old: str, new: str) -> Iterator[Pair]:  # noqa: ARG001 - a Reading
    """Without the numbers that stand before lines when they are shown."""
    found = [NUMBERED.match(row) for row in old.split("\n") if row.strip()]
    numbers = [int(match[1]) for match in found if match is not None]
    if not found or len(numbers) < len(found) or any(after <= before for before, after in pairwise(numbers)):
        return
    first, rows = numbers[0], new.split("\n")
    last = numbers[-1] + len(rows)

    def bare(row: str) -> str:
        match = NUMBERED.match(row)
        return row[match.end() :] if match is not None and first <= int(match[1]) <= last else row

    yield "\n".join(NUMBERED.sub("", row, count=1) for row in old.split("\n")), "\n".join(map(bare, rows))


def with_the_files_tabs(text: str, old: str, new: str) -> Iterator[Pair]:
    """Indented by tabs where the file is and `old` is by spaces; and the other way round."""
    asked = "".join(re.findall(r"(?m)^[ \t]+", old))
    stands = "".join(re.findall(r"(?m)^[ \t]+(?=\S)", text))
    if "\t" in asked and " " in stands:
        for unit in UNITS:
            yield in_spaces(old, unit), in_spaces(new, unit)
    if "  " in asked and "\t" in stands:
        for unit in UNITS:
            yield in_tabs(old, unit), in_tabs(new, unit)


def in_spaces(text: str, unit: int) -> str:
    return re.sub(r"(?m)^[ \t]+", lambda found: found[0].replace("\t", " " * unit), text)


def in_tabs(text: str, unit: int) -> str:
    def tabs(found: re.Match[str]) -> str:
        return found[0].replace(" " * unit, "\t")

    return re.sub(r"(?m)^[ \t]+", tabs, text)


def escaped_too_often(text: str, old: str, new: str) -> Iterator[Pair]:  # noqa: ARG001 - a Reading
    """Without the backslashes that JSON, or a string around the code, would have needed once more."""
    for mark in ('"', "'"):
        if is_escaped(old, mark):
            yield old.replace(f"\\{mark}", mark), without_backslashes(new, mark)
    if ESCAPED.search(old):
        yield unescaped(old), unescaped(new) if escaped_like(old, new) else literal_or_unclear(new)


def is_escaped(text: str, mark: str) -> bool:
    """Whether `mark` stands in `text` and always behind a backslash."""
    return mark in text and re.search(rf"(?<!\\){mark}", text) is None


def without_backslashes(new: str, mark: str) -> str | None:
    """`new` read as its `old` was. With marks of both kinds it cannot be told which backslashes are meant."""
    if mark not in new or f"\\{mark}" not in new:
        return new
    return new.replace(f"\\{mark}", mark) if is_escaped(new, mark) else None


def escaped_like(old: str, new: str) -> bool:
    """Whether `new` was escaped once too often as well: nothing in it stands plain that must not."""
    plain = re.compile(r'(?<!\\)"') if "\n" in old else re.compile(r'(?<!\\)"|\n')
    return plain.search(new) is None


def literal_or_unclear(new: str) -> str | None:
    return None if ESCAPED.search(new) else new


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: MEANING.get(found[1], found[1]), text)


def with_entities(text: str, old: str, new: str) -> Iterator[Pair]:  # noqa: ARG001 - a Reading
    """`&lt;` for `<`, as XML and HTML write it."""
    if ENTITY.search(old):
        plain = re.search(r"[<>]", new) is not None
        unclear = plain and ENTITY.search(new) is not None
        yield without_entities(old), None if unclear else without_entities(new)


def without_entities(text: str) -> str:
    return ENTITY.sub(lambda found: ENTITIES[found[0]], text)
