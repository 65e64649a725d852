"""Which containers are ours, for how long, and which of them nobody needs any more."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

RUN = "coderoute.run"
OWNER = "coderoute.owner"
LEASE_UNTIL = "coderoute.lease_until"
PROCESS = "coderoute.process"

LEASE = timedelta(hours=12)
PROCESSES = Path("/proc")


def labels(*, owner: str, run_id: str, now: datetime) -> dict[str, str]:
    return {
        RUN: run_id,
        OWNER: owner,
        LEASE_UNTIL: str(int((now + LEASE).timestamp())),
        PROCESS: mark_of(os.getpid()) or "",
    }


def is_abandoned(labels: Mapping[str, str], now: datetime) -> bool:
    """Whether the lease ran out, or the process that made the container on this host has ended."""
    try:
        if now.timestamp() > int(labels[LEASE_UNTIL]):
            return True
    except (KeyError, ValueError):
        return True  # not a lease of ours, under our label: nothing will ever close it
    mark = labels.get(PROCESS, "")
    pid = mark.partition(".")[0]
    return pid.isdigit() and mark_of(int(pid)) != mark


def mark_of(pid: int) -> str | None:
    """`<pid>.<start>`, which no other process ever has; only the pid where the system does not tell the start;
    None when there is no such process."""
    if PROCESSES.is_dir():
        try:
            status = (PROCESSES / str(pid) / "stat").read_text()
        except OSError:
            return None
        # The name, in brackets, may hold spaces and brackets; the start is the 20th field behind it.
        return f"{pid}.{status.rpartition(')')[2].split()[19]}"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return str(pid)
    return str(pid)
