"""What every Remote keeps to: the one in memory, and git over HTTP to git's own server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.forge_inmemory import InMemoryForge, InMemoryRemote
from coderoute.adapters.repository_git import GitRepository, mirror
from coderoute.domain.forge import Access, ForgeRepository
from coderoute.errors import BadInput, ConfigurationError, Refused
from coderoute.ports import Identity, Remote

if TYPE_CHECKING:
    from tests.fake_github.server import GitServer

TOKEN = "ghp_canary4711QmVpc3BpZWw"
BRANCH = "coderoute/1-r1"


@dataclass(kw_only=True)
class Rig:
    """A remote; `made(n)` is the n-th commit of ours, `stands(branch)` what everybody sees."""

    remote: Remote
    stranger: Remote
    """The same with a token that may not write."""
    made: Callable[[int], str]
    stands: Callable[[str], str | None]


def in_memory() -> Rig:
    forge, others = InMemoryForge(), InMemoryForge()
    others.branches = forge.branches
    others.person(others.us.login, Access.READ)
    return Rig(
        remote=InMemoryRemote(forge=forge),
        stranger=InMemoryRemote(forge=others),
        made=lambda number: f"{number:040x}",
        stands=forge.branches.get,
    )


def over_http(server: GitServer, folder: Path) -> Rig:
    app = ForgeRepository(server=server.url, owner="acme", name="app")
    place = mirror.bring_up(folder / "mirrors", app, "main", token=TOKEN, environ={})
    ours = GitRepository(place, folder / "q.git", is_mirror=True)
    base = ours.pin(None)

    def made(number: int) -> str:
        at = datetime(2026, 11, 22, 9, number, tzinfo=UTC)
        ann = Identity(name="Ann", email="ann@example.org")
        return ours.commit(tree=base.tree, base=base, message=f"change {number}", author=ann, at=at)

    return Rig(
        remote=ours.remote(app, token=TOKEN, environ={}),
        stranger=ours.remote(app, token="ghp_other", environ={}),
        made=made,
        stands=server.head_of,
    )


@pytest.fixture(params=["in memory", "over http"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    if request.param == "in memory":
        return in_memory()
    return over_http(request.getfixturevalue("git_server"), tmp_path)


def test_a_branch_is_fetched_as_it_stands(rig: Rig) -> None:
    assert rig.remote.fetch("main") == rig.stands("main")


def test_a_branch_that_is_not_there_is_named(rig: Rig) -> None:
    with pytest.raises(BadInput, match="acme/app has no branch nothing"):
        rig.remote.fetch("nothing")


def test_a_new_branch_is_pushed_and_pushed_again_nothing_happens(rig: Rig) -> None:
    for _ in range(2):
        rig.remote.push(BRANCH, rig.made(1), replaces=None)
    assert rig.stands(BRANCH) == rig.made(1)
    assert rig.remote.fetch(BRANCH) == rig.made(1)


def test_a_branch_is_moved_from_where_it_is_known_to_stand(rig: Rig) -> None:
    rig.remote.push(BRANCH, rig.made(1), replaces=None)
    rig.remote.push(BRANCH, rig.made(2), replaces=rig.made(1))
    assert rig.stands(BRANCH) == rig.made(2)


@pytest.mark.parametrize("believed", [None, 3])
def test_a_branch_that_stands_elsewhere_is_left_there(rig: Rig, believed: int | None) -> None:
    rig.remote.push(BRANCH, rig.made(1), replaces=None)
    with pytest.raises(Refused, match="stands elsewhere by now"):
        rig.remote.push(BRANCH, rig.made(2), replaces=None if believed is None else rig.made(believed))
    assert rig.stands(BRANCH) == rig.made(1)


@pytest.mark.parametrize("branch", ["main", "coderoute", "coderoutes/x", "refs/heads/coderoute/x", "x/coderoute/y"])
def test_only_branches_of_ours_are_pushed(rig: Rig, branch: str) -> None:
    before = rig.stands(branch)
    with pytest.raises(Refused, match="is no branch of ours"):
        rig.remote.push(branch, rig.made(1), replaces=before)
    assert rig.stands(branch) == before


def test_a_token_that_may_not_push_is_a_matter_of_configuration(rig: Rig) -> None:
    with pytest.raises(ConfigurationError):
        rig.stranger.push(BRANCH, rig.made(1), replaces=None)
    assert rig.stands(BRANCH) is None
