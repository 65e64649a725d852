"""What is typed at the gate -> what is meant by it. A line a command; nothing here acts."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Wish(StrEnum):
    GO_ON = auto()
    NEXT = auto()
    PREVIOUS = auto()
    NEXT_FILE = auto()
    PREVIOUS_FILE = auto()
    FILE = auto()
    SEARCH = auto()
    WHOLE = auto()
    OVERVIEW = auto()
    ISSUE = auto()
    ITEM = auto()
    ACKNOWLEDGE = auto()
    COMMENT = auto()
    DROP = auto()
    EXPORT = auto()
    DECIDE = auto()
    REJECT = auto()
    SEND_BACK = auto()
    LEAVE = auto()
    HELP = auto()
    OTHER = auto()
    """A hash, or nothing we know."""


WORDS = {
    "": Wish.GO_ON, "n": Wish.NEXT, "p": Wish.PREVIOUS, "]": Wish.NEXT_FILE, "[": Wish.PREVIOUS_FILE,
    "f": Wish.FILE, "w": Wish.WHOLE, "o": Wish.OVERVIEW, "i": Wish.ISSUE, "a": Wish.ITEM, "yes": Wish.ACKNOWLEDGE,
    "c": Wish.COMMENT, "comment": Wish.COMMENT, "drop": Wish.DROP, "e": Wish.EXPORT, "export": Wish.EXPORT,
    "d": Wish.DECIDE, "r": Wish.REJECT, "reject": Wish.REJECT, "s": Wish.SEND_BACK, "back": Wish.SEND_BACK,
    "send-back": Wish.SEND_BACK, "q": Wish.LEAVE, "quit": Wish.LEAVE, "?": Wish.HELP, "h": Wish.HELP,
    "help": Wish.HELP,
}  # fmt: skip

TAKE_TEXT = frozenset(
    {Wish.FILE, Wish.COMMENT, Wish.DROP, Wish.EXPORT, Wish.REJECT, Wish.SEND_BACK, Wish.ITEM}
)  # fmt: skip

HELP = (
    ("Enter", "go on: the rest of this, then what was not shown yet, then the question"),
    ("n  p", "the next hunk, the one before"),
    ("]  [", "the next file, the one before"),
    ("f N", "file N"),
    ("/TEXT", "the next hunk with TEXT"),
    ("w", "this hunk again, with its long lines whole"),
    ("o  i", "the evidence; the whole issue"),
    ("a", "the next protected item with its lines; then yes acknowledges it"),
    ("c TEXT", "a comment on this hunk; c N: TEXT on line N"),
    ("drop N", "take comment N back"),
    ("e FILE", "write the whole patch to FILE, which counts as shown"),
    ("d", "the question: what is missing, and what can be typed"),
    ("s TEXT", "send the change back with your comments and TEXT"),
    ("r REASON", "reject: the run ends"),
    ("q", "leave; the run keeps waiting"),
)
"""Key and meaning, for a person."""

SIGNS = (
    ("12 +", "line 12 of the new file, added"),
    ("12 -", "line 12 of the old file, removed"),
    (":", "the line above goes on"),
    ("|", "words of the issue or of a model"),
    ("!", "said about the line above, by the review or by a rule; no part of the patch"),
    ("#", "git's own lines"),
    ("<U+202E>", "a character that cannot be seen, spelled out"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One typed line. `text` is what follows the word; of OTHER it is the whole line."""

    wish: Wish
    text: str = ""


def read(line: str) -> Said:
    typed = line.strip()
    if typed.startswith("/"):
        return Said(Wish.SEARCH, typed[1:].strip())
    word, _, rest = typed.partition(" ")
    wish = WORDS.get(word.lower(), Wish.OTHER)
    if wish is Wish.OTHER or (rest.strip() and wish not in TAKE_TEXT):
        return Said(Wish.OTHER, typed)
    return Said(wish, rest.strip())
