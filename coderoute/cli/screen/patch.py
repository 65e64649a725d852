"""Hunks and protected items as rows: numbered lines of the files, with what is said about them below."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coderoute.cli.screen.rows import Row, Span, Tone, code, columns, labelled, one_paragraph, rule, span
from coderoute.cli.screen.rows import said as said_by_us
from coderoute.domain.cells import filled, folded
from coderoute.domain.hunks import FILE, PatchLine, Piece, path_of, place_of, unquoted
from coderoute.domain.judgement import AdmissionItem, Finding

MAX_ROWS_A_LINE = 12
"""A longer line is cut, and its hunk counts as shown only after a look at the whole of it."""

LINES_AROUND = 4
"""On either side of the line that an item is about."""

ABOUT_A_FILE = "tests."
"""Rules whose items name a line but are about more: what a test has lost may stand far from its first line."""

OBJECT_IDS = re.compile(rb"index [0-9a-f]+\.\.[0-9a-f]+(?: \d{6})?")

TONES = {"+": Tone.ADDED, "-": Tone.REMOVED, " ": Tone.PLAIN, "": Tone.FAINT}
GITS_OWN, CONTINUED, SAID = "#", ":", "!"
"""In the column of the sign: a line of git's own, the rest of the line above, a word about the line above. No line of
a file can have these there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Rows, and whether they hold everything there is."""

    rows: list[Row]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is said about a line of the new file, or about a whole file (`line` None)."""

    path: str
    line: int | None
    text: str
    tone: Tone = Tone.NOTE


def notes(findings: Sequence[Finding], items: Sequence[AdmissionItem], acknowledged: frozenset[str]) -> list[Note]:
    said = [
        Note(
            path=f.path, line=f.line, text=f"review, {f.severity}: {one_paragraph(f.title)}. {one_paragraph(f.detail)}"
        )
        for f in findings
    ]
    for item in items:
        done = "acknowledged" if item.id in acknowledged else "not acknowledged yet"
        text = f"protected, {item.rule}: {one_paragraph(item.detail)} ({done})"
        said.append(Note(path=item.path, line=item.line, text=text, tone=Tone.WARNING))
    return said


def by_piece(pieces: Sequence[Piece], said: Sequence[Note]) -> dict[int, list[Note]]:
    found: dict[int, list[Note]] = {}
    for note in said:
        where = place_of(pieces, note.path, note.line)
        if where is not None:
            found.setdefault(where, []).append(note)
    return found


def piece_rows(piece: Piece, said: Sequence[Note], width: int, *, line: str = "-", whole: bool = False) -> Shown:
    """A hunk under a line that says where it is. Lines of more than MAX_ROWS_A_LINE rows are cut unless `whole`."""
    words = [piece.path, f"+{piece.added} -{piece.removed}", f"file {piece.file} of {piece.files}"]
    if piece.hunks > 1:
        words.append(f"hunk {piece.hunk} of {piece.hunks}")
    heading = rule(" | ".join(words), width, line)
    shown = lines_rows(piece, piece.lines, said, width, whole=whole)
    return Shown(rows=[*heading, *shown.rows, ()], whole=shown.whole)


def lines_rows(
    piece: Piece, lines: Sequence[PatchLine], said: Sequence[Note], width: int, *, whole: bool = False
) -> Shown:  # fmt: skip
    """The lines with their notes. A note without a line of its own stands before all lines."""
    digits = max((len(str(one.number)) for one in piece.lines if one.number is not None), default=1)
    at_lines = {note.line for note in said if note.line is not None and piece.has(note.line)}
    rows: list[Row] = []
    for note in said:
        if note.line not in at_lines:
            where = "" if note.line is None else f"line {note.line}, not in this patch: "
            rows += note_rows(f"{where}{note.text}", note.tone, digits, width)
    everything = True
    for one in lines:
        if one.sign == "" and is_implied(one.data, piece.path):
            continue
        shown = line_rows(one, digits, width, whole=whole)
        rows += shown.rows
        everything = everything and shown.whole
        number = one.old if piece.deletes else one.new
        for note in said if number in at_lines else ():
            if note.line == number:
                rows += note_rows(note.text, note.tone, digits, width)
    return Shown(rows=rows, whole=everything)


