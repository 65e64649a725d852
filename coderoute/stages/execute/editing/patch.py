"""A patch onto the text of one file: each hunk where it stands or is meant to stand, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from coderoute.domain.lines import lines_of
from coderoute.stages.execute.editing.misfit import Misfit
from coderoute.stages.execute.editing.patch_reading import FilePatch, Hunk
from coderoute.stages.execute.editing.replace import Edited, replace_once, rows_meant
from coderoute.stages.execute.editing.rows import line_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """The whole new text, None where the file goes; `edits` are its hunks in order, each with the text so far."""

    text: str | None
    edits: tuple[Edited, ...] = ()


def patched(file: FilePatch, text: str | None) -> Patched:
    """The file `file.path` after its hunks; `text` None: there is no such file.

    Raises:
        Misfit: a hunk stands nowhere, or the file is there that was to be made, or the other way round.
    """
    if file.deletes:
        if text is None:
            raise Misfit(f"there is no file {file.path}, so it cannot be deleted")
        return Patched(text=None)
    if file.creates:
        if text:
            raise Misfit(f"{file.path} is there already: patch its lines, or write it as a whole with write_file")
        return Patched(text="".join(added(hunk) for hunk in file.hunks))
    if text is None:
        raise Misfit(f"there is no file {file.path}; to make one write --- /dev/null, or use write_file")
    edits: list[Edited] = []
    moved = 0
    for number, hunk in enumerate(file.hunks, 1):
        try:
            edit = applied(file.path, text, hunk, moved)
        except Misfit as misfit:
            where = f"hunk {number} of {len(file.hunks)} for {file.path}"
            raise Misfit(
                f"{where}: {misfit}\n(old: its lines that stay or go; new: those that stay or come)"
            ) from misfit
        moved += edit.text.count("\n") - text.count("\n")
        text = edit.text
        edits.append(edit)
    return Patched(text=text, edits=tuple(edits))


def added(hunk: Hunk) -> str:
    """A new file's lines; that they are all new is known, so the signs may be missing."""
    return "".join(f"{row.removeprefix('+')}\n" for row in hunk.rows)


def applied(path: str, text: str, hunk: Hunk, moved: int) -> Edited:
    """One hunk; `moved` is by how many lines the hunks before it moved what follows.

    Raises:
        Misfit
    """
    old, new = hunk.texts()
    if not old.strip():
        if not text.strip():
            return replace_nothing(new)
        raise Misfit("it has no line that stays or goes, so its place is not known: write lines around the change")
    if old == new:
        raise Misfit("it changes nothing: write - before lines that go and + before new ones")
    try:
        return replace_once(path, text, old, new, hint(text, hunk, old, new, moved), whole_rows=True)
    except Misfit:
        plain_old, plain_new = hunk.texts(plain_context=True)
        if plain_old == old or not rows_meant(text, plain_old, plain_new):
            raise
        return replace_once(
            path, text, plain_old, plain_new, hint(text, hunk, plain_old, plain_new, moved), whole_rows=True
        )


def replace_nothing(new: str) -> Edited:
    return Edited(text=new, line=1, last=new.count("\n"))


def hint(text: str, hunk: Hunk, old: str, new: str, moved: int) -> int | None:
    """A line of the place that is meant where there are several: the one in the section that the hunk names, else the
    one that its number covers."""
    lines = [line_at(text, start) for start, _ in rows_meant(text, old, new)]
    if len(lines) < 2:
        return None
    inside = [line for line in lines if hunk.section and is_below(lines_of(text), hunk.section, line)]
    if len(inside) == 1:
        return inside[0]
    return None if hunk.line is None else hunk.line + moved


def is_below(rows: Sequence[str], section: str, line: int) -> bool:
    """Whether `line` belongs to the block that the only row with the words of `section` begins."""
    named = [number for number, row in enumerate(rows, 1) if row.strip().startswith(section)]
    if len(named) != 1 or not named[0] < line:
        return False
    depth = indent(rows[named[0] - 1])
    return all(not row.strip() or indent(row) > depth for row in rows[named[0] : line])


def indent(row: str) -> int:
    return len(row) - len(row.lstrip())
