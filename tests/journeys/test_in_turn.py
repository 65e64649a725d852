"""A run that finds every place on the engine taken: it waits, says so, can be stopped, and goes on where it was."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.cli.progress import line
from coderoute.domain.run import Status
from coderoute.flow import runs
from coderoute.stopwatch import Stopwatch

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


class Naps(Stopwatch):
    """Waits in which something happens instead of time."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def sleep(self, seconds: float) -> None:
        self._happens()


def drive(journey: "Journey", happens: Callable[[], None], *, real: bool = True) -> Status:
    world = replace(journey.world(), watch=Naps(happens))
    vars(world.sandboxes)["name"] = "docker" if real else "in-memory"
    return runs.drive(world).status


@pytest.fixture
def told(journey: "Journey") -> "Journey":
    journey.terms = replace(journey.terms, docker_runs=1)
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.writes_fix()
    journey.reviews(1)
    journey.begin()
    return journey


def stopped() -> None:
    raise KeyboardInterrupt


def test_it_waits_for_its_turn_and_then_comes_to_the_gate(told: "Journey") -> None:
    with ExitStack() as other:
        other.enter_context(told.store.lock("engine-0"))
        assert drive(told, other.close) is Status.AWAITING_APPROVAL
    events = [event for event, _ in told.told]
    assert events[:3] == ["run.working", "run.queued", "run.admitted"]


def test_what_it_says_names_the_setting(told: "Journey") -> None:
    with told.store.lock("engine-0"), pytest.raises(KeyboardInterrupt):
        drive(told, stopped)
    data = dict(told.told)["run.queued"]
    assert line("run.queued", data) == "waiting for a place among the runs with sandboxes (limits.docker_runs = 1)"
    assert line("run.admitted", {}) == "there is a place now"


def test_stopped_while_it_waits_it_is_resumed_later(told: "Journey") -> None:
    with told.store.lock("engine-0"), pytest.raises(KeyboardInterrupt):
        drive(told, stopped)
    assert told.ending == (Status.INTERRUPTED, "interrupted")
    assert not told.calls()
    assert drive(told, stopped) is Status.AWAITING_APPROVAL


def test_a_run_whose_sandboxes_are_in_memory_waits_for_nobody(told: "Journey") -> None:
    with told.store.lock("engine-0"):
        assert drive(told, stopped, real=False) is Status.AWAITING_APPROVAL
