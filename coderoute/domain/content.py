"""What a change may not write into a text file: bytes and characters that a reader cannot see or would misread.

Only added lines are looked at: what stood there before is not the change's fault.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_LINE_BYTES = 20_000

BINARY_PROBE_BYTES = 8_000
"""git's own idea of a binary file: a NUL this early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLine:
    """A line of the new file that the old one did not have. `number` counts from 1; `data` has no line ending."""

    number: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def added_lines(old: bytes | None, new: bytes | None) -> tuple[AddedLine, ...]:
    """The lines of `new` beyond those of `old`, each line of which excuses one like it, wherever it stands.

    So a moved line is not added, and neither is one whose ending changed.
    """
    if new is None:
        return ()
    known = Counter(_lines(old or b""))
    added: list[AddedLine] = []
    for number, data in enumerate(_lines(new), start=1):
        if known[data] > 0:
            known[data] -= 1
        else:
            added.append(AddedLine(number=number, data=data))
    return tuple(added)


def is_plain(data: bytes) -> bool:
    """Whether there is nothing in `data` but visible ASCII, tabs and line endings."""
    return _NOT_PLAIN.search(data) is None


def binary_problem(new: bytes, added: tuple[AddedLine, ...]) -> str | None:
    """Why a person cannot read what the change adds, None if it is text."""
    if b"\0" in new[:BINARY_PROBE_BYTES] or any(b"\0" in line.data for line in added):
        return "is a binary file (it has NUL bytes)"
    for line in added:
        try:
            line.data.decode("utf-8")
        except UnicodeDecodeError:
            return f"is not UTF-8 in line {line.number}"
    return None


def asset_kind(path: str, data: bytes) -> str | None:
    """What kind of picture, font or message catalogue `data` is, where both the name and the first bytes say so.

    None for everything else: archives, libraries, compiled code and documents that can hold programs.
    """
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    kind, begins = _ASSETS.get(ending.lower() if dot else "", ("", ""))
    return kind if kind and re.match(begins.encode(), data, re.DOTALL) else None


def has_direction_marks(text: str) -> bool:
    """Whether `text` is right-to-left writing with the marks that its spelling needs, and no other way to turn it."""
    turning = set(_BIDI.findall(text))
    return bool(turning) and turning <= _DIRECTION_MARKS and any(map(_is_right_to_left, text))


def character_problems(text: str, old: str, *, may_mark_direction: bool = False) -> Iterator[tuple[str, str]]:
    """(rule, what is wrong) for the first bad character of each kind in `text`, a line added to the text `old`.

    Control characters that the file had before (a form feed, a lone carriage return) may come again. Direction marks
    in right-to-left writing are no problem where the caller says so.
    """
    bidi = None if may_mark_direction and has_direction_marks(text) else _BIDI.search(text)
    if bidi:
        yield "text.bidi", f"adds the direction-changing character U+{ord(bidi.group()):04X}"
    control = next((char for char in _CONTROL.findall(text) if char not in old), None)
    if control:
        yield "text.control", f"adds the control character U+{ord(control):04X}"
    if not text.isascii():
        hidden = (char for at, char in enumerate(text) if _is_invisible(char) and not _has_its_place(text, at))
        char = next(hidden, None)
        if char:
            yield "text.invisible", f"adds the invisible character U+{ord(char):04X}"


def mixed_script(text: str) -> str | None:
    """The first identifier in which letters of other alphabets pose as Latin ones, None without one."""
    if text.isascii():
        return None
    for word in re.findall(r"[^\W\d]\w*", text):
        if _LOOKALIKE.search(word) and re.search("[A-Za-z]", word):
            return str(word)
    return None


def _lines(data: bytes) -> list[bytes]:
    """Lines without their endings (LF or CR LF); a lone CR is part of its line."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


_NOT_PLAIN = re.compile(rb"[^\t\n\r\x20-\x7e]|\r(?!\n)")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f")
"""They order the signs beside them; embeddings, overrides and isolates can turn a whole line round."""

_ASSETS: Mapping[str, tuple[str, str]] = {
    "png": ("a PNG image", r"\x89PNG\r\n\x1a\n"),
    "jpg": ("a JPEG image", r"\xff\xd8\xff"),
    "jpeg": ("a JPEG image", r"\xff\xd8\xff"),
    "gif": ("a GIF image", r"GIF8[79]a"),
    "webp": ("a WebP image", r"RIFF.{4}WEBP"),
    "ico": ("an icon", r"\x00\x00\x01\x00"),
    "ttf": ("a font", r"\x00\x01\x00\x00|true"),
    "otf": ("a font", r"OTTO"),
    "woff": ("a font", r"wOFF"),
    "woff2": ("a font", r"wOF2"),
    "mo": ("a compiled message catalogue", r"\xde\x12\x04\x95|\x95\x04\x12\xde"),
}
"""Name ending -> (what it is, the expression that such a file begins with)."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_JOINERS = "\u200c\u200d"
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Invisible, but letters or marks to Unicode."""

_VISIBLE_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Signs that Unicode calls format characters although they have a shape."""

_LOOKALIKE = re.compile("[АВЕЅІЈКМНОРСТХУЗаеорсухіјѕԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧο]")


def _is_invisible(char: str) -> bool:
    if char < "\x7f":
        return False
    if "\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e0fff" or char in _BLANK:
        return True
    return unicodedata.category(char) == "Cf" and char not in _VISIBLE_FORMAT and not _BIDI.match(char)


def _is_right_to_left(char: str) -> bool:
    return char > "\x7f" and unicodedata.category(char) == "Lo" and unicodedata.bidirectional(char) in ("R", "AL")


def _has_its_place(text: str, position: int) -> bool:
    """Whether an invisible character is spelling here: a joiner between letters of its script or emoji, one variation
    selector behind what it varies."""
    char = text[position]
    before = text[position - 1] if position else ""
    if char in _JOINERS:
        after = text[position + 1 : position + 2]
        shown = before if not "\ufe00" <= before <= "\ufe0f" else text[max(position - 2, 0)]
        return all(neighbour > "\x7f" and not _is_invisible(neighbour) for neighbour in (shown, after))
    if "\ufe00" <= char <= "\ufe0f":
        return (before > "\x7f" and not _is_invisible(before)) or (before != "" and before in "#*0123456789")
    return False
