"""Sandboxes beyond the work that asked for them: one made ready while a model thinks, and those that are open."""

import threading
from collections.abc import Callable
from contextlib import suppress

from coderoute.errors import CoderouteError
from coderoute.ports import Sandbox

LEAVE_S = 3.0
"""How long an end waits for a sandbox that is being made. One that comes later is removed by whoever made it, or by
the next start: an engine that is away must not keep a person waiting who pressed Ctrl-C."""


class Making:
    """One sandbox being made in a thread of its own."""

    def __init__(self, key: tuple[str, str], make: Callable[[], Sandbox]) -> None:
        self.key = key
        self._make = make
        self._sandbox: Sandbox | None = None
        self._unwanted = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sandbox-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            sandbox = self._make()
        except CoderouteError:
            return  # whoever needs one will make it, and tell what is wrong
        with self._lock:
            if not self._unwanted:
                self._sandbox = sandbox
                return
        with suppress(CoderouteError):  # the engine went away again; the next start removes what it left
            sandbox.close()

    def wait(self) -> Sandbox | None:
        """The sandbox when it is made, None where that failed."""
        self._thread.join()
        return self._sandbox

    def let_go(self) -> None:
        """Nobody wants it any more: it is removed, now or as soon as it is there."""
        self._thread.join(LEAVE_S)
        with self._lock:
            self._unwanted = True
            sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()


class Ahead:
    """Holds at most one sandbox that nobody has asked for yet. `close` removes it."""

    def __init__(self) -> None:
        self._making: Making | None = None
        self._lock = threading.Lock()

    def start(self, image: str, tree: str, make: Callable[[], Sandbox]) -> None:
        """Begin to make a sandbox of `image` with the files of `tree`; one that was made before goes away."""
        self.close()
        self._making = Making((image, tree), make)

    def take(self, image: str, tree: str) -> Sandbox | None:
        """The sandbox, if one of exactly this image and tree was begun and came to be."""
        making = self._surrender((image, tree))
        return None if making is None else making.wait()

    def close(self) -> None:
        making = self._surrender()
        if making is not None:
            making.let_go()

    def _surrender(self, key: tuple[str, str] | None = None) -> Making | None:
        """What is held, if it is what `key` names; from here on it is the caller's alone."""
        with self._lock:
            if self._making is None or key not in (None, self._making.key):
                return None
            making, self._making = self._making, None
            return making


class OpenMachines:
    """The sandboxes that a run has open, so that an interruption can remove those of other threads too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Sandbox] = []

    def hold(self, sandbox: Sandbox) -> Sandbox:
        with self._lock:
            self._open.append(sandbox)
        return sandbox

    def close(self) -> None:
        """Remove all of them; closing one twice does nothing."""
        with self._lock:
            sandboxes, self._open = self._open, []
        for sandbox in sandboxes:
            sandbox.close()
