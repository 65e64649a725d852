"""Sandboxes beyond the work that asked for them: one made ready while a model thinks, and those that are open."""

import threading
from collections.abc import Callable

from coderoute.errors import CoderouteError
from coderoute.ports import Sandbox


class Ahead:
    """Holds at most one sandbox that nobody has asked for yet. `close` removes it."""

    def __init__(self) -> None:
        self._key: tuple[str, str] | None = None
        self._sandbox: Sandbox | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def start(self, image: str, tree: str, make: Callable[[], Sandbox]) -> None:
        """Begin to make a sandbox of `image` with the files of `tree`; one that was made before goes away."""
        self.close()
        self._key = (image, tree)
        self._thread = threading.Thread(target=self._make, args=(make,), name="sandbox-ahead", daemon=True)
        self._thread.start()

    def _make(self, make: Callable[[], Sandbox]) -> None:
        try:
            self._sandbox = make()
        except CoderouteError:
            return  # whoever needs one will make it, and tell what is wrong

    def take(self, image: str, tree: str) -> Sandbox | None:
        """The sandbox, if one of exactly this image and tree was begun and came to be."""
        with self._lock:
            if self._key != (image, tree):
                return None
            return self._surrender()

    def close(self) -> None:
        sandbox = self._surrender()
        if sandbox is not None:
            sandbox.close()

    def _surrender(self) -> Sandbox | None:
        with self._lock:
            if self._thread is not None:
                self._thread.join()
            sandbox, self._sandbox, self._thread, self._key = self._sandbox, None, None, None
            return sandbox


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
