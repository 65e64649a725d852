"""Text as a person may safely see it: every code point that could lie to the eye is spelled out."""

import re
import unicodedata

NOT_ASCII_TEXT = re.compile(r"[^\n\t -~]+")
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Controls, format characters (bidi, zero-width, tags), lone surrogates, private use, unassigned, separators and
the spaces that only look like one."""

SHOWS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Letters, marks and symbols by category, but blank: joiner, fillers, inherent vowels, empty braille and note."""

SELECTORS = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))

MAX_MARKS = 4
"""Combining marks on one character; more than any writing needs can cover the lines above and below."""


def visible(text: str) -> str:
    """`text` with each control, invisible or direction-changing code point as `<U+XXXX>`; newlines and tabs stay."""
    return NOT_ASCII_TEXT.sub(lambda run: spelled(run.group()), text)


def spelled(run: str) -> str:
    shown: list[str] = []
    marks = 0
    for character in run:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        plain = is_plain(character) and marks <= MAX_MARKS
        shown.append(character if plain else f"<U+{ord(character):04X}>")
    return "".join(shown)


def is_plain(character: str) -> bool:
    """Whether a code point beyond ASCII text shows itself as what it is."""
    if character in SHOWS_NOTHING or unicodedata.category(character) in INVISIBLE_CATEGORIES:
        return False
    return not any(first <= ord(character) <= last for first, last in SELECTORS)


def visible_bytes(data: bytes) -> str:
    """The same for bytes that should be UTF-8; a byte that is none is shown as `<XX>`."""
    parts: list[str] = []
    for line in data.split(b"\n"):
        text = line.decode("utf-8", "surrogateescape")
        shown = "".join(f"<{ord(c) - 0xDC00:02X}>" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)
        parts.append(visible(shown))
    return "\n".join(parts)


def one_line(text: str, limit: int = 200) -> str:
    """The first line, safe to print, at most `limit` characters."""
    line = visible(text.strip().split("\n", 1)[0])
    return line if len(line) <= limit else line[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
