"""Reads a tar file of unknown honesty, member by member, in memory that does not depend on what it claims.

The standard library's reader trusts the sizes that extended headers claim, knows dialects that no tar of ours writes,
and passes silently over what it cannot parse. This one knows what GNU tar writes with `--format=pax`, no more.
"""

import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

BLOCK = 512
EMPTY_BLOCK = bytes(BLOCK)
MAX_HEADER_BYTES = 64_000
"""Of an extended header: a path and a link of 4,096 bytes each have ample room."""

FILE, LINK, SYMBOLIC_LINK, FOLDER = b"0", b"1", b"2", b"5"
OTHER_KINDS = (b"3", b"4", b"6")
"""Devices and pipes: named, and without content."""
EXTENDED, EXTENDED_FOR_ALL = b"x", b"g"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`read` gives the content, once, before the next member is asked for; unread content is passed over."""

    path: str
    kind: bytes
    mode: int
    target: str
    size: int
    read: Callable[[], bytes]


def members(chunks: Iterable[bytes], *, limit: int) -> Iterator[Member]:
    """Every member, in order.

    Raises:
        TooLong: there are more than `limit` bytes.
        tarfile.ReadError: it breaks off, or is nothing that our tar writes.
    """
    stream = _Stream(chunks, limit)
    extended: dict[bytes, bytes] = {}
    while (header := stream.take(BLOCK)) != EMPTY_BLOCK:
        _check_sum(header)
        kind, size = header[156:157], _number(header[124:136])
        if kind in (EXTENDED, EXTENDED_FOR_ALL):
            if size > MAX_HEADER_BYTES:
                raise tarfile.ReadError(f"an extended header claims {size} bytes")
            records = _records(stream.take_padded(size))
            extended = records if kind == EXTENDED else extended
            continue
        size = _decimal(extended[b"size"]) if b"size" in extended else size
        if kind not in (FILE, LINK, SYMBOLIC_LINK, FOLDER, *OTHER_KINDS):
            raise tarfile.ReadError(f"a member is of the unknown kind {kind!r}")
        content = _Content(stream, size if kind == FILE else 0)
        yield Member(
            path=_text(extended.get(b"path") or _name(header)),
            kind=kind,
            mode=_number(header[100:108]),
            target=_text(extended.get(b"linkpath") or _until_zero(header[157:257])),
            size=content.size,
            read=content.read,
        )
        content.pass_over()
        extended = {}
    stream.expect_only_zeros()


class TooLong(Exception):
    """More bytes came than may."""


class _Content:
    def __init__(self, stream: "_Stream", size: int) -> None:
        self._stream = stream
        self._left = True
        self.size = size

    def read(self) -> bytes:
        self._left = False
        return self._stream.take_padded(self.size)

    def pass_over(self) -> None:
        if self._left:
            self._stream.skip(self.size + -self.size % BLOCK)


class _Stream:
    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = iter(chunks)
        self._limit = limit
        self._taken = 0
        self._waiting = bytearray()

    def take(self, size: int) -> bytes:
        if self._taken + size > self._limit:
            raise TooLong
        while len(self._waiting) < size:
            if not self._more():
                raise tarfile.ReadError("the archive breaks off")
        data = bytes(memoryview(self._waiting)[:size])
        del self._waiting[:size]
        self._taken += size
        return data

    def take_padded(self, size: int) -> bytes:
        data = self.take(size)
        self.take(-size % BLOCK)
        return data

    def skip(self, size: int) -> None:
        while size > 0:
            size -= len(self.take(min(size, 1 << 20)))

    def expect_only_zeros(self) -> None:
        """A second empty block and padding may follow; anything else shows that something was lost."""
        while True:
            if self._waiting.strip(b"\0"):
                raise tarfile.ReadError("the archive is damaged")
            self._taken += len(self._waiting)
            if self._taken > self._limit:
                raise TooLong
            self._waiting.clear()
            if not self._more():
                return

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._waiting += chunk
        return True


def _check_sum(header: bytes) -> None:
    if sum(header) - sum(header[148:156]) + 8 * 32 != _number(header[148:156]):
        raise tarfile.ReadError("a header's checksum is wrong")


def _number(field: bytes) -> int:
    """Octal digits; a size too large for them comes in the extended header."""
    digits = field.strip(b" \0")
    if not all(48 <= digit < 56 for digit in digits):
        raise tarfile.ReadError(f"{digits[:12]!r} is no octal number")
    return int(digits or b"0", 8)


def _decimal(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 18:
        raise tarfile.ReadError(f"{digits[:20]!r} is no number")
    return int(digits)


def _records(data: bytes) -> dict[bytes, bytes]:
    """`LENGTH NAME=VALUE` lines, where LENGTH counts the whole line."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        length = _decimal(data[at : data.find(b" ", at, at + 8)])
        line = data[at : at + length]
        name, equals, value = line.partition(b" ")[2].partition(b"=")
        if len(line) != length or not equals or not value.endswith(b"\n"):
            raise tarfile.ReadError("an extended header does not parse")
        if name.startswith(b"GNU.sparse") or b"\0" in value:
            raise tarfile.ReadError("an extended header says what our tar does not")
        found[name] = value[:-1]
        at += length
    return found


def _name(header: bytes) -> bytes:
    name, prefix = _until_zero(header[:100]), _until_zero(header[345:500])
    return prefix + b"/" + name if prefix else name


def _until_zero(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
