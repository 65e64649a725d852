"""Files that git would not write byte for byte: filters, encodings, `$Id$`, line ends. Those are left to git."""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from coderoute.adapters.repository_git.identity import UserConfiguration
from coderoute.adapters.repository_git.layout import Layout
from coderoute.adapters.repository_git.objects import Objects
from coderoute.adapters.repository_git.safe_git import SafeGit, open_store
from coderoute.domain.paths import refusal, shown
from coderoute.domain.work import EXECUTABLE, REGULAR, FileChange

_ATTRIBUTES = ("filter", "ident", "working-tree-encoding", "text", "crlf", "eol")
_NOT_GIVEN = ("unspecified", "unset")


def converted(
    git: SafeGit,
    objects: Objects,
    layout: Layout,
    user: UserConfiguration,
    *,
    tree: str,
    changes: Iterable[FileChange],
    blobs: Mapping[str, bytes],
) -> str | None:
    """A sentence about a changed file that git would convert in the user's work tree, None if there is none."""
    written = [change for change in changes if not change.deleted]
    attributes = _attributes(git, objects, layout, user, tree, [change.path for change in written])
    for change in written:
        why = _conversion(attributes[change.path], blobs[change.new_oid], user)
        if why is not None:
            return f"{shown(change.path)} is converted by git when it is checked out ({why})"
    return None


def _conversion(attributes: Mapping[str, str], data: bytes, user: UserConfiguration) -> str | None:
    for name in ("filter", "ident", "working-tree-encoding"):
        if attributes[name] not in _NOT_GIVEN:
            return f"attribute {name}"
    if attributes["text"] == "unset" or (attributes["text"] == "unspecified" and attributes["crlf"] == "unset"):
        return None
    if attributes["eol"] == "crlf":
        return "attribute eol=crlf"
    autocrlf = (user.get("core", "autocrlf") or "false").lower()
    is_text = any(attributes[name] not in _NOT_GIVEN for name in ("text", "crlf", "eol"))
    if attributes["eol"] == "unspecified":
        if autocrlf in ("true", "yes", "on", "1"):
            return "core.autocrlf"
        if is_text and (user.get("core", "eol") or "").lower() == "crlf" and autocrlf != "input":
            return "core.eol"
    if b"\r" in data and (is_text or autocrlf == "input"):
        return "carriage returns in a text file"
    return None


def _attributes(
    git: SafeGit, objects: Objects, layout: Layout, user: UserConfiguration, tree: str, paths: list[str]
) -> dict[str, dict[str, str]]:
    """What git's attributes say of each path: those of `tree`, of the repository's info folder, of the user and of
    the system. They are only looked up; no driver is known here."""
    if not paths:
        return {}
    asking = _asking_git(git, layout, user)
    files = [
        file
        for file in objects.files(tree)
        if file.path.rpartition("/")[2] == ".gitattributes"
        and file.mode in (REGULAR, EXECUTABLE)
        and refusal(file.path) is None
    ]
    contents = objects.read_many([file.oid for file in files])
    with tempfile.TemporaryDirectory(dir=git.store, prefix="attributes-") as place:
        for file in files:
            copy = Path(place) / file.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(contents[file.oid])
        printed = asking.run(
            *("check-attr", "--stdin", "-z", *_ATTRIBUTES),
            stdin="\0".join(paths).encode("utf-8", "surrogateescape") + b"\0",
            env={"GIT_ATTR_NOSYSTEM": "0"},
            work_tree=Path(place),
        )
    found: dict[str, dict[str, str]] = {path: {} for path in paths}
    fields = printed.decode("utf-8", "surrogateescape").split("\0")
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        found[path][name] = value
    return found


def _asking_git(git: SafeGit, layout: Layout, user: UserConfiguration) -> SafeGit:
    """git in a store without our own attributes, but with the repository's and the user's."""
    asking = open_store(git.store / "attributes.git", layout.objects)
    own = asking.store / "info" / "attributes"
    theirs = layout.common_dir / "info" / "attributes"
    if theirs.is_file():
        shutil.copyfile(theirs, own)
    else:
        own.unlink()
    default = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git" / "attributes"
    named = user.get("core", "attributesfile")
    file = Path(named).expanduser() if named else default
    return dataclasses.replace(asking, config=(f"core.attributesFile={file}",))
