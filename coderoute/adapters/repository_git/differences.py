"""What differs between two trees: as values for the rules, and as the patch text that people approve."""

from coderoute.adapters.repository_git.objects import checked
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.domain.work import FileChange
from coderoute.errors import BadInput

_BOTH = (
    *("diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index", "--no-color"),
    *("--diff-algorithm=histogram", "--indent-heuristic", "--no-relative"),
)
_PATCH = ("-p", "--binary", "--unified=3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")


def changes(git: SafeGit, base_tree: str, tree: str) -> tuple[FileChange, ...]:
    """See ports.Repository.changes. Sorted by path."""
    printed = _compared(git, "-z", "--raw", "--numstat", base_tree=base_tree, tree=tree)
    fields = iter(printed.decode("utf-8", "surrogateescape").split("\0"))
    raw: dict[str, list[str]] = {}
    counts: dict[str, tuple[str, str]] = {}
    for field in fields:
        if field.startswith(":"):
            raw[next(fields)] = field[1:].split(" ")
        elif field:
            added, removed, path = field.split("\t", 2)
            counts[path] = (added, removed)
    return tuple(_change(path, raw[path], *counts[path]) for path in sorted(raw))


def _change(path: str, description: list[str], added: str, removed: str) -> FileChange:
    old_mode, new_mode, old_oid, new_oid, _ = description
    binary = added == "-"
    return FileChange(
        path=path,
        old_mode=old_mode,
        new_mode=new_mode,
        old_oid=old_oid,
        new_oid=new_oid,
        added=0 if binary else int(added),
        removed=0 if binary else int(removed),
        binary=binary,
    )


def diff(git: SafeGit, base_tree: str, tree: str) -> bytes:
    """See ports.Repository.diff."""
    return _compared(git, *_PATCH, base_tree=base_tree, tree=tree)


def _compared(git: SafeGit, *how: str, base_tree: str, tree: str) -> bytes:
    try:
        return git.run(*_BOTH, *how, checked(base_tree), checked(tree))
    except GitFailed as failed:
        raise BadInput(
            f"the trees {base_tree} and {tree} cannot be compared: {shown(failed.stderr)}",
            remedy="check the repository: git fsck",
        ) from failed
