"""A person at the gate: each typed line moves them through the evidence and the patch, up to what they decide."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Protocol, assert_never

from coderoute.cli.screen import views
from coderoute.cli.screen.keys import Said, Wish, read
from coderoute.cli.screen.rows import Row, Tone, one_paragraph
from coderoute.cli.screen.view import View
from coderoute.cli.texts import Json
from coderoute.domain.gate_session import MIN_DIGITS, Comment, Session, Typed
from coderoute.domain.hunks import Piece, next_where
from coderoute.domain.visible import visible, visible_bytes
from coderoute.flow.gate import Sitting

LINE_COMMENT = re.compile(r"(\d{1,9}):\s*(.+)")


NOWHERE = {
    Wish.NEXT: "this is the last hunk", Wish.PREVIOUS: "there is no hunk before this",
    Wish.NEXT_FILE: "this is the last file", Wish.PREVIOUS_FILE: "there is no file before this",
}  # fmt: skip

MOST_STATUS_CHARACTERS = 110
"""Of the line above the prompt, which takes its rows from the page."""


class Screen(Protocol):
    """Where rows go and lines come from."""

    line: str

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def put(self, rows: Sequence[Row]) -> None: ...

    def ask(self, prompt: str) -> str | None:
        """What is typed; None where the input has ended."""
        ...


class Ending(StrEnum):
    APPROVE = auto()
    REJECT = auto()
    SEND_BACK = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """How a sitting ended. `text` is the typed hash of an approval, and the person's words of the others."""

    ending: Ending
    text: str = ""
    session: Session


