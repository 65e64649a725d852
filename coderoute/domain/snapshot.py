"""Which files of a sandbox become a tree: what is unchanged, what is left behind, what no tree of ours may hold."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from coderoute.domain.paths import leftover, refusal, shown
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK, SnapshotFile, TreeFile
from coderoute.errors import Refused

MAX_PROBLEMS_SHOWN = 10


def blob_oid(data: bytes) -> str:
    """The id that git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """`unchanged` paths are in the snapshot as the base has them; `changed` files are new or different."""

    unchanged: frozenset[str]
    changed: tuple[SnapshotFile, ...]


def sort_out(base: Mapping[str, TreeFile], folders: Collection[str], files: Iterable[SnapshotFile]) -> Sorted:
    """The snapshot `files` against `base` (by path, with its `folders`). Leftovers that the base does not have, and
    anything below `.git`, are in neither group."""
    unchanged: set[str] = set()
    changed: list[SnapshotFile] = []
    for file in files:
        known = base.get(file.path)
        if known is None:
            if not _is_left_behind(folders, file.path):
                changed.append(file)
        elif _same_kind(known.mode, file.mode) and known.size == len(file.data) and known.oid == blob_oid(file.data):
            unchanged.add(file.path)
        else:
            changed.append(file)
    return Sorted(unchanged=frozenset(unchanged), changed=tuple(changed))


def refuse_unfit(base: Mapping[str, TreeFile], unchanged: Collection[str], changed: Sequence[SnapshotFile]) -> None:
    """Raises Refused, with the rule and name of each, if any of `changed` may not stand in a tree."""
    problems = [problem for file in changed if (problem := _problem(base, file)) is not None]
    gitlinks = {path for path, file in base.items() if file.mode == GITLINK}
    paths = {*unchanged, *gitlinks, *(file.path for file in changed)}
    for file in changed:
        above = next((folder for folder in parents(file.path) if folder in paths), None)
        if above is not None:
            problems.append(f"path.collision: {shown(file.path)} lies below the file {shown(above)}")
    if len({file.path for file in changed}) < len(changed):
        problems.append("path.collision: the same path comes twice")
    if problems:
        more = len(problems) - MAX_PROBLEMS_SHOWN
        told = problems[:MAX_PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise Refused("; ".join(told), remedy="remove these files, or make them plain files with plain names")


def parents(path: str) -> tuple[str, ...]:
    """Every folder above `path` but the top, nearest last."""
    components = path.split("/")
    return tuple("/".join(components[:depth]) for depth in range(1, len(components)))


def _is_left_behind(folders: Collection[str], path: str) -> bool:
    if ".git" in path.split("/"):
        return True
    part = leftover(path)
    return part is not None and part not in folders


def _same_kind(known: str, given: str) -> bool:
    """Old repositories also have 100664; of a regular file only the owner's x bit counts."""
    if not (known.startswith("100") and given in (REGULAR, EXECUTABLE)):
        return known == given
    return (int(known, 8) & 0o100 != 0) == (given == EXECUTABLE)


def _problem(base: Mapping[str, TreeFile], file: SnapshotFile) -> str | None:
    found = refusal(file.path)
    if found is not None:
        return f"{found.rule}: {found.detail}"
    known = base.get(file.path)
    if file.mode == SYMLINK:
        return f"type.symlink: {shown(file.path)} is a {'new' if known is None else 'changed'} symlink"
    if file.mode not in (REGULAR, EXECUTABLE):
        return f"type.mode: {shown(file.path)} has the mode {shown(file.mode)}"
    if known is not None and not known.mode.startswith("100"):
        kind = "submodule" if known.mode == GITLINK else "symlink"
        return f"type.change: {shown(file.path)} was a {kind} and is a file now"
    return None
