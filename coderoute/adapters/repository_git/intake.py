"""From a name the user gave to one commit of a repository we can work with."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from coderoute.adapters.repository_git import layout as places
from coderoute.adapters.repository_git import refs
from coderoute.adapters.repository_git.layout import Layout, Setting
from coderoute.adapters.repository_git.objects import Objects
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import refusal, shown
from coderoute.domain.task import Base, Revision
from coderoute.domain.work import GITLINK
from coderoute.errors import BadInput

_BASE = re.compile(r"(?P<name>.+?)(?P<steps>(?:[~^][0-9]*)*)", re.DOTALL)
_ABBREVIATED = re.compile(r"[0-9a-f]{4,40}")
_PARENT = re.compile(rb"parent ([0-9a-f]{40})\n")
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_MAY_LEAD_OUT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|git|[^\x00-\x7f]", re.IGNORECASE)
"""What `..` and every other name for `.git` has in it; most paths need no closer look."""
_LFS = re.compile(rb"^(?![ \t]*#)[^\n]*[ \t]filter=lfs(?:[ \t\r]|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    oid: str
    tree: str
    parent: str | None
    """The first one, as the commit itself names it."""


def settings(git: SafeGit, layout: Layout) -> tuple[Setting, ...]:
    """The repository's own configuration, includes not followed.

    Raises:
        BadInput: a configuration file does not parse.
    """
    found: list[Setting] = []
    for file in layout.configuration_files:
        try:
            printed = git.run("config", "--file", str(file), "--no-includes", "--list", "-z")
        except GitFailed as failed:
            raise BadInput(f"{file} does not parse: {shown(failed.stderr)}", remedy="repair the file") from failed
        found += places.parse_settings(printed)
    return tuple(found)


def pin(git: SafeGit, objects: Objects, layout: Layout, found: tuple[Setting, ...], base: str | None) -> Base:
    """See ports.Repository.pin. `found` are the repository's `settings`."""
    places.refuse_unsupported(layout, found)
    revision, target = _named(layout, base)
    commit = _commit(git, layout, revision, base)
    _refuse_unsupported_files(objects, commit.tree)
    return Base(
        commit=commit.oid, tree=commit.tree, target=target, repository_id=_repository_id(git, layout, commit.oid)
    )


def revision(git: SafeGit, layout: Layout, found: tuple[Setting, ...], name: str | None) -> Revision:
    """See ports.Repository.revision. `found` are the repository's `settings`."""
    places.refuse_unsupported(layout, found)
    commit = _commit(git, layout, _named(layout, name)[0], name)
    if commit.parent is None:
        return Revision(commit=commit.oid, tree=commit.tree, parent=None, parent_tree=_EMPTY_TREE)
    try:
        parent = _commit(git, layout, commit.parent, None)
    except BadInput as missing:
        raise BadInput(
            f"{commit.parent}, the first parent of {commit.oid}, is not in {layout.root} (a shallow clone?)",
            remedy="fetch it: git fetch --deepen=1",
        ) from missing
    return Revision(commit=commit.oid, tree=commit.tree, parent=parent.oid, parent_tree=parent.tree)


def _named(layout: Layout, base: str | None) -> tuple[str, str | None]:
    """What git shall look up, and the branch that will move at merge."""
    if base is None or base in ("HEAD", "@"):
        return _checked_out(layout)
    match = _BASE.fullmatch(base)
    if match is None or not refs.is_ref_name(match["name"]):
        raise BadInput(f"{shown(base)!r} is not a name of a branch, tag or commit", remedy="see: git branch --list")
    name, steps = match["name"], match["steps"]
    if name in ("HEAD", "@"):
        return _checked_out(layout)[0] + steps, None
    found = _refs_called(layout, name)
    branches = [ref for ref in found if ref.name.startswith("refs/heads/")]
    if len(found) > 1 and branches:
        both = " and ".join(ref.name for ref in found)
        raise BadInput(f"{shown(name)!r} is ambiguous: {both}", remedy=f"name one of them: --base {found[0].name}")
    if found:
        oid = found[0].oid or ""
        return oid + steps, found[0].name if branches and not steps else None
    if _ABBREVIATED.fullmatch(name):
        return name + steps, None
    raise _unknown(layout, base)