def is_implied(data: bytes, path: str) -> bool:
    """Whether a line of a file's header says no more than the path, which stands above it, or than object ids do."""
    if data.startswith(FILE):
        return path_of(data) == path
    if data.startswith((b"--- ", b"+++ ")):
        name = unquoted(data[4:].removesuffix(b"\t").decode("utf-8", "surrogateescape"))
        return name in ("/dev/null", f"a/{path}", f"b/{path}")
    return OBJECT_IDS.fullmatch(data) is not None


def line_rows(line: PatchLine, digits: int, width: int, *, whole: bool) -> Shown:
    tone = TONES[line.sign]
    number = "" if line.number is None else str(line.number)
    gutter, inner = f"{number:>{digits}} {line.sign or GITS_OWN} ", columns(width - digits - 3)
    text = code(line.data)
    parts = folded(text, inner)
    kept = parts if whole or len(parts) <= MAX_ROWS_A_LINE else parts[:MAX_ROWS_A_LINE]
    continued = Span(f"{'':>{digits}} {CONTINUED} ", Tone.FAINT)
    rows: list[Row] = [(Span(gutter, Tone.FAINT if line.sign in ("", " ") else tone), Span(kept[0], tone))]
    rows += [(continued, Span(part, tone)) for part in kept[1:]]
    if len(kept) == len(parts):
        return Shown(rows=rows, whole=True)
    left = sum(map(len, parts)) - sum(map(len, kept))
    rows += note_rows(f"{left:,} more characters of this line are not shown; w shows them", Tone.WARNING, digits, width)
    return Shown(rows=rows, whole=False)


def note_rows(text: str, tone: Tone, digits: int, width: int) -> list[Row]:
    gutter = Span(f"{'':>{digits}} {SAID} ", tone)
    return [(gutter, Span(part, tone)) for part in filled(span(text).text, columns(width - digits - 3))]


def item_rows(
    item: AdmissionItem, number: int, of: int, pieces: Sequence[Piece], width: int, *, line: str = "-",
    whole: bool = False, known: frozenset[int] = frozenset(),
) -> Shown:  # fmt: skip
    """A protected item with its lines: those around the line it names, else all of its file's. What is cut here need
    not be shown again if its piece is `known`, seen in full before."""
    rows = rule(f"protected item {number} of {of}", width, line)
    rows += labelled(item.id, item.detail, width, Tone.WARNING)
    around = item_lines(item, pieces)
    everything = True
    for n, lines in around.items():
        shown = lines_rows(pieces[n], lines, (), width, whole=whole)
        rows += [(), *rule(pieces[n].path, width, line), *shown.rows]
        everything = everything and (shown.whole or n in known)
    if not around:
        rows += said_by_us("It is about no line of this patch.", width)
    return Shown(rows=[*rows, ()], whole=everything)


def item_lines(item: AdmissionItem, pieces: Sequence[Piece]) -> Mapping[int, Sequence[PatchLine]]:
    """Piece -> its lines that a person must see to judge the item."""
    n = place_of(pieces, item.path, item.line) if item.path else None
    if n is None:
        return {}
    piece = pieces[n]
    if item.line is None or item.rule.startswith(ABOUT_A_FILE) or not piece.has(item.line):
        return {k: other.lines for k, other in enumerate(pieces) if other.path == item.path}
    numbers = [one.old if piece.deletes else one.new for one in piece.lines]
    at = numbers.index(item.line)
    return {n: piece.lines[max(at - LINES_AROUND, 0) : at + LINES_AROUND + 1]}
