"""So many runs of one installation work on the engine at the same time; the next one waits for a place."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from coderoute.ports import RunStore

LOOK_AGAIN_S = 1.0


@contextmanager
def in_turn(
    store: RunStore, limit: int, *, tell: Callable[[str, Mapping[str, object]], None], sleep: Callable[[float], None]
) -> Iterator[None]:
    """Holds one of `limit` places for the block. Whoever dies frees theirs: a place is a lock of the store.

    A run has one place, however many machines it opens at once: if each machine had its own, two runs that hold one
    each and need a second could wait for each other for ever. Who waits is not served in any order.
    """
    waits = False
    while (place := _free_place(store, limit)) is None:
        if not waits:
            waits = True
            tell("run.queued", {"limit": limit})
        sleep(LOOK_AGAIN_S)
    with place:
        if waits:
            tell("run.admitted", {})
        yield


def _free_place(store: RunStore, limit: int) -> ExitStack | None:
    """What holds a place until it is closed; None while all are taken."""
    for number in range(limit):
        with ExitStack() as tried:
            if tried.enter_context(store.lock(f"engine-{number}")):
                return tried.pop_all()
    return None
