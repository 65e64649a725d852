"""What a person at the gate has seen, acknowledged and said, and what of it allows which decision."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum, auto

MIN_DIGITS = 12
HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A word on the change; `path` is None where it is about the whole, `line` counts in the new file."""

    path: str | None
    line: int | None
    text: str

    @property
    def where(self) -> str:
        if self.path is None:
            return ""
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.path is not None else self.text


class Typed(StrEnum):
    """What a line that should be the patch's hash turns out to be."""

    NO_HASH = auto()
    TOO_SHORT = auto()
    ANOTHER_PATCH = auto()
    TOO_EARLY = auto()
    """It is the hash, but something was not seen or not acknowledged yet."""
    APPROVES = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sitting. `pieces` are numbered from 0; `items` are the ids of the protected items in their order."""

    patch_sha256: str
    pieces: int
    items: tuple[str, ...]
    refusals: tuple[str, ...] = ()
    """What admission refuses: nobody can approve that."""
    barred: str | None = None
    """Why this person cannot approve, whatever they have seen."""
    evidence_seen: bool = False
    seen: frozenset[int] = frozenset()
    in_full: bool = False
    """The whole patch was produced in another way: by `diff` or `show`, or as a file."""
    offered: str | None = None
    """The item that is on the screen, with all its lines."""
    acknowledged: frozenset[str] = frozenset()
    comments: tuple[Comment, ...] = ()

    def saw_evidence(self) -> "Session":
        return replace(self, evidence_seen=True)

    def saw(self, pieces: Iterable[int]) -> "Session":
        return replace(self, seen=self.seen | frozenset(n for n in pieces if 0 <= n < self.pieces))

    def exported(self) -> "Session":
        return replace(self, in_full=True)

    def offer(self, item: str | None) -> "Session":
        """The item is before the person; None: something else is."""
        return replace(self, offered=item if item in self.items else None)

    def acknowledge(self) -> "Session":
        """The item on the screen is acknowledged; without one nothing is."""
        if self.offered is None:
            return self
        return replace(self, acknowledged=self.acknowledged | {self.offered}, offered=None)

    def comment(self, comment: Comment) -> "Session":
        return replace(self, comments=(*self.comments, comment)) if comment.text.strip() else self

    def drop(self, number: int) -> "Session":
        """Without the comment `number`, counted from 1."""
        kept = tuple(comment for n, comment in enumerate(self.comments, start=1) if n != number)
        return replace(self, comments=kept)

    @property
    def shown_in_full(self) -> bool:
        return self.in_full or len(self.seen) == self.pieces

    @property
    def unseen(self) -> tuple[int, ...]:
        return () if self.in_full else tuple(n for n in range(self.pieces) if n not in self.seen)

    @property
    def open_items(self) -> tuple[str, ...]:
        return tuple(item for item in self.items if item not in self.acknowledged)

    @property
    def missing(self) -> tuple[str, ...]:
        """What stands between this person and an approval, a sentence each."""
        found = [f"admission refuses this patch: {detail}" for detail in self.refusals]
        if self.barred is not None:
            found.append(self.barred)
        if not self.evidence_seen:
            found.append("the evidence was not shown to its end")
        if self.unseen:
            found.append(f"{len(self.unseen)} of {self.pieces} hunks were not shown in full")
        if self.open_items:
            found.append(f"{len(self.open_items)} of {len(self.items)} protected items are still to be acknowledged")
        return tuple(found)

    @property
    def may_approve(self) -> bool:
        return not self.missing

    def judge(self, typed: str) -> Typed:
        """Whether `typed` approves. Only the patch's own hash does, and only when nothing is missing."""
        name = typed.strip().lower()
        if not name or not set(name) <= HEXADECIMAL:
            return Typed.NO_HASH
        if len(name) < MIN_DIGITS:
            return Typed.TOO_SHORT
        if not self.patch_sha256.startswith(name):
            return Typed.ANOTHER_PATCH
        return Typed.APPROVES if self.may_approve else Typed.TOO_EARLY

    def next_unread(self, at: int) -> int | None:
        """The first piece behind `at` that was not on this screen in full; from the beginning after the end."""
        unread = [n for n in range(self.pieces) if n not in self.seen]
        return next(iter([*(n for n in unread if n > at), *unread]), None)

    def next_item(self, after: str | None) -> str | None:
        """The first item behind `after` that is not acknowledged; None behind the last."""
        behind = self.items[self.items.index(after) + 1 :] if after in self.items else self.items
        return next((item for item in behind if item not in self.acknowledged), None)

    def message(self, more: str = "") -> str:
        """What is sent back: each comment with its place, in the order they were made, then `more`."""
        return "\n".join([*map(str, self.comments), *([more.strip()] if more.strip() else [])])
