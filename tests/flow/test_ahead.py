"""A sandbox made ready while a model thinks."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from coderoute.errors import Unavailable
from coderoute.flow.ahead import Ahead
from coderoute.ports import Sandbox


@dataclass
class Machine:
    """As much of a sandbox as is needed here."""

    closed: int = 0
    gone: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        self.closed += 1
        self.gone.set()


def made(machine: Machine) -> Sandbox:
    return cast(Sandbox, machine)


def test_it_is_given_once_to_who_asks_for_the_same_image_and_tree() -> None:
    ahead, machine = Ahead(), Machine()
    ahead.start("image", "tree", lambda: made(machine))

    assert ahead.take("image", "other") is None
    assert ahead.take("other", "tree") is None
    assert ahead.take("image", "tree") is made(machine)
    assert ahead.take("image", "tree") is None
    ahead.close()
    assert machine.closed == 0, "it is whoever's took it"


def test_one_that_nobody_took_is_removed() -> None:
    ahead, first, second = Ahead(), Machine(), Machine()
    ahead.start("image", "one", lambda: made(first))
    ahead.start("image", "two", lambda: made(second))
    assert first.closed == 1

    ahead.close()
    ahead.close()

    assert second.closed == 1


def test_where_it_fails_whoever_needs_one_is_told_when_they_make_it() -> None:
    def fails() -> Sandbox:
        raise Unavailable("Docker does not answer", reason="docker_down", remedy="start it")

    ahead = Ahead()
    ahead.start("image", "tree", fails)
    assert ahead.take("image", "tree") is None
    ahead.close()


ENGINE_IS_BACK_S = 10.0
"""Where nobody says so before."""


def slowly(machine: Machine, engine: threading.Event) -> Callable[[], Sandbox]:
    """Made when the engine is back."""

    def make() -> Sandbox:
        engine.wait(ENGINE_IS_BACK_S)
        return made(machine)

    return make


def test_an_end_does_not_wait_for_an_engine_that_is_away_and_nothing_is_left_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("coderoute.flow.ahead.LEAVE_S", 0.01)
    ahead, machine, engine = Ahead(), Machine(), threading.Event()
    ahead.start("image", "tree", slowly(machine, engine))

    ahead.close()

    assert machine.closed == 0, "it did not wait until there was one"
    engine.set()
    assert machine.gone.wait(ENGINE_IS_BACK_S)
    assert machine.closed == 1


def test_an_end_does_not_wait_for_another_thread_that_waits_for_the_sandbox() -> None:
    ahead, machine, engine = Ahead(), Machine(), threading.Event()
    ahead.start("image", "tree", slowly(machine, engine))
    waiting = threading.Thread(target=ahead.take, args=("image", "tree"), daemon=True)
    waiting.start()
    while ahead._making is not None:
        waiting.join(0.001)

    ahead.close()

    assert waiting.is_alive(), "the end came first"
    engine.set()
    waiting.join()
    assert machine.closed == 0, "it is whoever's took it"
