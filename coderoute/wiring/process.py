"""This process as others see it: which one it is, and that nobody reads the keys out of its memory."""

import contextlib
import resource
import sys

PR_SET_DUMPABLE = 4


def make_unreadable() -> None:
    """No core file, and no other process of this user may look into this one: its memory holds keys, and /proc still
    shows the environment it was started with."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
