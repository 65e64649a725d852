"""What a GitHub leaves on this machine: copies of repositories, which a purge removes; and what there is for it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost
from coderoute.wiring import now, open_house
from coderoute.wiring.forge import mirrors
from coderoute.wiring.token import token_of_checkout

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    monkeypatch.setattr("coderoute.wiring.world.docker_host", lambda *_: InMemorySandboxHost(lambda *_: None))

    def move(days: int) -> None:
        monkeypatch.setattr("coderoute.wiring.ending.now", lambda: now() + timedelta(days=days))

    return move


def copies() -> list[Path]:
    return sorted(mirrors(open_house()).glob("*/acme/*.git"))


def test_a_copy_goes_with_the_last_run_that_worked_from_it(there: "There", later: Callable[[int], None]) -> None:
    run = there.to_the_page()
    (copy,) = copies()
    later(31)
    assert "copy" not in there("purge").out, "a run waits for its person there"
    there("reject", run, "--reason", "no")

    purged = there("purge")

    assert f"copy {copy}: of a repository that no run works from" in purged.out
    assert copies() == []
    assert there.desk.runs == []


def test_a_copy_that_was_just_made_stays(there: "There", later: Callable[[int], None]) -> None:
    run = there.to_the_page()
    there("reject", run, "--reason", "no")
    there("purge", run)
    later(29)
    assert "copy" not in there("purge").out
    assert len(copies()) == 1


def test_a_copy_that_somebody_asks_for_meanwhile_stays(
    there: "There", later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from coderoute.wiring import ending

    run = there.to_the_page()
    there("reject", run, "--reason", "no")
    there("purge", run)
    house = open_house()
    with monkeypatch.context() as moment:
        moment.setattr("coderoute.wiring.ending.now", lambda: now() + timedelta(days=31))
        old = ending.what_is_old(house)
    later(0)
    assert [line for line in ending.purge_all(house, old) if "begun from it" in line]
    assert len(copies()) == 1


def test_after_a_purge_a_run_makes_its_copy_anew(there: "There", later: Callable[[int], None]) -> None:
    run = there.to_the_page()
    there("reject", run, "--reason", "no")
    there("purge", run)
    later(31)
    there("purge")
    later(0)
    there.to_the_page()
    assert len(copies()) == 1


class TestToken:
    def test_there_is_one(self, there: "There") -> None:
        found = token_of_checkout(open_house(), there.checkout(f"{there.git.url}/acme/app.git"))
        assert found is not None
        assert (found.slug, found.server, found.problem) == ("acme/app", there.git.url, None)
        assert there.TOKEN not in repr(found)

    def test_there_is_none(self, there: "There", monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GITHUB_TOKEN")
        found = token_of_checkout(open_house(), there.checkout(f"{there.git.url}/acme/app.git"))
        assert found is not None
        assert found.problem is not None
        assert found.problem.startswith("no token for 127.0.0.1")
        assert "gh auth login" in str(found.remedy)

    def test_a_repository_that_is_on_no_github_needs_none(self, there: "There") -> None:
        house = open_house()
        assert token_of_checkout(house, there.desk.repo) is None
        assert token_of_checkout(house, there.checkout("https://gitlab.com/acme/app.git")) is None
