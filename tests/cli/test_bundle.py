"""A run goes to another machine as one file, and waits for a person there."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def elsewhere(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Another machine: its own state folder, and a clone of the repository. Gives the clone."""

    def move() -> Path:
        clone = tmp_path / "elsewhere" / "clone"
        clone.parent.mkdir()
        subprocess.run(["git", "clone", "-q", str(desk.repo), str(clone)], check=True)
        monkeypatch.setenv("CODEROUTE_STATE_DIR", str(tmp_path / "elsewhere" / "state"))
        return clone

    return move


def test_a_run_is_approved_and_merged_on_another_machine(desk: Any, elsewhere: Callable[[], Path]) -> None:
    run, sha256 = desk.to_the_gate()
    exported = desk("export", run, "-o", "run.bundle")
    assert exported.code == 0, exported.err
    clone = elsewhere()

    ended = desk("import", "run.bundle", "--repo", clone)

    assert ended.code == 0, ended.err
    assert sha256 in ended.out
    assert desk("show", run, "--json").json["status"] == "awaiting_approval"
    assert desk("approve", run, "--patch", sha256).code == 4  # nobody has read it here
    assert desk("diff", run).code == 0
    assert desk("approve", run, "--patch", sha256, "--merge").code == 0
    assert (clone / "shout.py").read_text() == desk.RIGHT


def test_no_model_and_no_sandbox_works_on_what_arrived(desk: Any, elsewhere: Callable[[], Path]) -> None:
    """Its terms name addresses, keys and commands that nobody here has agreed to."""
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = elsewhere()
    desk("import", "run.bundle", "--repo", clone)
    desk.git("commit", "-q", "--allow-empty", "-m", "the target moves on", repo=clone)
    seen = len(desk.models.seen)

    ended = desk("resume", run)
    assert (ended.code, "was imported" in ended.err) == (4, True)
    assert desk("send-back", run, "--comment", "shorter").code == 0
    assert desk("resume", run).code == 4

    assert len(desk.models.seen) == seen


def test_an_export_counts_as_having_shown_the_patch(desk: Any) -> None:
    run, sha256 = desk.to_the_gate()
    assert desk("approve", run, "--patch", sha256).code == 4
    desk("export", run, "-o", "run.bundle")
    assert desk("approve", run, "--patch", sha256).code == 0


def test_an_export_that_failed_shows_nothing(desk: Any, tmp_path: Path) -> None:
    run, sha256 = desk.to_the_gate()
    (tmp_path / "there").write_text("mine")

    for file in ("there", "no/such/folder/x", "."):
        assert desk("export", run, "-o", file).code == 2, file

    assert (tmp_path / "there").read_text() == "mine"
    assert desk("approve", run, "--patch", sha256).code == 4


def test_a_bundle_is_for_its_user_alone(desk: Any, tmp_path: Path) -> None:
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    assert (tmp_path / "run.bundle").stat().st_mode & 0o777 == 0o600


def test_no_key_leaves_in_a_bundle(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that became a key only after the run had kept it."""
    desk.issue.write_text(f"{desk.ISSUE}\nsee canary-4711-Qm9yZUtleVdpdGg\n")
    run, _ = desk.to_the_gate()
    monkeypatch.setenv("SOME_API_KEY", "canary-4711-Qm9yZUtleVdpdGg")

    ended = desk("export", run, "-o", "run.bundle")

    assert ended.code == 4
    assert "bundle.key" in ended.err
    assert not (tmp_path / "run.bundle").exists()


def test_a_file_that_is_none_is_refused(desk: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe-that-is-read")
    writer = os.open(tmp_path / "pipe-that-is-read", os.O_RDWR)
    try:
        for file in ("missing", ".", "pipe-that-is-read", "repo/shout.py"):
            assert desk("import", file, "--repo", desk.repo).code == 2, file
    finally:
        os.close(writer)


def refused(desk: Any, rule: str, clone: Path, *more: str) -> None:
    """It is, by that name, and nothing of it stays."""
    ended = desk("import", "run.bundle", "--repo", clone, *more)
    assert ended.code == 4, ended.err
    assert f"bundle.{rule}: " in ended.err, ended.err
    assert desk.runs == []
    state = Path(os.environ["CODEROUTE_STATE_DIR"])
    assert list((state / "runs").iterdir()) == []


def test_a_repository_without_the_base_or_with_another_history_is_named(
    desk: Any, elsewhere: Callable[[], Path], tmp_path: Path
) -> None:
    desk.commit({"more.py": "x = 1\n"})
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = elsewhere()

    other = desk.make(tmp_path / "other", {"shout.py": desk.SHOUT, "a": "b"})
    refused(desk, "repository", other)
    desk.git("update-ref", "refs/heads/main", "HEAD~1", repo=clone)
    desk.git("update-ref", "-d", "refs/remotes/origin/main", repo=clone)
    desk.git("update-ref", "-d", "refs/remotes/origin/HEAD", repo=clone)
    desk.git("reflog", "expire", "--expire=now", "--all", repo=clone)
    desk.git("gc", "-q", "--prune=now", repo=clone)
    refused(desk, "base", clone)


def test_a_shallow_clone_takes_a_run_in(desk: Any, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    desk.commit({"more.py": "x = 1\n"})
    run, sha256 = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    elsewhere()
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", desk.repo.as_uri(), str(clone)], check=True)

    assert desk("import", "run.bundle", "--repo", clone).code == 0
    desk("diff", run)
    assert desk("approve", run, "--patch", sha256, "--merge").code == 0


def test_the_users_own_gate_holds_for_what_arrives(
    desk: Any, elsewhere: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = elsewhere()
    monkeypatch.setenv("CODEROUTE_GATE__REQUIRE_OTHER_APPROVER", "true")
    refused(desk, "gate", clone)


def test_what_is_not_expected_does_not_arrive(desk: Any, elsewhere: Callable[[], Path]) -> None:
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = elsewhere()
    assert desk("import", "run.bundle", "--repo", clone, "--run", "ffffffff").code == 4
    assert desk("import", "run.bundle", "--repo", clone, "--patch", "f" * 64).code == 4
    assert desk.runs == []


def test_an_import_that_was_killed_can_be_done_again(desk: Any, elsewhere: Callable[[], Path], tmp_path: Path) -> None:
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    clone = elsewhere()
    left = tmp_path / "elsewhere" / "state" / "runs" / run
    left.mkdir(parents=True)
    (left / "rest").write_text("of it")

    assert desk("import", "run.bundle", "--repo", clone).code == 0
    assert not (left / "rest").exists()
    again = desk("import", "run.bundle", "--repo", clone)
    assert again.code == 0
    assert "the very same" in again.out


def test_what_arrives_tells_the_same_story(desk: Any, elsewhere: Callable[[], Path]) -> None:
    run, _ = desk.to_the_gate()
    desk("export", run, "-o", "run.bundle")
    before = desk("show", run, "--json").json
    clone = elsewhere()
    desk("import", "run.bundle", "--repo", clone)

    after = desk("show", run, "--json").json

    differs = {key for key in before if before[key] != after[key]}
    assert differs == {"repo", "imported", "patch", "cost", "review_burden"} & differs
    assert {**before["patch"], "path": None} == {**after["patch"], "path": None}
    assert {**before["cost"], "imported": True} == after["cost"]
