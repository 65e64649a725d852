"""Our own writer of work tree files: whole files by rename, no symlink followed on the way, no filter, no hook."""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from coderoute.domain.snapshot import blob_oid
from coderoute.domain.work import EXECUTABLE, SYMLINK, FileChange

ABSENT = "000000"
_UNFINISHED = re.compile(r"\.coderoute-[0-9a-f]{12}\.tmp")


class State(Enum):
    """What a work tree has at a changed path."""

    OLD = "as the base has it"
    NEW = "as the new tree has it"
    OTHER = "something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    kind: int
    """stat.S_IFREG, S_IFLNK, S_IFDIR or another."""
    executable: bool
    oid: str | None


class WorkTree:
    """The files below `root`. `trusts_mode` is core.fileMode: whether the x bit of the file system means anything."""

    def __init__(self, root: Path, changes: tuple[FileChange, ...], *, trusts_mode: bool) -> None:
        self._root = root
        self._changes = changes
        self._trusts_mode = trusts_mode
        self._removed = frozenset(change.path for change in changes if change.deleted)
        self._added = frozenset(change.path for change in changes if change.created)

    def states(self) -> dict[str, State]:
        """By path. Raises OSError when a file cannot be read."""
        with self._opened() as root:
            return {change.path: self._state(root, change) for change in self._changes}

    def follow(self, blobs: Mapping[str, bytes]) -> tuple[str, ...]:
        """Bring every changed path that is as the base has it to its new content.

        Returns:
            The paths that were left alone, because something else is there.

        Raises:
            OSError: a file could not be written; what is done is whole, and the rest can be done by repeating.
        """
        left = []
        with self._opened() as root:
            for change in sorted(self._changes, key=lambda change: not change.deleted):
                state = self._state(root, change)
                if state is State.OTHER:
                    left.append(change.path)
                elif change.deleted:
                    if state is State.OLD:
                        _remove(root, change.path)
                    _prune(root, change.path)  # also after a merge that was killed in between
                elif state is State.OLD:
                    _write(root, change.path, blobs[change.new_oid], change.new_mode == EXECUTABLE)
        return tuple(left)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield root
        finally:
            os.close(root)

    def _state(self, root: int, change: FileChange) -> State:
        found = self._look(root, change.path)
        if self._is(found, change.path, change.new_mode, change.new_oid, hidden_by=self._added):
            return State.NEW
        if self._is(found, change.path, change.old_mode, change.old_oid, hidden_by=self._removed):
            return State.OLD
        return State.OTHER

    def _is(self, found: _Found | None, path: str, mode: str, oid: str, *, hidden_by: frozenset[str]) -> bool:
        if mode == ABSENT:
            return found is None or (found.kind == stat.S_IFDIR and self._holds_only(path, hidden_by))
        if found is None or found.oid != oid:
            return False
        if mode == SYMLINK:
            return found.kind == stat.S_IFLNK
        same_bit = not self._trusts_mode or found.executable == (mode == EXECUTABLE)
        return found.kind == stat.S_IFREG and same_bit

    def _holds_only(self, folder: str, paths: frozenset[str]) -> bool:
        """Whether the folder has files, and all of them are among `paths`: it then stands or falls with them."""
        there = [
            (Path(place) / name).relative_to(self._root).as_posix()
            for place, folders, names in os.walk(self._root / folder)
            for name in (*names, *(entry for entry in folders if (Path(place) / entry).is_symlink()))
            if not _UNFINISHED.fullmatch(name)
        ]
        return all(path in paths for path in there) and any(path.startswith(f"{folder}/") for path in paths)

    def _look(self, root: int, path: str) -> _Found | None:
        """What is at `path`, None if nothing is, or if a file that this change removes stands where a folder will."""
        *folders, name = path.split("/")
        with contextlib.ExitStack() as stack:
            at = root
            for depth, folder in enumerate(folders, start=1):
                try:
                    at = stack.enter_context(_folder(at, folder))
                except FileNotFoundError:
                    return None
                except OSError:  # a file or a symlink
                    if "/".join(folders[:depth]) in self._removed:
                        return None
                    return _Found(kind=0, executable=False, oid=None)
            return _look_in(at, name)


def _look_in(folder: int, name: str) -> _Found | None:
    try:
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    kind = stat.S_IFMT(about.st_mode)
    oid = None
    if kind == stat.S_IFREG:
        with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb") as file:
            oid = blob_oid(file.read())
    elif kind == stat.S_IFLNK:
        oid = blob_oid(os.fsencode(os.readlink(name, dir_fd=folder)))
    return _Found(kind=kind, executable=about.st_mode & 0o100 != 0, oid=oid)


@contextlib.contextmanager
def _folder(parent: int, name: str) -> Iterator[int]:
    opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        yield opened
    finally:
        os.close(opened)


def _write(root: int, path: str, data: bytes, executable: bool) -> None:
    *folders, name = path.split("/")
    with contextlib.ExitStack() as stack:
        at = root
        for folder in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, dir_fd=at)
            at = stack.enter_context(_folder(at, folder))
        unfinished = f".coderoute-{blob_oid(os.fsencode(name))[:12]}.tmp"
        with contextlib.suppress(FileNotFoundError):  # of a merge that was killed here
            os.unlink(unfinished, dir_fd=at)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(unfinished, flags, 0o777 if executable else 0o666, dir_fd=at), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=at)
            raise


def _remove(root: int, path: str) -> None:
    *folders, name = path.split("/")
    with contextlib.ExitStack() as stack:
        at = root
        for folder in folders:
            at = stack.enter_context(_folder(at, folder))
        os.unlink(name, dir_fd=at)


def _prune(root: int, path: str) -> None:
    """Remove the folders above `path` that are empty."""
    folders = path.split("/")[:-1]
    with contextlib.ExitStack() as stack:
        opened = [root]
        with contextlib.suppress(OSError):  # the deeper ones may be gone already
            for folder in folders:
                opened.append(stack.enter_context(_folder(opened[-1], folder)))
        with contextlib.suppress(OSError):  # it holds something
            for parent, folder in reversed(list(zip(opened, folders, strict=False))):
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(folder, dir_fd=parent)
