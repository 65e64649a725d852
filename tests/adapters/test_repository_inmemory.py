"""What only the repository in memory can do: play the part of other people."""

from datetime import UTC, datetime

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.task import Base
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.errors import Refused
from coderoute.ports import Identity, MergeResult

AUTHOR = Identity(name="A", email="a@example.org")


@pytest.fixture
def repository() -> InMemoryRepository:
    return InMemoryRepository({"a.txt": b"1\n"}, identity=AUTHOR)


def merge(repository: InMemoryRepository, base: Base) -> MergeResult:
    tree = repository.write_tree(base.tree, [SnapshotFile(path="a.txt", mode=REGULAR, data=b"2\n")])
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return repository.merge(tree=tree, base=base, branch="coderoute/x", message="m", author=AUTHOR, at=at)


def test_a_merge_shows_in_the_work_tree(repository: InMemoryRepository) -> None:
    assert repository.author() == AUTHOR
    assert merge(repository, repository.pin(None)).target_moved
    assert repository.checked_out() == {"a.txt": b"2\n"}


def test_somebody_else_moves_the_target(repository: InMemoryRepository) -> None:
    base = repository.pin(None)
    moved = repository.move_target({"b.txt": b"theirs\n"})
    with pytest.raises(Refused, match=f"the target moved: refs/heads/main is {moved}"):
        merge(repository, base)
    assert repository.checked_out() == {"a.txt": b"1\n", "b.txt": b"theirs\n"}
    assert list(repository.branches) == ["main"]


def test_an_obstacle_keeps_the_target_waiting_until_it_is_gone(repository: InMemoryRepository) -> None:
    base = repository.pin(None)
    repository.obstruct("uncommitted changes (a.txt)")
    waiting = merge(repository, base)
    assert (waiting.target_moved, waiting.why) == (False, "uncommitted changes (a.txt)")
    assert repository.branches == {"main": base.commit, "coderoute/x": waiting.commit}
    repository.obstruct(None)
    assert merge(repository, base).target_moved
