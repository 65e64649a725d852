"""`log --follow`: tells what comes while a run works, and ends when nobody works on it any more."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.run import Event, Status
from coderoute.wiring import open_house

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Instead of waiting for the next look, something happens to the run."""
    monkeypatch.setattr("coderoute.cli.history.time.sleep", lambda _: act())


@pytest.fixture
def running(desk: "Desk") -> str:
    desk.remember_run("r1")
    store = open_house().store
    store.set_status("r1", Status.RUNNING)
    store.add_event(Event(at="t0", run_id="r1", event="first", data={}))
    return "r1"


def test_it_goes_on_until_the_run_waits(desk: "Desk", running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        store = open_house().store
        store.add_event(Event(at="t1", run_id=running, event="second", data={}))
        store.set_status(running, Status.BLOCKED)

    meanwhile(monkeypatch, work)

    ended = desk("log", running, "--follow", "--json")

    assert [json.loads(line)["event"] for line in ended.out.splitlines()] == ["first", "second"]


def test_a_run_whose_process_was_killed_is_not_waited_for(
    desk: "Desk", running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    meanwhile(monkeypatch, lambda: looks.append(None))

    ended = desk("log", running, "--follow")

    assert ended.code == 0
    assert ended.out.count("first") == 1
    assert 1 < len(looks) < 100


def test_without_follow_it_does_not_wait(desk: "Desk", running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, lambda: pytest.fail("it waited"))

    assert len(desk("log", running).out.splitlines()) == 1


def test_no_data_of_an_event_takes_the_place_of_what_every_line_has(desk: "Desk", running: str) -> None:
    data: dict[str, object] = {"at": "never", "run_id": "other", "event": "none", "more": 1}
    open_house().store.add_event(Event(at="t1", run_id=running, event="second", data=data))

    lines = desk("log", running, "--json").out.splitlines()

    assert list(json.loads(lines[1]).items()) == [("at", "t1"), ("event", "second"), ("run_id", running), ("more", 1)]
