"""The base's own objects in our store, so that a run goes on whatever becomes of the repository's history."""

from coderoute.adapters.repository_git.objects import Objects
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.domain.task import Base
from coderoute.errors import BadInput

MOST_BYTES = 512 * 1024 * 1024
"""Of all files of a base: a larger one is not copied. 186 MB of files came to 72 MB and 2 s of processor time."""


def keep(git: SafeGit, objects: Objects, base: Base) -> bool:
    """See ports.Repository.keep. One pack with the commit, its trees and its blobs, without what came before it."""
    listing = objects.listing(base.tree)
    if sum(file.size or 0 for file in listing.files) > MOST_BYTES:
        return False
    oids = (base.commit, base.tree, *listing.folders.values(), *(file.oid for file in listing.files))
    try:
        # the repository's own deltas are taken over; looking for better ones would take three times as long
        git.run(
            *("pack-objects", "-q", "--window=0", str(git.store / "objects" / "pack" / "pack")),
            stdin="\n".join(dict.fromkeys(oids)).encode() + b"\n",
        )
    except GitFailed as failed:
        raise BadInput(
            f"the objects of {base.commit} cannot be read: {shown(failed.stderr)}",
            remedy="check the repository: git fsck",
        ) from failed
    return True
