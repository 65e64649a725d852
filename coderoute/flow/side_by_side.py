"""Several pieces of work at the same time, each in a thread of its own, ending as if they had come one by one."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, cast

T = TypeVar("T")

LEAVE_S = 10.0
"""How long an interrupted piece of work has to clean up."""


class Piece(Generic[T]):
    """One piece of work, and how it ended."""

    def __init__(self, work: Callable[[], T], slots: threading.Semaphore, stop: threading.Event, name: str) -> None:
        self.result: T | None = None
        self.error: BaseException | None = None
        self._work, self._slots, self._stop = work, slots, stop
        # a daemon: a call in flight must not keep the process alive that was told to stop
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        with self._slots:
            if self._stop.is_set():
                return
            try:
                self.result = self._work()
            except BaseException as error:  # it belongs to whoever waits for this thread
                self.error = error


def side_by_side(
    works: Sequence[tuple[str, Callable[[], T]]], *, limit: int, stop: threading.Event, hurry: Callable[[], None]
) -> list[T]:
    """The results of all `works` (name, work), at most `limit` at a time, in the order given.

    All of them end before this does. When some fail, the error of the first in the given order is raised: what is paid
    for is finished and recorded, and what comes out does not depend on who was faster. An interruption sets `stop`,
    calls `hurry` and leaves when the work has ended, or after ten seconds.
    """
    slots = threading.Semaphore(limit)
    pieces = [Piece(work, slots, stop, name) for name, work in works]
    for piece in pieces:
        piece.thread.start()
    try:
        for piece in pieces:
            piece.thread.join()
    except KeyboardInterrupt:
        stop.set()
        hurry()
        for piece in pieces:
            piece.thread.join(LEAVE_S / len(pieces))
        raise
    failed = next((piece.error for piece in pieces if piece.error is not None), None)
    if failed is not None:
        raise failed
    return [cast(T, piece.result) for piece in pieces]  # none was left out: nothing stopped
