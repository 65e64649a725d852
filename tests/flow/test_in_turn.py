"""Runs that wait for a place on the engine: how many work at once, what is said, and what frees a place."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.adapters.store_sqlite import SqliteStore
from coderoute.flow.in_turn import in_turn
from coderoute.ports import RunStore

STORES: dict[str, Callable[[Path], RunStore]] = {"in memory": lambda _: InMemoryStore(), "sqlite": SqliteStore}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    return STORES[request.param](tmp_path / "state")


@dataclass
class Waiting:
    """A run that waits: what it says, and what happens while it sleeps."""

    store: RunStore
    said: list[str] = field(default_factory=list)
    while_asleep: list[ExitStack] = field(default_factory=list)
    """Runs that end, one in each sleep."""

    def turn(self, limit: int) -> AbstractContextManager[None]:
        return in_turn(self.store, limit, tell=self.tell, sleep=self.sleep)

    def tell(self, event: str, data: Mapping[str, object]) -> None:
        self.said.append(f"{event} {dict(data)}")

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        if not self.while_asleep:
            raise TimeoutError("it would wait for ever")
        self.while_asleep.pop(0).close()


def test_as_many_as_the_limit_work_at_once_and_say_nothing(store: RunStore) -> None:
    runs = [Waiting(store) for _ in range(3)]
    with ExitStack() as working:
        for run in runs:
            working.enter_context(run.turn(3))
    assert [run.said for run in runs] == [[], [], []]


def test_one_more_says_once_that_it_waits_and_goes_on_when_one_has_ended(store: RunStore) -> None:
    with ExitStack() as first, ExitStack() as nobody, ExitStack() as working:
        first.enter_context(Waiting(store).turn(2))
        working.enter_context(Waiting(store).turn(2))
        late = Waiting(store, while_asleep=[nobody, nobody, first])
        with late.turn(2):
            assert late.said == ["run.queued {'limit': 2}", "run.admitted {}"]
            another = Waiting(store)
            with pytest.raises(TimeoutError), another.turn(2):
                pass
    assert another.said == ["run.queued {'limit': 2}"]


def test_a_run_that_failed_gives_its_place_back(store: RunStore) -> None:
    with pytest.raises(KeyError), Waiting(store).turn(1):
        raise KeyError("anything")
    with Waiting(store).turn(1):
        pass


def test_whoever_stops_waiting_has_no_place(store: RunStore) -> None:
    with ExitStack() as working:
        working.enter_context(Waiting(store).turn(1))
        with pytest.raises(TimeoutError), Waiting(store).turn(1):
            pass
    with Waiting(store).turn(1):
        pass


def test_a_process_that_was_killed_has_given_its_place_back(tmp_path: Path) -> None:
    holds = (
        "import sys, time; from pathlib import Path; from coderoute.adapters.store_sqlite import SqliteStore\n"
        "from coderoute.flow.in_turn import in_turn\n"
        "with in_turn(SqliteStore(Path(sys.argv[1])), 1, tell=print, sleep=time.sleep):\n"
        "    print('in', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        with closing(SqliteStore(tmp_path)) as store:
            with pytest.raises(TimeoutError), Waiting(store).turn(1):
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
            with Waiting(store).turn(1):
                pass
