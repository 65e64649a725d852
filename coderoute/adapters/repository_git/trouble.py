"""What git says of a disk or of objects that are in trouble, as errors of ours."""

import re
from pathlib import Path

from coderoute.errors import Blocked, CoderouteError, ConfigurationError, DiskFull

_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_NOT_WRITABLE = re.compile(r"Read-only file system|unable to (?:create|write|append)[^;]*: Permission denied")
_DAMAGED = re.compile(
    r"(?:loose object|packfile|object file|pack) \S+.*?(?:is corrupt|is empty|is far too short|cannot be mapped)"
    r"|inflate: data stream error|unable to unpack|bad (?:object|packed object) CRC|index file \S+ is corrupt"
)


def trouble(store: Path, stderr: str) -> CoderouteError | None:
    """The error for what git printed, None where it is about what was asked and not about disk or objects."""
    if _NO_ROOM.search(stderr):
        return DiskFull(str(store))
    if _NOT_WRITABLE.search(stderr):
        return ConfigurationError(
            f"git cannot write to {store}: {stderr[:200]}", remedy="make the state folder and what is in it writable"
        )
    if _DAMAGED.search(stderr):
        return Blocked(
            f"objects of the repository are damaged: {stderr[:300]}",
            reason="repository_damaged",
            remedy="look with: git fsck; restore the objects, e.g. by git fetch, then: coderoute resume RUN",
        )
    return None
