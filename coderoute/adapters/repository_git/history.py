"""What a commit's ancestors changed and said, as far as that is told quickly."""

import os

from coderoute.adapters.repository_git.objects import checked
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.past import PastCommit

MOST_BYTES = 16_000_000
TIMEOUT_S = 20.0
_COMMIT, _PATHS = b"\1", b"\2"


def history(git: SafeGit, commit: str, limit: int) -> tuple[PastCommit, ...]:
    """See ports.Repository.history. A repository that lacks some of its history tells what comes before that."""
    try:
        listed = git.run_bounded(
            "rev-list", "--no-merges", f"--max-count={limit}", checked(commit),
            limit_bytes=MOST_BYTES, timeout_s=TIMEOUT_S,
        )  # fmt: skip
        told = git.run_bounded(
            "diff-tree", "--stdin", "-r", "--root", "--no-renames", "--name-only", "-z", "--format=%x01%B%x02",
            limit_bytes=MOST_BYTES, timeout_s=TIMEOUT_S, stdin=listed or b"",
        )  # fmt: skip
    except GitFailed:
        return ()
    entries = (told or b"").split(_COMMIT)[1:]
    if told is not None and len(told) == MOST_BYTES:
        entries = entries[:-1]  # its paths may have been cut off
    return tuple(_commit(*entry.partition(_PATHS)) for entry in entries)


def _commit(message: bytes, _: bytes, paths: bytes) -> PastCommit:
    return PastCommit(
        message=message.decode("utf-8", "replace").strip(),
        paths=tuple(os.fsdecode(path) for path in paths.strip(b"\0\n").split(b"\0") if path),
    )
