"""How many columns of a terminal a text may take, and where to break it so that it takes no more than there are."""

import re
import unicodedata
from functools import cache

SPELLED_OR_ONE = re.compile(r"<U\+[0-9A-F]{4,6}>|.", re.DOTALL)

LEAST = 10
"""Columns of a character that is spelled out."""

LINES_AND_BLOCKS = frozenset(map(chr, range(0x2500, 0x25A0)))
"""For drawing frames; they take one column wherever letters do."""

PICTURES = 0x1F000
"""From here on most signs are pictures, and terminals disagree about which of them are wide."""


def cells(text: str) -> int:
    """Columns, rather one too many than one too few: a mark counts although most terminals put it over its letter.

    Letters of ambiguous width count once; a terminal that is set to show them wide breaks lines by itself.
    """
    return len(text) if text.isascii() else sum(map(cells_of, text))


@cache
def cells_of(character: str) -> int:
    wide = unicodedata.east_asian_width(character) in "WF"
    picture = unicodedata.category(character) in ("So", "No") and character not in LINES_AND_BLOCKS
    return 2 if wide or picture or ord(character) >= PICTURES else 1


def folded(text: str, width: int) -> list[str]:
    """`text` in parts of at most `width` columns (LEAST or more), broken anywhere but in a spelled-out character;
    nothing is added or lost."""
    if text.isascii() and "<" not in text:
        return [text[at : at + width] for at in range(0, len(text), width)] or [""]
    parts: list[str] = []
    begun, taken = 0, 0
    for token in SPELLED_OR_ONE.finditer(text):
        needs = cells(token.group())
        if taken + needs > width:
            parts.append(text[begun : token.start()])
            begun, taken = token.start(), 0
        taken += needs
    return [*parts, text[begun:]]


def filled(text: str, width: int) -> list[str]:
    """`text` in parts of at most `width` columns, broken at spaces where there are any; broken spaces are gone."""
    parts: list[str] = []
    while cells(text[: width + 1]) > width:
        head = folded(text[: width + LEAST], width)[0]
        space = head.rfind(" ")
        if text[len(head)] == " ":
            space = len(head)
        if space <= 0 or not head[:space].strip():
            space = len(head)
        parts.append(text[:space].rstrip(" "))
        text = text[space:].lstrip(" ")
    return [*parts, text]
