"""Each subject of the gate as a view: the evidence, the issue, a hunk, an item, the question, the help."""

from collections.abc import Callable

from coderoute.cli.screen.evidence import change, evidence_rows
from coderoute.cli.screen.keys import HELP, SIGNS
from coderoute.cli.screen.patch import Shown, by_piece, item_rows, notes, piece_rows
from coderoute.cli.screen.rows import Row, Tone, keyed, labelled, one_paragraph, prose, quoted, said, section, span
from coderoute.cli.screen.view import View
from coderoute.cli.texts import Json
from coderoute.domain.gate_session import MIN_DIGITS, Session
from coderoute.flow.gate import Sitting


def evidence_view(sitting: Sitting, doc: Json, session: Session, moved: str | None) -> View:
    return View(
        build=lambda width: all_of(evidence_rows(doc, sitting, session.acknowledged, width, moved)), evidence=True
    )


def issue_view(sitting: Sitting) -> View:
    return fixed(lambda width: section("ISSUE", width, quoted(sitting.task.body, width), says=sitting.task.title))


def files_view(sitting: Sitting, doc: Json) -> View:
    return fixed(lambda width: change(doc, sitting, width))


def piece_view(sitting: Sitting, session: Session, n: int, line: str, *, whole: bool) -> View:
    about = by_piece(sitting.pieces, notes(sitting.findings, sitting.items, session.acknowledged)).get(n, [])
    piece = sitting.pieces[n]
    return View(
        build=lambda width: piece_rows(piece, about, width, line=line, whole=whole),
        piece=n, path=piece.path, line=piece.anchor,
    )  # fmt: skip


def item_view(sitting: Sitting, session: Session, item_id: str, line: str, *, whole: bool) -> View:
    number = [item.id for item in sitting.items].index(item_id)
    item = sitting.items[number]

    def build(width: int) -> Shown:
        shown = item_rows(
            item, number + 1, len(sitting.items), sitting.pieces, width, line=line, whole=whole, known=session.seen
        )
        words = (
            "yes acknowledges this item" if shown.whole else "w shows it with its long lines whole, before yes counts"
        )
        return Shown(rows=[*shown.rows, *said(words, width, Tone.TITLE), ()], whole=shown.whole)

    return View(build=build, item=item_id, path=item.path or None, line=item.line)


def help_view() -> View:
    def build(width: int) -> list[Row]:
        keys = [keyed(key, meaning, width) for key, meaning in HELP]
        signs = [keyed(sign, meaning, width) for sign, meaning in SIGNS]
        return [*section("KEYS", width, *keys, says="each ends with Enter"), *section("SIGNS", width, *signs)]

    return fixed(build)


def question_view(sitting: Sitting, session: Session, status: str) -> View:
    """What is missing, and what can be typed."""

    def build(width: int) -> list[Row]:
        name = sitting.patch_sha256[:MIN_DIGITS]
        rows: list[list[Row]] = [labelled("missing", sentence, width, Tone.WARNING) for sentence in session.missing]
        if session.may_approve:
            does = "merges exactly this patch" if status == "approved" else "approves and merges exactly this patch"
            if session.comments:
                does += "; your comments are kept as a note"
            rows.append(keyed(name, does, width, Tone.GOOD))
        for n, comment in enumerate(session.comments, start=1):
            rows.append(labelled(f"comment {n}", one_paragraph(str(comment)), width))
        count = len(session.comments)
        with_comments = "" if not count else " with your comment" if count == 1 else f" with your {count} comments"
        rows.append(keyed("s TEXT", f"sends it back{with_comments}", width))
        rows.append(keyed("r REASON", "ends the run", width))
        rows.append(keyed("q", "leaves it waiting", width))
        says = "it cannot be approved yet" if session.missing else f"this patch is {name}"
        return section("DECIDE", width, *rows, says=says, tone=Tone.WARNING if session.missing else Tone.PLAIN)

    return View(build=lambda width: all_of(build(width)), ends=session.may_approve)


def status_rows(session: Session, view: View, width: int) -> list[Row]:
    """Where the person is, in a line or two above the prompt."""
    where = [] if view.piece is None else [f"hunk {view.piece + 1} of {session.pieces}"]
    where.append("produced in full before" if session.in_full else f"{len(session.seen)} of {session.pieces} shown")
    if session.items:
        where.append(f"{len(session.acknowledged)} of {len(session.items)} acknowledged")
    if session.comments:
        where.append("1 comment" if len(session.comments) == 1 else f"{len(session.comments)} comments")
    if view.left:
        where.append(f"Enter: {view.left} more")
    elif not view.ends:
        where.append("Enter: go on")
    return prose(" | ".join([*where, "?: keys"]), width, tone=Tone.FAINT)


def saying(text: str, width: int, tone: Tone) -> list[Row]:
    return prose(span(text).text, width, tone=tone)


def fixed(build: Callable[[int], list[Row]]) -> View:
    return View(build=lambda width: all_of(build(width)))


def all_of(rows: list[Row]) -> Shown:
    return Shown(rows=rows, whole=True)
