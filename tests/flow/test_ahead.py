"""A sandbox made ready while a model thinks."""

from dataclasses import dataclass
from typing import cast

from coderoute.errors import Unavailable
from coderoute.flow.ahead import Ahead
from coderoute.ports import Sandbox


@dataclass
class Machine:
    """As much of a sandbox as is needed here."""

    closed: int = 0

    def close(self) -> None:
        self.closed += 1


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
