"""Tar files: what a checkout holds, and the files that come out of a sandbox, within limits and never extracted."""

import io
import posixpath
import tarfile
from collections.abc import Iterable, Iterator

from coderoute.adapters.sandbox_docker import tar_stream
from coderoute.domain.paths import shown
from coderoute.domain.work import EXECUTABLE, REGULAR, SYMLINK, SnapshotFile
from coderoute.errors import Refused

MAX_STREAM_BYTES = 512_000_000
MAX_FILE_BYTES = 128_000_000
"""One file is held in memory while it is looked at."""
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
        Refused: more, larger or deeper files than may be taken out, or a name that is not UTF-8.
        tarfile.TarError: the stream breaks off or is no tar file.
    """
    entries = total_bytes = 0
    try:
        for member in tar_stream.members(chunks, limit=MAX_STREAM_BYTES):
            entries += 1
            total_bytes += member.size
            if entries > MAX_ENTRIES:
                raise _refusal("snapshot.entries", f"the sandbox holds more than {MAX_ENTRIES} files")
            if total_bytes > MAX_STREAM_BYTES:
                raise _too_large()
            # Before anything else looks at the path: folders can be nested ten thousands deep.
            path = _plain(member.path)
            _check_extent(path)
            if _is_below(path, left_by_setup) or _is_below(path, frozenset({".git"})):
                continue
            if member.kind == tar_stream.SYMBOLIC_LINK:
                _utf8(path)
                yield SnapshotFile(path=path, mode=SYMLINK, data=_utf8(member.target))
            elif member.kind == tar_stream.FILE:
                _utf8(path)
                if member.size > MAX_FILE_BYTES:
                    raise _refusal("snapshot.file", f"{shown(path)} has more than {MAX_FILE_BYTES // 1_000_000} MB")
                yield SnapshotFile(path=path, mode=EXECUTABLE if member.mode & 0o100 else REGULAR, data=member.read())
    except tar_stream.TooLong:
        raise _too_large() from None


def _check_extent(path: str) -> None:
    """Refuses a path that is too long or too deep."""
    # UTF-8 has a byte or more for each character.
    length = len(path) if len(path) > MAX_PATH_BYTES else len(path.encode("utf-8", "surrogateescape"))
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
    return name.removeprefix("./").rstrip("/")


def _refusal(rule: str, problem: str) -> Refused:
    return Refused(f"{rule}: {problem}", remedy="the change cannot be taken out of the sandbox as it is")


def _too_large() -> Refused:
    return _refusal("snapshot.size", f"the sandbox holds more than {MAX_STREAM_BYTES // 1_000_000} MB of files")
