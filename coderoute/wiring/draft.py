"""A repository's first settings file: looks at the work tree as it lies there, runs nothing of it, writes one file."""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderoute.errors import BadInput, Refused
from coderoute.settings import RepositoryFiles, load
from coderoute.settings.detect import Detection, Files, detect, worth_reading
from coderoute.settings.draft import draft

NAME = "coderoute.toml"
MAX_TEXT_BYTES = 1 << 20
MAX_PATHS = 50_000
DEPTH = 8
LEFT_OUT = frozenset({
    ".git", ".hg", ".venv", "venv", ".tox", ".nox", ".eggs", "node_modules", "__pycache__", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", "target", ".gradle", ".idea", ".next", ".yarn",
})  # fmt: skip
"""Folders of tools: what lies in them is not the repository's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was written, and why. `framework` is whose report tells of each test, None without a test command."""

    path: Path
    found: Detection
    framework: str | None
    replaced: bool
    """Whether there was such a file before."""


def write_draft(repo: Path, *, replace: bool) -> Draft:
    """Write coderoute.toml at the top of the repository's work tree.

    Raises:
        BadInput: no repository, or the file cannot be written.
        Refused: there are settings already, and `replace` is not set.
    """
    from coderoute.adapters.repository_git.layout import find

    place = find(repo)
    path = place.root / NAME
    files = look(place.root, last_release(place.common_dir))
    there = os.path.lexists(path)
    if not replace:
        refuse_to_replace(path, there, files)
    found = detect(files)
    text = draft(found)
    # what we write must load again: a mistake in it would stop every run, and tell of it only then
    written = load(environ={"CODEROUTE_CONFIG_DIR": os.devnull}, files=RepositoryFiles(coderoute_toml=text))
    write(path, text)
    has_tests = found.first is not None and found.first.command is not None
    return Draft(path=path, found=found, framework=written.test.framework if has_tests else None, replaced=there)


def refuse_to_replace(path: Path, there: bool, files: Files) -> None:
    if there:
        raise Refused(f"{path} is there already; nothing was changed", remedy="edit it, or replace it: --force")
    if re.search(r"(?m)^\s*\[tool\.coderoute\b", files.text("pyproject.toml")):
        raise Refused(
            "pyproject.toml has settings in [tool.coderoute], which a coderoute.toml would put out of use; "
            "nothing was changed",
            remedy="edit them there, or write the file all the same: --force",
        )


def look(root: Path, version: str | None) -> Files:
    """The work tree's regular files, and the texts of those that tell something. Links are not followed."""
    paths = frozenset(walk(root))
    texts = {path: text for path in worth_reading(paths) if (text := read(root / path)) is not None}
    return Files(paths=paths, texts=texts, version=version)


def walk(root: Path) -> Iterator[str]:
    count = 0
    for folder, folders, names in os.walk(root):
        inner = os.path.relpath(folder, root)
        start = "" if inner == os.curdir else f"{inner}/"
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT) if start.count("/") < DEPTH else []
        for name in sorted(names):
            count += 1
            if count > MAX_PATHS:
                return
            yield f"{start}{name}"


def read(path: Path) -> str | None:
    """The file's text; None if it is no regular file, too large or not readable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(MAX_TEXT_BYTES + 1)
    return None if len(data) > MAX_TEXT_BYTES else data.decode("utf-8", "replace")


def last_release(git_dir: Path) -> str | None:
    """The highest version among the tags, read from git's own files."""
    names = re.findall(r"(?m)^[0-9a-f]+ refs/tags/(\S+)$", read(git_dir / "packed-refs") or "")
    tags = git_dir / "refs" / "tags"
    names += [tag.name for tag in tags.iterdir()] if tags.is_dir() else []
    versions = [match.group(1) for name in names if (match := re.fullmatch(r"v?(\d{1,6}(?:\.\d{1,6}){1,3})", name))]
    return max(versions, key=lambda version: [int(part) for part in version.split(".")], default=None)


def write(path: Path, text: str) -> None:
    """Put the file there whole. A link in its place is replaced, not followed."""
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        waiting.write_text(text, encoding="utf-8")
        waiting.replace(path)
    except OSError as error:
        waiting.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {error.strerror}", remedy="make the folder writable, or name another --repo"
        ) from error
