"""Making trees in our own store: path and type rules first, then objects, then git's own strict check of them."""

import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coderoute.adapters.repository_git.objects import Listing, Objects
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import refusal, shown
from coderoute.domain.snapshot import parents, refuse_unfit, sort_out
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SnapshotFile, TreeFile
from coderoute.errors import Refused

FOLDER_MODE = "40000"
BLOB, TREE = 3, 2
"""Object types as a pack numbers them."""
_TYPE_NAMES = {BLOB: b"blob", TREE: b"tree"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewObject:
    kind: int
    data: bytes

    @property
    def oid(self) -> str:
        header = b"%s %d\0" % (_TYPE_NAMES[self.kind], len(self.data))
        return hashlib.sha1(header + self.data, usedforsecurity=False).hexdigest()


def write_tree(git: SafeGit, objects: Objects, base_tree: str, files: Iterable[SnapshotFile]) -> str:
    """See ports.Repository.write_tree."""
    base = objects.listing(base_tree)
    found = sort_out(base.by_path, base.folders, files)
    changed = _without_ignored(git, objects, base, found.changed)
    refuse_unfit(base.by_path, found.unchanged, changed)
    blobs = [NewObject(kind=BLOB, data=file.data) for file in changed]
    replaced: dict[str, TreeFile | None] = {
        file.path: TreeFile(path=file.path, mode=file.mode, oid=blob.oid, size=len(file.data))
        for file, blob in zip(changed, blobs, strict=True)
    }
    gone = base.by_path.keys() - found.unchanged - replaced.keys()
    replaced |= {path: None for path in gone if base.by_path[path].mode != GITLINK}
    return _store(git, base, replaced, blobs)


def overlay(git: SafeGit, objects: Objects, tree: str, other: str, paths: Sequence[str]) -> str:
    """See ports.Repository.overlay. A path that is a folder in either tree stands for all the files below it."""
    here, there = objects.listing(tree), objects.listing(other)
    replaced: dict[str, TreeFile | None] = {}
    for path in paths:
        replaced |= {name: None for name in here.by_path if name == path or name.startswith(f"{path}/")}
        incoming = {name: file for name, file in there.by_path.items() if name == path or name.startswith(f"{path}/")}
        replaced |= incoming
        if incoming:
            replaced |= {parent: None for parent in parents(path) if parent in here.by_path}
    return _store(git, here, replaced, [])


def _without_ignored(
    git: SafeGit, objects: Objects, base: Listing, changed: Sequence[SnapshotFile]
) -> list[SnapshotFile]:
    """`changed` without the files that the base does not have and its `.gitignore` files cover."""
    new = [file.path for file in changed if file.path not in base.by_path and _may_be_asked_about(file.path)]
    folders = {folder for path in new for folder in ("", *parents(path))}
    rules = [base.by_path[name] for folder in folders if (name := _ignore_file(folder)) in base.by_path]
    rules = [file for file in rules if file.mode in (REGULAR, EXECUTABLE) and _may_be_asked_about(file.path)]
    if not rules:
        return list(changed)
    contents = objects.read_many([file.oid for file in rules])
    with tempfile.TemporaryDirectory(dir=git.store, prefix="ignore-") as place:
        for file in rules:
            copy = Path(place) / file.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(contents[file.oid])
        asked = "".join(f"./{path}\0" for path in new)  # `./`: a path that begins with a colon would be an option
        printed = git.run(
            *("check-ignore", "--no-index", "--stdin", "-z"),
            stdin=asked.encode("utf-8", "surrogateescape"),
            env={"GIT_LITERAL_PATHSPECS": "0"},  # check-ignore refuses to work with it, and matches literally anyway
            work_tree=Path(place),
            may_fail_with=(1,),
        )
    ignored = {path.removeprefix("./") for path in printed.decode("utf-8", "surrogateescape").split("\0")}
    return [file for file in changed if file.path in base.by_path or file.path not in ignored]


def _ignore_file(folder: str) -> str:
    return f"{folder}/.gitignore" if folder else ".gitignore"


def _may_be_asked_about(path: str) -> bool:
    found = refusal(path)
    return found is None or found.rule not in ("path.traversal", "path.dotgit", "path.control", "path.length")


def _store(git: SafeGit, base: Listing, replaced: Mapping[str, TreeFile | None], blobs: Sequence[NewObject]) -> str:
    """The tree that is `base` with `replaced`; its objects and `blobs` are in the store."""
    root, trees = _trees(base, replaced)
    objects = {new.oid: new for new in (*blobs, *trees)}
    if objects:
        try:
            git.run("index-pack", "--strict", "--stdin", stdin=_pack(tuple(objects.values())))
        except GitFailed as failed:
            raise Refused(
                f"object.fsck: git refuses the new objects: {shown(failed.stderr)}", remedy="leave that file out"
            ) from failed
    return root


def _trees(base: Listing, replaced: Mapping[str, TreeFile | None]) -> tuple[str, list[NewObject]]:
    """The root's id and the trees to write: those above a replaced path. The others stay as they are, byte for byte."""
    actual = {path: file for path, file in replaced.items() if base.by_path.get(path) != file}
    if not actual:
        return base.tree, []
    touched = {folder for path in actual for folder in ("", *parents(path))}
    entries: dict[str, list[tuple[str, str, str]]] = {folder: [] for folder in touched}
    for folder, oid in base.folders.items():
        if folder not in touched and _parent(folder) in touched:
            entries[_parent(folder)].append((folder.rpartition("/")[2], FOLDER_MODE, oid))
    files = {path: file for path, file in base.by_path.items() if path not in actual and _parent(path) in touched}
    files |= {path: file for path, file in actual.items() if file is not None}
    for path, file in files.items():
        entries[_parent(path)].append((path.rpartition("/")[2], file.mode, file.oid))
    known = {base.tree, *base.folders.values()}
    written: list[NewObject] = []
    for folder in sorted(touched - {""}, key=lambda name: name.count("/"), reverse=True):
        if entries[folder]:
            tree = _tree(entries[folder])
            entries[_parent(folder)].append((folder.rpartition("/")[2], FOLDER_MODE, tree.oid))
            written.append(tree)
    root = _tree(entries[""])
    return root.oid, [tree for tree in (*written, root) if tree.oid not in known]


def _tree(entries: Iterable[tuple[str, str, str]]) -> NewObject:
    """A tree object of (name, mode, oid), in git's order: a folder sorts as if its name ended in a slash."""
    lines = []
    for name, mode, oid in entries:
        raw = name.encode("utf-8", "surrogateescape")
        key = raw + b"/" if mode == FOLDER_MODE else raw
        lines.append((key, b"%s %s\0%s" % (mode.encode(), raw, bytes.fromhex(oid))))
    return NewObject(kind=TREE, data=b"".join(line for _, line in sorted(lines)))


def _pack(objects: Sequence[NewObject]) -> bytes:
    """A git pack of `objects`, undeltified (gitformat-pack, version 2)."""
    parts = [b"PACK", (2).to_bytes(4, "big"), len(objects).to_bytes(4, "big")]
    for new in objects:
        size = len(new.data)
        byte, size = (new.kind << 4) | (size & 0x0F), size >> 4
        header = bytearray()
        while size:
            header.append(byte | 0x80)
            byte, size = size & 0x7F, size >> 7
        header.append(byte)
        parts += [bytes(header), zlib.compress(new.data, 1)]
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
