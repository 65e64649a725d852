"""The beginning and the end of an output of any length, in bounded memory."""


class Capture:
    """Keeps the first and the last half of `limit` bytes; `total` counts all."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    @property
    def truncated(self) -> bool:
        return self.total > 2 * self._half

    def output(self) -> bytes:
        """What was kept, with a line that tells how many bytes are missing where some are."""
        if not self.truncated:
            return bytes(self._head + self._tail)
        gap = self.total - 2 * self._half
        return bytes(self._head) + b"\n[... %d bytes left out ...]\n" % gap + bytes(self._tail[-self._half :])
