"""While a run is driven: once stopped it ends cleanly, twice at once; and every error says which run it is about."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from coderoute.cli.program import program
from coderoute.errors import CoderouteError, Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a CI that stops us, a terminal that was closed."""
STOPPED = 130


@contextmanager
def driving(run_id: str) -> Iterator[None]:
    """The first signal to stop is a KeyboardInterrupt in the block, the second ends the process there and then.

    Raises:
        Interrupted: the block was stopped; the run can be resumed.
        CoderouteError: of the block, with the run named in its remedy.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    stop = Stop(run_id)
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:  # nohup: the run outlives its terminal
            signal.signal(number, stop)
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise named(
            Interrupted("stopped by the user", reason="interrupted", remedy=f"{program()} resume {run_id}"), run_id
        ) from stopped
    except CoderouteError as error:
        named(error, run_id)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stop:
    """A signal handler that is patient once."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._asked = False

    def __call__(self, *_signal: object) -> None:
        if self._asked:
            say(f"stopped at once; {program()} resume {self._run_id} goes on")
            os._exit(STOPPED)
        self._asked = True
        say("stopping cleanly; a second time stops at once")
        raise KeyboardInterrupt


def say(text: str) -> None:
    """Past our own streams: a signal may have come in the middle of a write to them."""
    with suppress(OSError):
        os.write(2, f"\n{text}\n".encode())


def named(error: CoderouteError, run_id: str) -> CoderouteError:
    """`error` with the run in its remedy, and for `--json` beside it."""
    from coderoute.flow.finding import addressed

    error.remedy = addressed(error.remedy, run_id)
    error.run_id = run_id
    return error
