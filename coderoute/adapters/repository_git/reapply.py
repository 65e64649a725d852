"""A change made on one tree, carried over to another: git's three-way merge of trees, in our own store."""

from dataclasses import replace

from coderoute.adapters.repository_git.objects import Objects, checked
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.adapters.repository_git.trees import overlay
from coderoute.domain.paths import shown
from coderoute.errors import BadInput
from coderoute.ports import Reapplied

NOBODY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "coderoute"), ("EMAIL", "coderoute@localhost"), ("DATE", "@0 +0000"))
}
"""Of commits that nobody ever sees: `merge-tree` takes commits only, and finds the merge base by their parents."""


def reapply(git: SafeGit, objects: Objects, base_tree: str, tree: str, onto_tree: str) -> Reapplied:
    """See ports.Repository.reapply."""
    try:
        base = _commit(git, base_tree)
        ours, theirs = _commit(git, tree, base), _commit(git, onto_tree, base)
        printed = replace(git, config=(*git.config, "merge.directoryRenames=false")).run(
            *("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs),
            may_fail_with=(1,),  # there are conflicts
        )
    except GitFailed as failed:
        raise BadInput(
            f"git cannot carry the change over to the tree {onto_tree}: {shown(failed.stderr)}",
            remedy="git 2.38 or newer can; if yours is, check the repository: git fsck",
        ) from failed
    merged, *conflicts = printed.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
    if not conflicts:
        return Reapplied(tree=merged, conflicts=())
    # git leaves both sides in such a file, with marks between them
    return Reapplied(tree=overlay(git, objects, merged, onto_tree, conflicts), conflicts=tuple(sorted(set(conflicts))))


def _commit(git: SafeGit, tree: str, parent: str | None = None) -> str:
    parents = () if parent is None else ("-p", parent)
    return git.run("commit-tree", checked(tree), *parents, stdin=b"\n", env=NOBODY).decode().strip()
