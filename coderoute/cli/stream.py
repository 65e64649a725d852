"""A terminal's stream that prints no key."""

from collections.abc import Callable, Iterable
from typing import Any, TextIO


class RedactingStream:
    """Text goes through `redact`; bytes written to its `buffer` (a patch, whose hash is approved) pass as they are.

    A key that is written in two pieces would pass too: whoever prints, prints whole lines.
    """

    def __init__(self, stream: TextIO, redact: Callable[[str], str]) -> None:
        self._stream = stream
        self._redact = redact

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._stream.write(self._redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)
