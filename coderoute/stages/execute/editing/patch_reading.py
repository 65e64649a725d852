"""A patch as models write it -> the changes it asks for, file by file. Counts are not believed; numbers are hints."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coderoute.stages.execute.editing.misfit import Misfit

NO_FILE = "/dev/null"
HUNK = re.compile(r"@@+(?: -(?P<line>\d+)(?:,\d+)? \+\d+(?:,\d+)?(?: @@+)?)?(?P<section>.*)")
OLD_FILE, NEW_FILE = re.compile(r"--- (?P<path>.+)"), re.compile(r"\+\+\+ (?P<path>.+)")
ENVELOPE = re.compile(r"\*\*\* (?P<what>Update|Add|Delete) File: (?P<path>.+)")
ENVELOPE_EDGE = re.compile(r"\*\*\* (Begin Patch|End Patch|End of File)")
MOVE = re.compile(r"\*\*\* Move to: |rename (from|to) |copy (from|to) ")
NOISE = re.compile(
    r"diff |index [0-9a-f]|(new|deleted) file mode |(old|new) mode |similarity index |```|Index: |={60,}$"
)
SEARCH, MIDDLE, REPLACE = re.compile(r"<{5,9} ?SEARCH"), re.compile(r"={5,9}$"), re.compile(r">{5,9} ?REPLACE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Rows with their first sign (space, `-` or `+`). `line` (of the old file) and `section` are hints."""

    rows: tuple[str, ...]
    line: int | None = None
    section: str = ""

    def texts(self, *, plain_context: bool = False) -> tuple[str, str]:
        """(old, new). `plain_context`: the rows that stay were written without the space before them."""
        old: list[str] = []
        new: list[str] = []
        for row in self.rows:
            sign, rest = row[:1], row[1:]
            if sign == "-":
                old.append(rest)
            elif sign == "+":
                new.append(rest)
            else:
                kept = rest if sign == " " and not plain_context else row
                old.append(kept)
                new.append(kept)
        return "".join(f"{row}\n" for row in old), "".join(f"{row}\n" for row in new)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePatch:
    """What is asked of one file. `creates` and `deletes` are never both true."""

    path: str
    hunks: tuple[Hunk, ...]
    creates: bool = False
    deletes: bool = False


def read_patch(patch: str) -> tuple[FilePatch, ...]:
    """The files in their order, those that are named twice as one: of a unified diff, of the format with `*** Update
    File:`, or of blocks of SEARCH and REPLACE below a path.

    Raises:
        Misfit: it is none of these, or moves a file.
    """
    rows = patch.replace("\r\n", "\n").split("\n")
    moving = next((row for row in rows if MOVE.match(row)), None)
    if moving is not None:
        raise Misfit(f"a patch cannot move files ({moving.strip()}): use run with mv, then patch the file")
    blocks = any(SEARCH.match(row) for row in rows)
    files: dict[str, FilePatch] = {}
    for file in search_blocks(rows) if blocks else diffs(rows):
        known = files.get(file.path)
        hunks = (*(known.hunks if known else ()), *file.hunks)
        files[file.path] = FilePatch(path=file.path, hunks=hunks, creates=file.creates, deletes=file.deletes)
    if not files:
        raise Misfit("no file is named in the patch: begin with --- a/path and +++ b/path, then @@ and the lines")
    empty = next((file.path for file in files.values() if not file.hunks and not (file.creates or file.deletes)), None)
    if empty is not None:
        raise Misfit(f"the patch has no hunk for {empty}: write @@ before its lines")
    return tuple(files.values())


def diffs(rows: Sequence[str]) -> Iterator[FilePatch]:
    """The files of a unified diff, or of the format with `*** Update File:`."""
    header: FilePatch | None = None
    hunks: list[Hunk] = []
    body: list[str] | None = None
    begun: tuple[int | None, str] = (None, "")

    def close_hunk() -> None:
        if body is not None:
            while body and body[-1] == "":
                body.pop()  # between hunks, not in the file
            if body:
                hunks.append(Hunk(rows=tuple(body), line=begun[0], section=begun[1]))

    at = 0
    while at < len(rows):
        row = rows[at]
        following = rows[at + 1] if at + 1 < len(rows) else ""
        opened = file_begun(row, following)
        if opened is not None:
            close_hunk()
            if header is not None:
                yield with_hunks(header, hunks)
            header, hunks, body = opened, [], [] if opened.creates else None
            begun = (None, "")
            at += 1 if ENVELOPE.match(row) else 2
            continue
        hunk = HUNK.fullmatch(row)
        if hunk is not None and header is not None:
            close_hunk()
            body, begun = [], (int(hunk["line"]) if hunk["line"] else None, hunk["section"].strip(" @"))
        elif ENVELOPE_EDGE.match(row) or (NOISE.match(row) and not is_in(row, body)) or row.startswith("\\"):
            pass
        elif header is not None:
            body = [] if body is None else body
            if body or row:
                body.append(row)
        at += 1
    close_hunk()
    if header is not None:
        yield with_hunks(header, hunks)


def is_in(row: str, body: Sequence[str] | None) -> bool:
    """Whether a row that could be around a diff is a part of it all the same."""
    return bool(body) and row[:1] in (" ", "+", "-")


def file_begun(row: str, following: str) -> FilePatch | None:
    """The file that begins with `row`, None if none does. A removed line may begin with `--` too: only two rows make
    a header."""
    envelope = ENVELOPE.match(row)
    if envelope is not None:
        what = envelope["what"]
        return FilePatch(path=clean(envelope["path"]), hunks=(), creates=what == "Add", deletes=what == "Delete")
    old, new = OLD_FILE.match(row), NEW_FILE.match(following)
    if old is None or new is None:
        return None
    before, after = clean(old["path"]), clean(new["path"])
    path = before if after == NO_FILE else after
    return FilePatch(path=path, hunks=(), creates=before == NO_FILE, deletes=after == NO_FILE)


def clean(path: str) -> str:
    """A header's path without time stamp, quotes, and the a/ or b/ that stands for no folder."""
    path = path.split("\t", 1)[0].strip().strip('"')
    return path if path == NO_FILE else re.sub(r"^[ab]/", "", path)


def with_hunks(header: FilePatch, hunks: Sequence[Hunk]) -> FilePatch:
    return FilePatch(path=header.path, hunks=tuple(hunks), creates=header.creates, deletes=header.deletes)


def search_blocks(rows: Sequence[str]) -> Iterator[FilePatch]:
    """Blocks of lines to find and lines to put there; the path stands above, or is that of the block before."""
    path = ""
    at = 0
    while at < len(rows):
        row = rows[at].strip()
        if not SEARCH.match(rows[at]):
            if row and not NOISE.match(row):
                path = clean(row.strip("`*# ").rstrip(":"))
            at += 1
            continue
        middle = next((n for n in range(at + 1, len(rows)) if MIDDLE.match(rows[n])), None)
        end = next((n for n in range(middle + 1, len(rows)) if REPLACE.match(rows[n])), None) if middle else None
        if middle is None or end is None:
            raise Misfit("a block of SEARCH has no ======= or no >>>>>>> REPLACE: send the call again, with both")
        if not path:
            raise Misfit("no path stands above the first block of SEARCH")
        old, new = rows[at + 1 : middle], rows[middle + 1 : end]
        hunk = Hunk(rows=(*(f"-{row}" for row in old), *(f"+{row}" for row in new)))
        yield FilePatch(path=path, hunks=(hunk,), creates=not any(row.strip() for row in old))
        at = end + 1
