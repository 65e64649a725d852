"""A merge that is killed at any moment, and then repeated, ends like one that was not."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_git.files import WorkTree
from coderoute.errors import Refused

if TYPE_CHECKING:
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.domain.task import Base
    from tests.adapters.repository_git.conftest import Bench

CHANGE: dict[str, bytes | None] = {
    "src/a.py": b"def a():\n    return 2\n",
    "src/deep/b.py": None,
    "src/fresh/new.py": b"new = 1\n",
    "box": b"now a file\n",
    "box/one": None,
    "well/deep/er/gone.txt": None,
}
OLD = {"box/one": b"1\n", "well/deep/er/gone.txt": b"x\n"}
SEEN_OUTSIDE = {"subprocess.Popen", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "open"}
"""Audit events of everything that a merge does to the world."""


def _killed_before(moment: int, bench: Bench, repository: GitRepository, base: Base) -> bool:
    """Merge in a child process that is killed before its `moment`-th act; whether it got that far."""
    child = os.fork()
    if child == 0:
        acts = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal acts
            if event in SEEN_OUTSIDE and not (event == "open" and _only_reads(arguments)):
                acts += 1
                if acts == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            tree = bench.changed_tree(repository, base, CHANGE)
            sys.addaudithook(count)
            bench.merge_tree(tree, base=base, repository=repository)
        except BaseException:  # nothing of the child may go on in pytest
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _only_reads(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) == 0


def _assert_merged(bench: Bench, commit: str) -> None:
    assert bench.git("rev-parse", "main", "coderoute/1-x").split() == [commit, commit]
    assert bench.git("status", "--porcelain", "--untracked-files=all") == ""
    assert bench.files() == {
        "README.md": b"# Thing\n",
        "tool.sh": b"#!/bin/sh\n",
        **{path: data for path, data in CHANGE.items() if data is not None},
    }
    assert [path.name for path in (bench.root / ".git").glob("*coderoute*")] == []
    assert [path.name for path in (bench.root / ".git").rglob("*.lock")] == []


def test_a_merge_killed_before_any_of_its_acts_is_finished_by_repeating(bench: Bench) -> None:
    import filelock  # noqa: F401 - imported here, so that the children need not
    import git  # noqa: F401

    start = bench.commit(OLD)
    repository = bench.repository()
    base = repository.pin(None)
    expected = None
    moment = 0
    while True:
        moment += 1
        killed = _killed_before(moment, bench, repository, base)
        assert bench.git("rev-parse", "main") in (start, expected) or expected is None
        if not killed:
            break
        merged = bench.merge(CHANGE, base=base, repository=bench.repository())
        assert merged.target_moved, f"killed before act {moment}: {merged.why}"
        expected = merged.commit
        _assert_merged(bench, expected)
        bench.git("reset", "-q", "--hard", start)
        bench.git("branch", "-q", "-D", "coderoute/1-x")
    assert expected is not None
    _assert_merged(bench, expected)
    assert bench.git("fsck", "--strict") == ""
    assert moment > 30, "it was killed at every act"


def test_a_branch_that_was_made_alone_is_completed(bench: Bench) -> None:
    """What a git killed inside its own transaction leaves: one ref of two."""
    repository = bench.repository()
    base = repository.pin(None)
    commit = bench.merge(CHANGE, base=base, repository=repository).commit
    bench.git("reset", "-q", "--hard", base.commit)
    assert bench.merge(CHANGE, base=base, repository=repository).target_moved
    assert bench.git("rev-parse", "main") == commit


class _Killed(BaseException):
    pass


def _stop_before_the_files(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> tuple[GitRepository, Base]:
    """A merge cut between the branches and the files, with the lock as a kill would leave it."""
    repository = bench.repository()
    base = repository.pin(None)

    def die(*_: object) -> tuple[str, ...]:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(WorkTree, "follow", die)
        patch.setattr(Path, "unlink", _keep_locks(Path.unlink))
        with pytest.raises(_Killed):
            bench.merge(CHANGE, base=base, repository=repository)
    assert (bench.root / ".git" / "index.lock").exists()
    return repository, base


def _keep_locks(unlink: object) -> object:
    def kept(path: Path, missing_ok: bool = False) -> None:
        if path.name != "index.lock":
            unlink(path, missing_ok)  # type: ignore[operator]

    return kept


def test_the_lock_of_a_killed_merge_holds_other_git_processes_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, base = _stop_before_the_files(bench, monkeypatch)
    bench.git("commit", "-q", "-a", "-m", "would undo the merge", fails=True)
    assert bench.git("log", "-1", "--format=%s") == "Do it"
    assert bench.merge(CHANGE, base=base, repository=repository).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_files_edited_after_a_killed_merge_are_left_as_they_are(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, base = _stop_before_the_files(bench, monkeypatch)
    bench.write({"src/a.py": b"edited meanwhile\n"})
    merged = bench.merge(CHANGE, base=base, repository=repository)
    assert merged.target_moved
    assert merged.why == "these files were edited meanwhile and stay as they are: src/a.py"
    assert (bench.root / "src/a.py").read_bytes() == b"edited meanwhile\n"
    assert bench.git("status", "--porcelain") == "M src/a.py"


def test_a_removed_lock_does_not_keep_a_killed_merge_from_being_finished(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, base = _stop_before_the_files(bench, monkeypatch)
    (bench.root / ".git" / "index.lock").unlink()
    assert bench.merge(CHANGE, base=base, repository=repository).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_a_file_that_cannot_be_written_is_told_and_repeatable(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = bench.repository()
    base = repository.pin(None)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Refused, match=r"moved to .* could not follow: .*No space left") as caught:
            bench.merge(CHANGE, base=base, repository=repository)
    assert "repeat" in caught.value.remedy
    assert bench.merge(CHANGE, base=base, repository=repository).target_moved
    assert bench.git("status", "--porcelain") == ""
