"""A terminal's stream that prints no key, also one that comes in pieces or is broken into lines."""

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, TextIO

LEAST_HELD = 6
"""Fewer characters of a key are of no use to anybody, and ordinary words end as keys begin."""


class RedactingStream:
    """Text goes through `redact`. It has no `buffer`: whoever finds one (click does, for a terminal without UTF-8)
    would write past us. `as_they_are` is for the bytes of a patch, whose hash is approved.

    The end of what is written is kept back while it may be the beginning of a key; `unfinished` says how much of a
    text that is. It goes out with the next text or with `let_go`; a `flush` lets go of fewer than LEAST_HELD
    characters, so that a question is asked whole.
    """

    def __init__(self, stream: TextIO, redact: Callable[[str], str], unfinished: Callable[[str], int]) -> None:
        self._stream = stream
        self._redact = redact
        self._unfinished = unfinished
        self._kept = ""
        self._gone = 0
        """So many characters of `_kept` are out already."""

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        joined = self._kept + text
        safe = self._redact(joined)
        gone = self._gone if safe[: self._gone] == joined[: self._gone] else 0
        out = len(safe) - self._unfinished(safe)
        self._put(safe[gone:out])
        self._kept, self._gone = safe[out:], max(gone - out, 0)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if len(self._kept) < LEAST_HELD:
            self._put(self._kept[self._gone :])
            self._gone = len(self._kept)
        self._stream.flush()

    def let_go(self) -> None:
        """Everything that was written is out."""
        self._put(self._kept[self._gone :])
        self._kept, self._gone = "", 0

    def _put(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def as_they_are(stream: TextIO) -> BinaryIO:
    """Where bytes are written to `stream` without a look at them, behind all text that was written before."""
    if isinstance(stream, RedactingStream):
        stream.let_go()
        stream = stream._stream
    stream.flush()
    return stream.buffer
