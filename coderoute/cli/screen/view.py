"""What is on the screen: rows of one subject, a page at a time, and what has been seen once its last row is out."""

from collections.abc import Callable
from dataclasses import dataclass, field

from coderoute.cli.screen.patch import Shown
from coderoute.cli.screen.rows import Row


@dataclass(kw_only=True)
class View:
    """One subject. `build` makes its rows for a width; `piece`, `item` and `evidence` say what they show."""

    build: Callable[[int], Shown]
    piece: int | None = None
    item: str | None = None
    evidence: bool = False
    path: str | None = None
    line: int | None = None
    """What a comment made here is about."""
    ends: bool = False
    """Nothing follows it."""
    _at: int = 0
    _width: int = 0
    _shown: Shown = field(default_factory=lambda: Shown(rows=[], whole=True))

    def page(self, width: int, height: int) -> list[Row]:
        """The next rows, at most `height`; all over again where the width has changed."""
        if width != self._width:
            self._width, self._at, self._shown = width, 0, self.build(width)
        while self._at and self.left and not self._shown.rows[self._at]:
            self._at += 1  # no page begins with an empty row
        rows = self._shown.rows[self._at : self._at + max(height, 1)]
        self._at += len(rows)
        return rows

    @property
    def left(self) -> int:
        """Rows that are not out yet."""
        return len(self._shown.rows) - self._at

    @property
    def seen(self) -> bool:
        """Everything is out, and nothing of it was cut."""
        return self.left == 0 and self._shown.whole