class Talk:
    """One sitting. `produced` is called once, when the whole patch was shown; `export` writes it to a file and says
    why that was not possible, None where it was."""

    def __init__(
        self, screen: Screen, sitting: Sitting, doc: Json, *, moved: str | None, produced: Callable[[], None],
        export: Callable[[str], str | None],
    ) -> None:  # fmt: skip
        self.session = sitting.session()
        self._screen, self._sitting, self._doc, self._moved = screen, sitting, doc, moved
        self._produced, self._export = produced, export
        self._told = self.session.shown_in_full
        self._at = -1
        self._cut: set[int] = set()
        self._view = self._evidence()

    def hold(self) -> Decided:
        """Shows, asks and answers until the person decides or leaves; the end of the input and Ctrl-C leave."""
        try:
            self._show(self._evidence())
            while True:
                typed = self._ask("gate> ")
                decided = self._leave() if typed is None else self._answer(read(typed))
                if decided is not None:
                    return decided
        except KeyboardInterrupt:
            self._screen.put([()])
            return self._leave()

    def _answer(self, said: Said) -> Decided | None:
        """Does what is meant; the decision, if it is one."""
        match said.wish:
            case Wish.GO_ON:
                self._go_on()
            case Wish.NEXT | Wish.PREVIOUS | Wish.NEXT_FILE | Wish.PREVIOUS_FILE | Wish.FILE | Wish.SEARCH:
                self._move(said)
            case Wish.WHOLE:
                self._again_in_whole()
            case Wish.OVERVIEW:
                self._show(self._evidence())
            case Wish.ISSUE:
                self._show(views.issue_view(self._sitting))
            case Wish.ITEM:
                self._show_item(said.text)
            case Wish.ACKNOWLEDGE:
                self._acknowledge()
            case Wish.COMMENT:
                self._comment(said.text)
            case Wish.DROP:
                self._drop(said.text)
            case Wish.EXPORT:
                self._write(said.text)
            case Wish.DECIDE:
                self._show(self._question())
            case Wish.HELP:
                self._show(views.help_view())
            case Wish.REJECT | Wish.SEND_BACK:
                return self._turn_down(said)
            case Wish.LEAVE:
                return self._leave()
            case Wish.OTHER:
                return self._maybe_hash(said.text)
            case forgotten:
                assert_never(forgotten)
        return None

    def _go_on(self) -> None:
        """The rest of what is on the screen, then what was not shown, then what is not acknowledged, then the end."""
        if self._view.left:
            self._page()
            return
        if not self.session.evidence_seen:
            self._show(self._evidence())
            return
        unread = self.session.next_unread(self._at)
        if unread is not None:
            self._show_piece(unread, whole=unread in self._cut)
            return
        item = self.session.next_item(self._view.item)
        self._show(self._question() if item is None else self._item(item))

    def _move(self, said: Said) -> None:
        found, at = self._sitting.pieces, self._at
        file = found[at].file if at >= 0 else 0
        match said.wish:
            case Wish.NEXT:
                to = at + 1 if at + 1 < len(found) else None
            case Wish.PREVIOUS:
                to = at - 1 if at > 0 else None
            case Wish.SEARCH:
                wanted = said.text.casefold()
                to = next_where(found, at, lambda piece: wanted in text_of_piece(piece).casefold())
            case _ if said.wish is Wish.FILE and not said.text:
                self._show(views.files_view(self._sitting, self._doc))
                return
            case _:
                number = {Wish.NEXT_FILE: file + 1, Wish.PREVIOUS_FILE: file - 1}.get(said.wish)
                to = self._start_of(number if number is not None else said.text)
        if to is None:
            self._say(NOWHERE.get(said.wish) or f"there is no hunk or file for {said.text!r}", Tone.WARNING)
        else:
            self._show_piece(to)

    def _start_of(self, file: int | str) -> int | None:
        """The first piece of a file, by its number."""
        return next((n for n, piece in enumerate(self._sitting.pieces) if str(piece.file) == str(file)), None)

    def _again_in_whole(self) -> None:
        if self._view.piece is not None:
            self._show_piece(self._view.piece, whole=True)
        elif self._view.item is not None:
            self._show(self._item(self._view.item, whole=True))
        else:
            self._say("w shows the long lines of a hunk or an item whole; none is on the screen", Tone.WARNING)

    def _show_item(self, number: str) -> None:
        """Item `number`, or without one the next that is open."""
        items = self.session.items
        if number:
            chosen = items[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(items) else None
        else:
            chosen = self.session.next_item(self._view.item) or self.session.next_item(None)
        if chosen is None:
            every = "every protected item is acknowledged" if items else "there are no protected items"
            self._say(f"there is no item {number}" if number else every)
        else:
            self._show(self._item(chosen))

    def _acknowledge(self) -> None:
        item = self.session.offered
        if item is None:
            self._say("yes acknowledges the protected item on the screen, with all its lines; a shows the next")
            return
        self.session = self.session.acknowledge()
        self._say(f"acknowledged: {item}", Tone.GOOD)
        following = self.session.next_item(item) or self.session.next_item(None)
        if following is not None:
            self._show(self._item(following))
        elif self.session.next_unread(self._at) is None:
            self._show(self._question())

    def _comment(self, text: str) -> None:
        path, line = self._view.path, self._view.line
        lined = LINE_COMMENT.fullmatch(text)
        if lined and path is not None:
            number = int(lined[1])
            if not any(piece.path == path and piece.has(number) for piece in self._sitting.pieces):
                self._say(f"line {number} of {path} is not in this patch", Tone.WARNING)
                return
            line, text = number, lined[2]
        about = Comment(path=None if path is None else visible(path), line=line, text=text)
        if not text:
            about = Comment(
                path=about.path, line=line, text=self._ask(f"comment {about.where or 'on the change'}> ") or ""
            )
        before = len(self.session.comments)
        self.session = self.session.comment(about)
        if len(self.session.comments) > before:
            self._say(f"comment {before + 1}: {about}")

    def _drop(self, number: str) -> None:
        known = number.isdecimal() and 0 < int(number) <= len(self.session.comments)
        if known:
            self.session = self.session.drop(int(number))
        self._say(f"comment {number} is taken back" if known else "drop N takes comment N back; d lists them")

    def _write(self, file: str) -> None:
        if not file:
            self._say("e FILE writes the whole patch to FILE")
            return
        problem = self._export(file)
        if problem is not None:
            self._say(problem, Tone.WARNING)
            return
        self.session = self.session.exported()
        self._tell()
        self._say(f"the patch is in {file}, byte for byte")

    def _turn_down(self, said: Said) -> Decided | None:
        """Reject or send back, with words; without any nothing happens."""
        rejects = said.wish is Wish.REJECT
        text = said.text if rejects else self.session.message(said.text)
        if not text:
            text = self._ask("reason> " if rejects else "what should change> ") or ""
        if text:
            ending = Ending.REJECT if rejects else Ending.SEND_BACK
            return Decided(ending=ending, text=text, session=self.session)
        self._say("nothing was done: it takes a reason" if rejects else "nothing was sent: it takes a comment")
        return None

    def _maybe_hash(self, text: str) -> Decided | None:
        name = self._sitting.patch_sha256[:MIN_DIGITS]
        match self.session.judge(text):
            case Typed.APPROVES:
                return Decided(ending=Ending.APPROVE, text=text, session=self.session)
            case Typed.TOO_EARLY:
                self._show(self._question())
            case Typed.TOO_SHORT:
                self._say(f"{len(text)} digits name no patch: {MIN_DIGITS} do", Tone.WARNING)
            case Typed.ANOTHER_PATCH:
                self._say(f"this patch is {name}, not {text[:MIN_DIGITS]}", Tone.WARNING)
            case Typed.NO_HASH:
                self._say(f"{one_paragraph(text)!r} decides nothing here; ? shows what can be typed", Tone.WARNING)
            case forgotten:
                assert_never(forgotten)
        return None

    def _leave(self) -> Decided:
        return Decided(ending=Ending.LEAVE, session=self.session)

    def _evidence(self) -> View:
        return views.evidence_view(self._sitting, self._doc, self.session, self._moved)

    def _question(self) -> View:
        return views.question_view(self._sitting, self.session, str(self._doc["status"]))

    def _item(self, item: str, *, whole: bool = False) -> View:
        return views.item_view(self._sitting, self.session, item, self._screen.line, whole=whole)

    def _show_piece(self, n: int, *, whole: bool = False) -> None:
        self._at = n
        self._show(views.piece_view(self._sitting, self.session, n, self._screen.line, whole=whole))

    def _show(self, view: View) -> None:
        self._view = view
        self.session = self.session.offer(None)
        self._page()

    def _page(self) -> None:
        """The next rows of the view; what it shows counts as seen when its last row is out."""
        width, height = self._screen.width, self._screen.height
        spare = 2 + MOST_STATUS_CHARACTERS // width + 1
        self._screen.put(self._view.page(width, height - spare))
        if not self._view.left and not self._view.seen and self._view.piece is not None:
            self._cut.add(self._view.piece)
        if self._view.seen:
            if self._view.evidence:
                self.session = self.session.saw_evidence()
            if self._view.piece is not None:
                self.session = self.session.saw([self._view.piece])
            self.session = self.session.offer(self._view.item)
        self._tell()
        self._screen.put(views.status_rows(self.session, self._view, self._screen.width))

    def _tell(self) -> None:
        if self.session.shown_in_full and not self._told:
            self._told = True
            self._produced()

    def _say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self._screen.put(views.saying(text, self._screen.width, tone))

    def _ask(self, prompt: str) -> str | None:
        return self._screen.ask(prompt)


def text_of_piece(piece: Piece) -> str:
    return "\n".join([piece.path, *(visible_bytes(line.data) for line in piece.lines)])