def _checked_out(layout: Layout) -> tuple[str, str | None]:
    head = refs.head(layout.git_dir, layout.common_dir)
    if head is None:
        raise BadInput(f"{layout.git_dir / 'HEAD'} is not readable", remedy="check the repository: git fsck")
    if head.oid is None:
        raise BadInput(
            f"{layout.root} has no commit on {shown(head.name.removeprefix('refs/heads/'))}",
            remedy="make a first commit, or name another branch with --base",
        )
    return head.oid, head.name if head.name.startswith("refs/heads/") else None


def _refs_called(layout: Layout, name: str) -> list[refs.Ref]:
    """The refs that git would consider for `name`, tags before branches before remotes."""
    if name.startswith("refs/"):
        candidates = [name]
    else:
        candidates = [f"refs/{name}", f"refs/tags/{name}", f"refs/heads/{name}", f"refs/remotes/{name}"]
    found = [refs.resolve(layout.common_dir, candidate) for candidate in candidates]
    return [ref for ref in found if ref is not None]


def _unknown(layout: Layout, base: str) -> BadInput:
    known = [re.sub(r"^refs/(heads|tags|remotes)/", "", name) for name in refs.names(layout.common_dir)]
    near = difflib.get_close_matches(base, known, n=3, cutoff=0.5)
    remedy = f"did you mean {', '.join(near)}?" if near else "see: git branch --all --list"
    return BadInput(f"{shown(base)!r} is not a branch, tag or commit of {layout.root}", remedy=remedy)


def _commit(git: SafeGit, layout: Layout, revision: str, base: str | None) -> _Commit:
    """The commit behind `revision`, tags followed. Its tree is read from the commit itself, not from any index."""
    printed = git.run("cat-file", "--batch", stdin=f"{revision}^{{commit}}\n".encode())
    header, _, content = printed.partition(b"\n")
    match header.split(b" "):
        case [oid, b"commit", _] if content.startswith(b"tree "):
            parent = _PARENT.match(content, 46)
            first = None if parent is None else parent[1].decode()
            return _Commit(oid=oid.decode(), tree=content[5:45].decode(), parent=first)
    if base is not None and revision == base:
        if b" ambiguous" in git.run("cat-file", "--batch-check", stdin=f"{base}\n".encode()):
            raise BadInput(f"{base!r} is the beginning of more than one commit id", remedy="give more digits")
        raise _unknown(layout, base)
    raise BadInput(
        f"{shown(base or 'HEAD')!r} does not lead to a commit in {layout.root}",
        remedy="name a branch, tag or commit with --base, or check the repository: git fsck",
    )


def _refuse_unsupported_files(objects: Objects, tree: str) -> None:
    files = objects.files(tree)
    for file in files:
        broken = refusal(file.path) if _MAY_LEAD_OUT.search(file.path) else None
        if broken is not None and broken.rule in ("path.traversal", "path.dotgit") and "\\" not in file.path:
            raise BadInput(
                f"the base holds a file that git itself would not write: {broken.detail}",
                remedy="look who made that commit, and remove the file in a commit of your own",
            )
    gitlink = next((file for file in files if file.mode == GITLINK), None)
    if gitlink is not None:
        raise BadInput(
            f"the base has the submodule {shown(gitlink.path)}; submodules are not supported",
            remedy="work in a repository without submodules, e.g. in the submodule's own",
        )
    attributes = [file for file in files if file.path.rpartition("/")[2] == ".gitattributes"]
    contents = objects.read_many([file.oid for file in attributes])
    for file in attributes:
        if _LFS.search(contents[file.oid]):
            raise BadInput(
                f"{shown(file.path)} keeps files in Git LFS (filter=lfs); LFS is not supported",
                remedy="work in a repository without LFS",
            )


def _repository_id(git: SafeGit, layout: Layout, commit: str) -> str:
    if layout.mirror_of is not None:
        return layout.mirror_of
    try:
        printed = git.run("rev-list", "--first-parent", "--max-parents=0", "--max-count=1", commit, "--")
    except GitFailed as failed:
        raise BadInput(
            f"the history of {commit} is no longer whole in {layout.root}: {shown(failed.stderr)}",
            remedy="bring it back: git fetch",
        ) from failed
    return f"{printed.decode().strip()}:{_readable(layout.common_dir)}"


def _readable(path: Path) -> str:
    """`path` as text that can be encoded, also where its bytes are not UTF-8."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
