"""Branches, tags and HEAD, read from their files: no process, no configuration."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderoute.adapters.repository_git.layout import small_text

MAX_SYMBOLIC_DEPTH = 5
_OID = re.compile(r"[0-9a-f]{40}")
_UNUSABLE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//")


def is_ref_name(name: str) -> bool:
    """Whether `name` may be a branch's or tag's name by git's rules, and does not begin with `-`."""
    if not name or name == "@" or name.startswith(("-", "/")) or name.endswith(("/", ".")) or _UNUSABLE.search(name):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """`oid` is None for the branch of a HEAD that has no commit yet."""

    name: str
    oid: str | None


def resolve(common_dir: Path, name: str) -> Ref | None:
    """The ref that `name` (`refs/...`) finally stands for, symbolic ones followed; None if there is no such ref."""
    for _ in range(MAX_SYMBOLIC_DEPTH):
        text = small_text(common_dir / name)
        if text is None:
            oid = _packed(common_dir).get(name)
            return None if oid is None else Ref(name=name, oid=oid)
        if _OID.fullmatch(text):
            return Ref(name=name, oid=text)
        name = text.removeprefix("ref:").strip()
        if not text.startswith("ref:") or not name.startswith("refs/") or not is_ref_name(name):
            return None
    return None


def head(git_dir: Path, common_dir: Path) -> Ref | None:
    """What is checked out: a branch (perhaps without a commit), or the name `HEAD` for a detached one.

    None when HEAD is not readable.
    """
    text = small_text(git_dir / "HEAD")
    if text is None:
        return None
    if _OID.fullmatch(text):
        return Ref(name="HEAD", oid=text)
    name = text.removeprefix("ref:").strip()
    if not text.startswith("ref:") or not name.startswith("refs/") or not is_ref_name(name):
        return None
    return resolve(common_dir, name) or Ref(name=name, oid=None)


def names(common_dir: Path) -> tuple[str, ...]:
    """Every branch and tag, also remote-tracking ones, as full names, sorted."""
    return tuple(sorted({*_packed(common_dir), *_loose(common_dir)}))


def _packed(common_dir: Path) -> dict[str, str]:
    try:
        text = (common_dir / "packed-refs").read_bytes().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = {}
    for line in text.split("\n"):
        oid, _, name = line.partition(" ")
        if _OID.fullmatch(oid) and name.startswith("refs/"):
            found[name] = oid
    return found


def _loose(common_dir: Path) -> Iterator[str]:
    for kind in ("heads", "tags", "remotes"):
        for folder, _, files in os.walk(common_dir / "refs" / kind):
            for file in files:
                yield (Path(folder) / file).relative_to(common_dir).as_posix()
