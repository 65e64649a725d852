"""A patch of somebody else's, applied to a private index in our own store: no file of it is ever written."""

import tempfile

from coderoute.adapters.repository_git.objects import checked
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.errors import BadInput

MAX_ALLOCATION = "256m"
"""Of any one piece of memory that git takes: a patch may claim to unpack to more than there is."""


def apply_patch(git: SafeGit, base_tree: str, patch: bytes) -> str:
    """See ports.Repository.apply_patch."""
    with tempfile.TemporaryDirectory(dir=git.store, prefix="apply-") as place:
        env = {"GIT_INDEX_FILE": f"{place}/index", "GIT_ALLOC_LIMIT": MAX_ALLOCATION}
        try:
            git.run("read-tree", checked(base_tree), env=env)
        except GitFailed as failed:
            raise BadInput(
                f"git cannot read the tree {base_tree}: {shown(failed.stderr)}",
                remedy="check the repository: git fsck",
            ) from failed
        try:
            git.run("apply", "--cached", "-p1", "--whitespace=nowarn", "-", stdin=patch, env=env)
            return git.run("write-tree", env=env).decode().strip()
        except GitFailed as failed:
            raise BadInput(
                f"the patch does not apply: {shown(failed.stderr)}",
                remedy="make it with: git diff --binary --full-index BASE, and name that base with --base",
            ) from failed
