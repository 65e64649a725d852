"""`coderoute` as a process that may die: at its n-th act it sends itself a signal.

    CAMPAIGN='{"sandbox": "memory", "act": 40, "signal": 9}' python -m tests.campaigns.mortal run issue.md

Acts are what the world outside may notice: files opened for writing, moved or removed, programs started, connections
made, and every SQL statement. With the sandbox `memory` results of the tests come from the story, else from Docker.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from coderoute.cli.main import main

OUTSIDE = frozenset({
    "subprocess.Popen", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "open",
    "socket.connect",
})  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def die_at(wanted: int, number: int) -> None:
    """Arrange that the act with this number is preceded by the signal."""
    acts = count(1)

    def act(_: object = None) -> None:
        if next(acts) == wanted:
            os.kill(os.getpid(), number)

    def seen(event: str, arguments: tuple[object, ...]) -> None:
        if event in OUTSIDE and not (event == "open" and not _writes(arguments)):
            act()

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite_connects(*arguments, **named)
        connection.set_trace_callback(act)
        return connection

    sqlite_connects = sqlite3.connect
    vars(sqlite3)["connect"] = connect
    sys.addaudithook(seen)


def _writes(arguments: tuple[object, ...]) -> bool:
    return isinstance(arguments[2], int) and bool(arguments[2] & WRITES) and not str(arguments[0]).endswith(".pyc")


def use_memory() -> None:
    """Sandboxes that know the story's tests, in place of Docker."""
    from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost
    from coderoute.wiring import world
    from tests.campaigns.story import suite

    vars(world)["sandboxes"] = lambda *_: InMemorySandboxHost(suite)


def hurry() -> None:
    """Waits between two tries of a call that are too short to be waited for."""
    from coderoute.stopwatch import Stopwatch

    def sleep(_: Stopwatch, seconds: float) -> None:
        time.sleep(min(seconds, 0.01))

    setattr(Stopwatch, "sleep", sleep)  # noqa: B010


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a campaign in the background ignores it
    orders = json.loads(os.environ.pop("CAMPAIGN"))
    if orders["sandbox"] == "memory":
        use_memory()
    if orders.get("hurried"):
        hurry()
    Path(orders["begun"]).touch()
    if orders["act"]:
        die_at(orders["act"], orders["signal"])
    main()
