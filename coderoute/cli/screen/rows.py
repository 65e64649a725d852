"""Rows of a screen. Text gets into a row by `span` alone, so nothing in one can move the cursor, hide or colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from coderoute.domain.cells import cells, filled
from coderoute.domain.visible import visible, visible_bytes
from coderoute.keys import held

TAB = "\N{RIGHTWARDS ARROW}"
TAB_STOPS = 4
LEAST_WIDTH = 12
KEY_COLUMNS = 14

INDENT, QUOTE, GOES_ON = "  ", "  | ", "  : "
"""Before rows of a section: our words, words from outside, and what the row above goes on with."""


class Tone(StrEnum):
    """What a piece of text is; a terminal with colours shows it by one."""

    PLAIN = auto()
    TITLE = auto()
    FAINT = auto()
    ADDED = auto()
    REMOVED = auto()
    NOTE = auto()
    """What a reviewer or a rule says about a line."""
    WARNING = auto()
    GOOD = auto()


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    tone: Tone = Tone.PLAIN


Row = tuple[Span, ...]


def span(text: str, tone: Tone = Tone.PLAIN) -> Span:
    """Text for one row: whatever is not plainly visible is spelled out, line feeds and tabs too."""
    return Span(visible(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>"), tone)


def text_of(row: Row) -> str:
    return "".join(part.text for part in row)


def prose(text: str, width: int, *, first: str = "", rest: str = "", tone: Tone = Tone.PLAIN) -> list[Row]:
    """`text` broken at spaces. `first` stands before each line of it, `rest` before what a line goes on with."""
    rows: list[Row] = []
    for line in text.split("\n"):
        safe = span(line).text
        head = filled(safe, columns(width - cells(first)))[0]
        rows.append((Span((first + head).rstrip(" "), tone),) if first.strip() or head else ())
        after = safe[len(head) :].lstrip(" ")
        if after:
            rows += [(Span(rest + part, tone),) for part in filled(after, columns(width - cells(rest)))]
    return rows


def said(text: str, width: int, tone: Tone = Tone.PLAIN) -> list[Row]:
    """Our own words, in the indentation of a section."""
    return prose(text, width, first=INDENT, rest=INDENT, tone=tone)


def quoted(text: str, width: int, tone: Tone = Tone.PLAIN) -> list[Row]:
    """The words of an issue or a model, behind a bar: at the top of a page too nobody takes them for ours."""
    return prose(text.strip("\n"), width, first=QUOTE, rest=QUOTE, tone=tone) if text.strip() else []


def labelled(label: str, text: str, width: int, tone: Tone = Tone.PLAIN) -> list[Row]:
    """`label: text` in the indentation of a section; where a row begins with words from outside, a mark is before."""
    return prose(one_paragraph(f"{label}: {text}"), width, first=INDENT, rest=GOES_ON, tone=tone)


def one_paragraph(text: str) -> str:
    return " ".join(text.split())


def section(name: str, width: int, *blocks: Sequence[Row], says: str = "", tone: Tone = Tone.PLAIN) -> list[Row]:
    """A heading in capitals, what it says in a word, the blocks, and an empty row."""
    heading: list[Row] = [(Span(name, Tone.TITLE), span(f"  {one_paragraph(says)}" if says else "", tone))]
    if cells(text_of(heading[0])) > width:
        first, rest = INDENT, GOES_ON
        heading = [(Span(name, Tone.TITLE),), *prose(one_paragraph(says), width, first=first, rest=rest, tone=tone)]
    return [*heading, *(row for block in blocks for row in block), ()]


def keyed(key: str, meaning: str, width: int, tone: Tone = Tone.PLAIN) -> list[Row]:
    """What can be typed or read, and beside it what it means."""
    row = f"{key:<{KEY_COLUMNS}}{one_paragraph(meaning)}"
    return prose(row, width, first=INDENT, rest=" " * min(len(INDENT) + KEY_COLUMNS, width // 2), tone=tone)


def rule(text: str, width: int, line: str = "-") -> list[Row]:
    """A line across the screen with words in it, in as many rows as the words need."""
    parts = filled(span(f"{line}{line} {one_paragraph(text)}").text, columns(width - 1))
    parts[-1] += " "
    parts[-1] += line * max(width - cells(parts[-1]), 0)
    return [(Span(part, Tone.TITLE),) for part in parts]


def code(data: bytes) -> str:
    """A line of a file as a person may see it; a tab is an arrow and the room up to its stop. A key is taken out here,
    as long as it stands in one piece: rows break it."""
    parts = held().redacted(visible_bytes(data)).split("\t")
    shown = ""
    for part in parts[:-1]:
        shown += part
        shown += TAB + " " * (TAB_STOPS - 1 - len(shown) % TAB_STOPS)
    return shown + parts[-1]


def columns(width: int) -> int:
    """A width to break text at, however narrow the terminal is."""
    return max(width, LEAST_WIDTH)


def joined(blocks: Iterable[Sequence[Row]]) -> list[Row]:
    return [row for block in blocks for row in block]
