"""A base that stays readable whatever becomes of the repository it came from."""

import shutil
from typing import TYPE_CHECKING

import pytest

from coderoute.errors import BadInput

if TYPE_CHECKING:
    from tests.adapters.repository_git.conftest import Bench


def test_a_base_that_was_rewritten_and_collected_is_still_there(bench: "Bench") -> None:
    bench.commit({"src/a.py": b"a = 2\n"})
    repository = bench.repository()
    base = repository.pin(None)
    files = {file.path: repository.read(base.tree, file.path) for file in repository.files(base.tree)}
    repository.keep(base)
    bench.git("reset", "-q", "--hard", "HEAD^")
    shutil.rmtree(bench.root / ".git" / "logs")
    bench.git("gc", "-q", "--prune=now")

    again = bench.repository()

    assert {file.path: again.read(base.tree, file.path) for file in again.files(base.tree)} == files
    assert again.pin(base.commit).tree == base.tree


def test_keeping_changes_nothing_in_the_repository(bench: "Bench") -> None:
    repository = bench.repository()
    base, before = repository.pin(None), bench.snapshot()
    repository.keep(base)
    assert bench.snapshot() == before


def test_a_large_base_is_not_copied(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    size = sum(file.size or 0 for file in repository.files(base.tree))
    monkeypatch.setattr("coderoute.adapters.repository_git.keeping.MOST_BYTES", size - 1)
    assert not repository.keep(base)
    assert list((bench.state / "run" / "q.git" / "objects" / "pack").iterdir()) == []


def test_a_history_with_a_hole_is_named_and_is_no_bug(bench: "Bench") -> None:
    """What is kept is the base alone: where it comes from, nobody can tell any more."""
    bench.commit({"src/a.py": b"a = 2\n"})
    bench.commit({"src/a.py": b"a = 3\n"})
    repository = bench.repository()
    base = repository.pin(None)
    repository.keep(base)
    bench.git("reset", "-q", "--hard", "HEAD~2")
    shutil.rmtree(bench.root / ".git" / "logs")
    bench.git("gc", "-q", "--prune=now")
    with pytest.raises(BadInput, match="is no longer whole"):
        bench.repository().pin(base.commit)
