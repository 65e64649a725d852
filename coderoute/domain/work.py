"""What work leaves behind: files, trees, patches, commands and their results."""

import re
from dataclasses import dataclass
from enum import StrEnum

REGULAR = "100644"
EXECUTABLE = "100755"
SYMLINK = "120000"
GITLINK = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """One entry of a tree. `size` is in bytes, None for a gitlink."""

    path: str
    mode: str
    oid: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    """One file as it came out of a sandbox: bytes and a mode, nothing else is believed.

    `mode` is REGULAR, EXECUTABLE or SYMLINK; the data of a symlink is its target.
    """

    path: str
    mode: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The difference of one path between two trees. An absent side has mode "000000" and a zero oid."""

    path: str
    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str
    added: int
    """Lines; 0 when `binary`."""
    removed: int
    binary: bool

    @property
    def deleted(self) -> bool:
        return self.new_mode == "000000"

    @property
    def created(self) -> bool:
        return self.old_mode == "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The change from `base_tree` to `tree`, made by us from the two trees.

    `sha256` is over the bytes of the patch text, which are kept in the file at `path` (absolute).
    """

    base_tree: str
    tree: str
    sha256: str
    path: str
    changes: tuple[FileChange, ...]

    @property
    def added(self) -> int:
        return sum(change.added for change in self.changes)

    @property
    def removed(self) -> int:
        return sum(change.removed for change in self.changes)

    @property
    def lines(self) -> int:
        """Added plus removed, new files included: the size the diff limit is about."""
        return self.added + self.removed


class Ending(StrEnum):
    """How a command in a sandbox ended."""

    EXIT = "exit"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_FLOOD = "output_flood"


ESCAPE = re.compile(r"(?:\x1b|#x1B)\[[0-9;:?]*[@-~]")
"""A terminal's control sequence; JUnit XML has `#x1B` for the character it cannot hold."""


def without_escapes(text: str) -> str:
    return ESCAPE.sub("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What a command printed (stdout and stderr as they came, cut in the middle past the cap) and how it ended.

    `exit_code` is the daemon's word: 124 for a timeout, 137 for a kill.
    """

    exit_code: int
    output: bytes
    truncated: bool
    ending: Ending
    duration_s: float

    @property
    def text(self) -> str:
        """The output without colours and cursor movements."""
        return without_escapes(self.output.decode("utf-8", "replace"))


class AttemptEnd(StrEnum):
    FINISHED = "finished"
    GAVE_UP = "gave_up"
    OUT_OF_TURNS = "out_of_turns"
    REFUSED = "refused_by_model"
    NO_MONEY = "over_budget"
    NO_TOOLS = "no_tool_calls"
    """The model kept talking instead of calling a tool, even after it was asked."""
    NO_ANSWER = "no_answer"
    """Its provider is down, and another model is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one step by one model, as it ended. `tree` is what the sandbox held, admitted or not."""

    number: int
    cls: str
    model: str
    end: AttemptEnd
    summary: str
    """What the model said it did, or why it gave up. A hint, never evidence."""
    give_up_kind: str | None
    tree: str
    refused: str | None
    """Why what the sandbox held cannot be a tree of ours; `tree` is then the one the attempt started from."""
    turns: int
    commands: int
