"""Commits in our own store."""

from datetime import datetime

from coderoute.adapters.repository_git.objects import checked
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.errors import BadInput
from coderoute.ports import Identity


def commit(git: SafeGit, *, tree: str, parent: str, message: str, author: Identity, at: datetime) -> str:
    """The id of the commit: the same for the same arguments. See ports.Repository.commit."""
    if at.utcoffset() is None:
        raise ValueError(f"{at!r} has no time zone")
    moment = f"@{int(at.timestamp())} {at:%z}"
    try:
        printed = git.run(
            *("commit-tree", checked(tree), "-p", checked(parent), "-F", "-"),
            stdin=message.encode("utf-8"),
            env=identity(author) | {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment},
        )
    except GitFailed as failed:
        raise BadInput(
            f"no commit by {shown(author.name)} <{shown(author.email)}>: {shown(failed.stderr)}",
            remedy="set a name and an address: git config --global user.name, user.email",
        ) from failed
    return printed.decode().strip()


def identity(author: Identity) -> dict[str, str]:
    """As git's variables for author and committer."""
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", author.name), ("EMAIL", author.email))
    }
