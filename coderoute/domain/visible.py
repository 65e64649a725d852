"""Text as a person may safely see it: every code point that could lie to the eye is spelled out."""

import unicodedata

LEFT_AS_IT_IS = frozenset("\n\t")
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, format characters (bidi, zero-width, tags), lone surrogates, private use, unassigned, separators."""


def visible(text: str) -> str:
    """`text` with each control, invisible or direction-changing code point as `<U+XXXX>`; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if is_plain(character) else f"<U+{ord(character):04X}>" for character in text)


def is_plain(character: str) -> bool:
    if character in LEFT_AS_IT_IS:
        return True
    if unicodedata.category(character) in INVISIBLE_CATEGORIES:
        return False
    # variation selectors and fillers are letters or marks by category, but show nothing
    return not (
        0xFE00 <= ord(character) <= 0xFE0F
        or 0xE0100 <= ord(character) <= 0xE01EF
        or character in "\u115f\u1160\u3164\uffa0"
    )


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
