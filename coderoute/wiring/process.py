"""This process as others see it: which one it is, and that nobody reads the keys out of its memory."""

import contextlib
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

PR_SET_DUMPABLE = 4
ENV_START, ENV_END = 47, 48
"""Where `/proc/self/stat` says between which addresses the environment lies that this process was started with,
counted behind the program's name."""


def make_unreadable() -> None:
    """No core file, and no other process of this user may look into this one: its memory holds keys, and /proc still
    shows the environment it was started with."""
    from coderoute.adapters.sandbox_docker.lease import own_realm

    own_realm()  # looked up once; afterwards the kernel would not tell it to this process itself
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def clear_start_environment(taken: Mapping[str, str]) -> None:
    """Overwrite variables in the environment this process was started with, which the kernel shows for as long as it
    lives. They must be gone from `os.environ`: what is still there may point to that memory."""
    if sys.platform != "linux" or not taken:
        return
    import ctypes

    try:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        start, end = int(fields[ENV_START]), int(fields[ENV_END])
    except (OSError, IndexError, ValueError):
        return
    if not 0 < start < end:
        return
    block = b"\0" + ctypes.string_at(start, end - start)
    for name, value in taken.items():
        entry = f"\0{name}={value}\0".encode("utf-8", "surrogateescape")
        at = block.find(entry)
        if at >= 0:
            first = at + len(name.encode()) + 1  # `block` has one byte more in front
            ctypes.memset(start + first, ord("*"), len(entry) - len(name.encode()) - 3)
