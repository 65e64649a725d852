"""Tar files: what a checkout holds, and the files that come out of a sandbox, within limits and never extracted."""

import io
import posixpath
import tarfile
from collections.abc import Iterable, Iterator

from coderoute.domain.work import EXECUTABLE, REGULAR, SYMLINK, SnapshotFile
from coderoute.errors import Refused

MAX_STREAM_BYTES = 512_000_000
MAX_ENTRIES = 200_000
MAX_PATH_BYTES = 1024
MAX_DEPTH = 64


def names_in(checkout_tar: bytes) -> frozenset[str]:
    """The paths of every file and symlink."""
    with tarfile.open(fileobj=io.BytesIO(checkout_tar), mode="r:") as archive:
        return frozenset(_plain(member.name) for member in archive if not member.isdir())


def with_folders(paths: Iterable[str]) -> frozenset[str]:
    """The paths and every folder above them."""
    found: set[str] = set()
    for path in paths:
        while path and path not in found:
            found.add(path)
            path = posixpath.dirname(path)
    return frozenset(found)


def files_in(chunks: Iterable[bytes], *, left_by_setup: frozenset[str]) -> Iterator[SnapshotFile]:
    """The regular files and symlinks of a tar file that arrives in `chunks`, in its order, without `.git` and without
    what is, or is below, a path of `left_by_setup`. Other kinds of members are passed over.

    Raises:
        Refused: more or larger files than may be taken out, or a name that is not UTF-8.
        tarfile.TarError: the stream breaks off or is no tar file.
    """
    entries = total_bytes = 0
    with tarfile.open(fileobj=_Pipe(chunks), mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # it would keep all it has seen
            entries += 1
            total_bytes += member.size
            if entries > MAX_ENTRIES:
                raise _refusal("snapshot.entries", f"the sandbox holds more than {MAX_ENTRIES} files")
            if total_bytes > MAX_STREAM_BYTES:
                raise _too_large()
            path = _plain(member.name)
            if _is_below(path, left_by_setup) or _is_below(path, frozenset({".git"})):
                continue
            if member.issym():
                _check_path(path)
                yield SnapshotFile(path=path, mode=SYMLINK, data=_utf8(member.linkname))
            elif member.isreg():
                _check_path(path)
                content = archive.extractfile(member)
                data = content.read() if content else b""
                yield SnapshotFile(path=path, mode=EXECUTABLE if member.mode & 0o100 else REGULAR, data=data)
        _expect_only_padding(archive)


def _expect_only_padding(archive: tarfile.TarFile) -> None:
    """A header that is none ends an archive silently; what follows it shows that something was lost."""
    stream = archive.fileobj
    while stream is not None and (block := stream.read(tarfile.RECORDSIZE)):
        if block.strip(b"\0"):
            raise tarfile.ReadError("the archive is damaged")


def _check_path(path: str) -> None:
    length = len(_utf8(path))
    if length > MAX_PATH_BYTES:
        raise _refusal("path.length", f"the path {path[:60]!r}... has {length} bytes; the limit is {MAX_PATH_BYTES}")
    if path.count("/") >= MAX_DEPTH:
        raise _refusal("path.depth", f"the path {path[:60]!r}... is more than {MAX_DEPTH} levels deep")


def _utf8(name: str) -> bytes:
    try:
        return name.encode()
    except UnicodeEncodeError:
        raise _refusal("path.encoding", f"the file name {name!r} is not UTF-8") from None


def _is_below(path: str, folders: frozenset[str]) -> bool:
    """Whether `path` or one of the folders it is in is one of `folders`."""
    while path:
        if path in folders:
            return True
        path = posixpath.dirname(path)
    return False


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _refusal(rule: str, problem: str) -> Refused:
    return Refused(f"{rule}: {problem}", remedy="the change cannot be taken out of the sandbox as it is")


def _too_large() -> Refused:
    return _refusal("snapshot.size", f"the sandbox holds more than {MAX_STREAM_BYTES // 1_000_000} MB of files")


class _Pipe(io.RawIOBase):
    """Chunks as a file to read once, no longer than MAX_STREAM_BYTES."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting = bytearray()
        self._total = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._waiting) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._total += len(chunk)
            if self._total > MAX_STREAM_BYTES:
                raise _too_large()
            self._waiting += chunk
        end = len(self._waiting) if size < 0 else size
        data = bytes(self._waiting[:end])
        del self._waiting[:end]
        return data
