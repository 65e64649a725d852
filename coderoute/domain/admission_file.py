"""One changed file as the admission rules look at it, and what a rule says about it."""

from dataclasses import dataclass
from functools import cached_property

from coderoute.domain.content import AddedLine, added_lines
from coderoute.domain.judgement import AdmissionItem
from coderoute.domain.paths import shown
from coderoute.domain.work import FileChange

MAX_CHECKED_BYTES = 4_000_000
"""A larger file is refused even where the base had it large: its text would take too long to search."""


@dataclass(frozen=True)
class ChangedFile:
    """One path of the change with both sides' bytes; an absent side, a symlink or a gitlink has none."""

    change: FileChange
    old: bytes | None
    new: bytes | None

    @property
    def path(self) -> str:
        return self.change.path

    @property
    def name(self) -> str:
        """The path, safe to print."""
        return shown(self.change.path)

    @property
    def too_large(self) -> bool:
        return max(len(self.old or b""), len(self.new or b"")) > MAX_CHECKED_BYTES

    @cached_property
    def added(self) -> tuple[AddedLine, ...]:
        if self.change.binary or self.new is None or self.too_large:
            return ()
        return added_lines(self.old, self.new)

    @cached_property
    def old_text(self) -> str:
        return (self.old or b"").decode("utf-8", "replace")

    @property
    def verb(self) -> str:
        """What the change does to the file, as a word for a message."""
        return "adds" if self.change.created else "removes" if self.change.deleted else "changes"

    def refused(self, rule: str, problem: str, line: int | None = None) -> AdmissionItem:
        """The detail names the place too: it is what the model is told."""
        place = self.name if line is None else f"{self.name}:{line}"
        return finding(rule, self.path, line, f"{place} {problem}", refuses=True)

    def protected(self, rule: str, detail: str, line: int | None = None) -> AdmissionItem:
        return finding(rule, self.path, line, detail, refuses=False)


def finding(rule: str, path: str, line: int | None, detail: str, *, refuses: bool) -> AdmissionItem:
    """An item under its stable id; `detail` must be safe to print."""
    parts = (rule, shown(path), "" if line is None else str(line))
    item_id = ":".join(part for part in parts if part)
    return AdmissionItem(id=item_id, rule=rule, path=path, line=line, detail=detail, refuses=refuses)
