"""Which containers are ours, and which of them nobody needs any more: those whose process has ended.

A process holds what it made by being alive, and by nothing else: no time runs out under one that works for days.
"""

import os
import platform
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

RUN = "coderoute.run"
OWNER = "coderoute.owner"
PROCESS = "coderoute.process"

PROCESSES = Path("/proc")
BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")

HAS_ENDED = frozenset({"Z", "X"})
"""States of a process whose parent has not asked yet how it ended."""
ENDED = frozenset({"exited", "dead"})
TIME_TO_START = timedelta(hours=1)
"""Between its creation and its start a container waits for milliseconds."""


def labels(*, owner: str, run_id: str) -> dict[str, str]:
    return {RUN: run_id, OWNER: owner, PROCESS: mark_of(os.getpid()) or ""}


def is_abandoned(labels: Mapping[str, str], *, state: str, created: datetime, now: datetime) -> bool:
    """Whether the process that made the container has ended. `state` and `created` are what the engine says of it."""
    mark = labels.get(PROCESS, "")
    pid, _, rest = mark.partition(".")
    start, _, realm = rest.partition(".")
    if not pid.isdigit() or not realm:
        return True  # no mark of ours, under our label: nothing will ever close it
    if realm == own_realm():
        found = mark_of(int(pid))
        # A process whose start nobody tells us may be the one.
        return found is None or ("?" not in (start, found.split(".")[1]) and found != mark)
    # Another boot, another machine, another container: its process may live, but not by what we can see of it.
    return state in ENDED or (state == "created" and now - created > TIME_TO_START)


def mark_of(pid: int) -> str | None:
    """`<pid>.<start>.<realm>`, which no other process ever has; the start is `?` where the system does not tell it.
    None when there is no such process."""
    return None if (start := _start_of(pid)) is None else f"{pid}.{start}.{own_realm()}"


@cache
def own_realm() -> str:
    """Within which process ids mean the same: one boot of one machine, and one namespace of processes there.

    When a namespace's number is given to a new one, every process of the old one has ended.
    """
    try:
        return f"{BOOT.read_text().strip()}:{NAMESPACE.stat().st_ino}"
    except OSError:
        return platform.node() or "here"


def _start_of(pid: int) -> str | None:
    """In clock ticks since boot; `?` if nobody tells; None when there is no such process."""
    try:
        status = (PROCESSES / str(pid) / "stat").read_text()
    except OSError:
        return "?" if _is_there(pid) else None
    # The name, in brackets, may hold spaces and brackets; the state is the first field behind it, the start the 20th.
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in HAS_ENDED else fields[19]


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
