"""The terminal: its size, its colours, rows onto it and lines from it."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping

from coderoute.cli.screen.rows import Row, Tone, text_of
from coderoute.domain.visible import visible

SMALLEST = (24, 8)
PLAIN_TERMINALS = frozenset({"", "dumb", "unknown"})

STYLES = {
    Tone.PLAIN: "", Tone.TITLE: "bold", Tone.FAINT: "dim", Tone.ADDED: "green", Tone.REMOVED: "red",
    Tone.NOTE: "cyan", Tone.WARNING: "bold yellow", Tone.GOOD: "green",
}  # fmt: skip


class Watch:
    """Notes when something was typed, so that the look can be measured without the pauses."""

    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.stamps = [self.monotonic()]

    def note(self) -> None:
        self.stamps.append(self.monotonic())


class Terminal:
    """Rows go out with colours, or as plain lines where colours are not wanted or not understood."""

    def __init__(self, watch: Watch, environ: Mapping[str, str] = os.environ) -> None:
        self._watch = watch
        self.colours = not environ.get("NO_COLOR") and environ.get("TERM", "") not in PLAIN_TERMINALS
        self.encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        self.line = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" if self.colours and self._can_show("\u2500\u2192") else "-"

    @property
    def width(self) -> int:
        """Columns to use. The last one stays free: a full row makes some terminals begin another."""
        return max(shutil.get_terminal_size().columns, SMALLEST[0]) - 1

    @property
    def height(self) -> int:
        return max(shutil.get_terminal_size().lines, SMALLEST[1])

    def put(self, rows: Iterable[Row]) -> None:
        if self.colours:
            self._put_in_colours(rows)
        else:
            for row in rows:
                sys.stdout.write(self._shown(text_of(row)) + "\n")
        sys.stdout.flush()

    def _put_in_colours(self, rows: Iterable[Row]) -> None:
        from rich.console import Console
        from rich.text import Text

        console = Console(
            file=sys.stdout, force_terminal=True, markup=False, highlight=False, emoji=False, width=self.width + 1
        )
        for row in rows:
            # Text, never markup: what stands in brackets is text
            line = Text.assemble(*((self._shown(part.text), STYLES[part.tone]) for part in row))
            console.print(line, soft_wrap=True)

    def ask(self, prompt: str) -> str | None:
        """The line that is typed, without anything a screen could obey; None where the input has ended.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        sys.stdout.write(self._shown(prompt))
        sys.stdout.flush()
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError:  # typed in another encoding than the terminal's: no command, and no end
            line = "\N{REPLACEMENT CHARACTER}\n"
        self._watch.note()
        return visible(line.replace("\t", " ").strip()) if line else None

    def _shown(self, text: str) -> str:
        """The last look at what goes out, for what no row should hold, and for what this terminal has no sign for."""
        safe = visible(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>")
        if self._can_show(safe):
            return safe
        return "".join(sign if self._can_show(sign) else f"<U+{ord(sign):04X}>" for sign in safe)

    def _can_show(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True
