"""What a merge leaves in a real repository: the commit, the branches, the checked-out files and their index."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_git.merge import Merge
from coderoute.errors import BadInput, Refused
from coderoute.ports import Identity

if TYPE_CHECKING:
    from pathlib import Path

    from coderoute.ports import MergeResult
    from tests.adapters.repository_git.conftest import Bench

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CHANGE: dict[str, bytes | None] = {
    "src/a.py": b"def a():\n    return 2\n",
    "src/deep/b.py": None,
    "src/fresh/new.py": b"new = 1\n",
    "tool.sh": b"#!/bin/sh\nexit\n",
}


def test_a_clean_checkout_follows_its_branch(bench: Bench) -> None:
    start = bench.git("rev-parse", "HEAD")
    merged = bench.merge(CHANGE)
    assert (merged.target_moved, merged.why, merged.command) == (True, None, None)
    assert bench.git("rev-parse", "main", "coderoute/1-x").split() == [merged.commit] * 2
    assert bench.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert bench.git("rev-parse", "HEAD^") == start
    assert bench.git("status", "--porcelain", "--untracked-files=all") == ""
    assert bench.git("diff", "HEAD") == ""
    assert bench.files() == {
        "README.md": b"# Thing\n",
        **{path: data for path, data in CHANGE.items() if data is not None},
    }
    assert not (bench.root / "src/deep").exists(), "a folder that is empty goes with its last file"
    assert os.access(bench.root / "tool.sh", os.X_OK)
    assert not os.access(bench.root / "src/a.py", os.X_OK)
    assert bench.git("fsck", "--strict") == ""
    assert bench.git("update-index", "--refresh") == "", "the index knows the times of the new files"


def test_the_commit_names_author_committer_and_time(bench: Bench) -> None:
    bench.merge(CHANGE)
    person = "Änne Beispiel <aenne@example.org> 2026-11-22T10:00:00+00:00"
    assert bench.git("log", "-1", "--format=%an <%ae> %aI|%cn <%ce> %cI") == f"{person}|{person}"
    assert bench.git("log", "-1", "--format=%B") == "Do it\n\nCoderoute-Run: 1"


def test_the_reflog_says_who_moved_the_branch(bench: Bench) -> None:
    bench.merge(CHANGE)
    for ref in ("main", "HEAD"):
        assert bench.git("reflog", "-1", "--format=%gs %gn", ref) == "coderoute: merge coderoute/1-x Änne Beispiel"


def test_a_branch_that_is_not_checked_out_moves_alone(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin("main")
    bench.git("switch", "-q", "-c", "elsewhere")
    bench.write({"src/a.py": b"dirty\n"})
    before = bench.files()
    merged = bench.merge(CHANGE, base=base, repository=repository)
    assert merged.target_moved
    assert bench.git("rev-parse", "main") == merged.commit
    assert bench.files() == before


def test_the_linked_worktree_that_has_the_branch_follows(bench: Bench, tmp_path: Path) -> None:
    linked = tmp_path / "linked tree"
    bench.git("worktree", "add", "-q", "-b", "topic", str(linked))
    bench.write({"src/a.py": b"dirty in another work tree\n"})
    merged = bench.merge(CHANGE, repository=bench.repository(linked))
    assert merged.target_moved
    assert (linked / "src/fresh/new.py").read_bytes() == b"new = 1\n"
    assert bench.git("status", "--porcelain", cwd=linked) == ""
    assert bench.git("rev-parse", "main") != merged.commit
    assert bench.git("status", "--porcelain") == "M src/a.py", "(stripped) the other work tree keeps its change"


def test_the_main_worktree_follows_when_the_run_came_from_a_linked_one(bench: Bench, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    bench.git("worktree", "add", "-q", "-b", "topic", str(linked))
    repository = bench.repository(linked)
    assert bench.merge(CHANGE, repository=repository, base=repository.pin("main")).target_moved
    assert bench.git("status", "--porcelain") == ""
    assert (bench.root / "src/fresh/new.py").exists()


def test_a_file_and_a_folder_change_places_in_the_work_tree(bench: Bench) -> None:
    bench.commit({"thing": b"file\n", "box/one": b"1\n", "box/two": b"2\n"})
    change: dict[str, bytes | None] = {
        "thing": None,
        "thing/inside": b"x\n",
        "box/one": None,
        "box/two": None,
        "box": b"now a file\n",
    }
    assert bench.merge(change).target_moved
    assert bench.git("status", "--porcelain", "--untracked-files=all") == ""
    assert (bench.root / "box").read_bytes() == b"now a file\n"
    assert (bench.root / "thing/inside").read_bytes() == b"x\n"


def test_names_with_spaces_quotes_and_letters_beyond_ascii_land(bench: Bench) -> None:
    assert bench.merge({'a "quoted" näme 日本.txt': b"x\n"}).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_new_files_get_the_modes_of_the_umask(bench: Bench) -> None:
    before = os.umask(0o027)
    try:
        bench.merge(CHANGE)
    finally:
        os.umask(before)
    assert (bench.root / "src/fresh/new.py").stat().st_mode & 0o777 == 0o640
    assert (bench.root / "tool.sh").stat().st_mode & 0o777 == 0o750


def test_an_unchanged_tracked_symlink_stays(bench: Bench) -> None:
    (bench.root / "link").symlink_to("README.md")
    bench.commit()
    assert bench.merge(CHANGE).target_moved
    assert (bench.root / "link").readlink().name == "README.md"
    assert bench.git("status", "--porcelain") == ""


def test_a_tracked_symlink_can_be_removed_but_not_changed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine\n")
    (bench.root / "link").symlink_to(tmp_path / "outside")
    bench.commit()
    with pytest.raises(Refused, match=r"type\.symlink: link is a changed symlink"):
        bench.merge({"link": b"/etc/passwd"})
    assert bench.merge({"link": None}).target_moved
    assert not (bench.root / "link").is_symlink()
    assert (tmp_path / "outside").read_text() == "mine\n"


def test_a_tree_with_a_new_symlink_is_not_merged(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    (bench.root / "link").symlink_to("README.md")
    bench.commit()
    tree = bench.git("rev-parse", "HEAD^{tree}")
    bench.git("reset", "-q", "--hard", base.commit)
    with pytest.raises(Refused, match=r"type\.mode: link"):
        repository.merge(tree=tree, base=base, branch="x", message="m", author=Identity(name="A", email="a@b.c"), at=AT)
    assert bench.git("branch", "--list", "x") == ""


def test_a_split_index_and_an_index_of_version_4_are_carried_along(bench: Bench) -> None:
    bench.git("update-index", "--index-version", "4")
    bench.git("update-index", "--split-index")
    assert bench.merge(CHANGE).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_a_repeated_merge_leaves_later_work_alone(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    first = bench.merge(CHANGE, base=base, repository=repository)
    bench.write({"src/a.py": b"edited later\n"})
    assert bench.merge(CHANGE, base=base, repository=bench.repository(run="other")) == first
    assert (bench.root / "src/a.py").read_bytes() == b"edited later\n"
    bench.commit()
    assert bench.merge(CHANGE, base=base, repository=repository) == first, "the target is beyond our commit"


def test_a_merge_after_the_users_own_fast_forward_is_done_already(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    bench.write({"README.md": b"dirty\n"})
    waiting = bench.merge(CHANGE, base=base, repository=repository)
    assert not waiting.target_moved
    assert waiting.command is not None
    bench.git(*waiting.command.split()[1:])
    assert bench.merge(CHANGE, base=base, repository=repository).target_moved
    assert (bench.root / "README.md").read_bytes() == b"dirty\n"


def test_a_target_that_moved_is_refused_and_nothing_changed(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    bench.changed_tree(repository, base, CHANGE)
    moved = bench.commit({"README.md": b"theirs\n"})
    before = bench.snapshot()
    with pytest.raises(Refused, match=rf"the target moved: refs/heads/main is {moved}"):
        bench.merge(CHANGE, base=base, repository=repository)
    assert bench.snapshot() == before


def test_a_target_that_moves_while_we_merge_is_not_moved_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = bench.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs")
    bring = Merge._bring_objects

    def bring_and_be_overtaken(merge: Merge) -> None:
        bring(merge)
        bench.git("update-ref", "refs/heads/main", theirs)

    monkeypatch.setattr(Merge, "_bring_objects", bring_and_be_overtaken)
    with pytest.raises(Refused, match="the target moved"):
        bench.merge(CHANGE)
    assert bench.git("rev-parse", "main") == theirs
    assert bench.git("branch", "--list", "coderoute/*") == "", "one transaction: both branches or none"
    assert bench.git("status", "--porcelain") == ""


def test_of_two_merges_at_once_one_moves_the_target(bench: Bench) -> None:
    def attempt(run: str) -> MergeResult | Refused:
        repository = bench.repository(run=run)
        change: dict[str, bytes | None] = {"src/a.py": f"by {run}\n".encode()}
        try:
            return bench.merge(change, base=base, repository=repository, branch=f"coderoute/{run}")
        except Refused as refused:
            return refused

    base = bench.repository().pin(None)
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(attempt, ["one", "two", "three"]))
    (merged,) = [result for result in results if not isinstance(result, Refused)]
    assert merged.target_moved
    assert bench.git("rev-parse", "main") == merged.commit
    assert bench.git("status", "--porcelain") == ""


def test_a_target_that_was_deleted_is_refused(bench: Bench) -> None:
    bench.git("branch", "topic")
    repository = bench.repository()
    base = repository.pin("topic")
    bench.git("branch", "-D", "topic")
    with pytest.raises(Refused, match="refs/heads/topic is gone"):
        bench.merge(CHANGE, base=base, repository=repository)


def test_a_packed_target_moves(bench: Bench) -> None:
    bench.git("pack-refs", "--all")
    bench.git("gc", "-q")
    merged = bench.merge(CHANGE)
    assert bench.git("rev-parse", "main") == merged.commit


def test_a_branch_in_the_place_of_our_folder_is_refused(bench: Bench) -> None:
    bench.git("branch", "coderoute")
    with pytest.raises(Refused, match="refs/heads/coderoute"):
        bench.merge(CHANGE)
    assert bench.git("status", "--porcelain") == ""


@pytest.mark.parametrize("branch", ["-x", "a b", "a..b", "x\0y", "x.lock", ""])
def test_a_name_that_no_branch_can_have_is_refused(bench: Bench, branch: str) -> None:
    with pytest.raises(BadInput, match="cannot be a branch's name"):
        bench.merge(CHANGE, branch=branch)


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "refs/heads/coderoute/1-x.lock", "index.lock"])
def test_a_lock_of_git_is_named_and_never_deleted(bench: Bench, lock: str) -> None:
    path = bench.root / ".git" / lock
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    before = bench.git("rev-parse", "HEAD"), bench.files()
    with pytest.raises(Refused) as caught:
        bench.merge(CHANGE)
    assert str(path) in caught.value.problem
    assert path.exists()
    assert (bench.git("rev-parse", "HEAD"), bench.files()) == before
    path.unlink()
    assert bench.merge(CHANGE).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_an_author_without_a_usable_name_is_refused(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    with pytest.raises(BadInput, match="no commit by"):
        repository.merge(
            tree=base.tree, base=base, branch="x", message="m", author=Identity(name="<>", email="a@b.c"), at=AT
        )


def test_group_writable_repositories_stay_so(bench: Bench) -> None:
    bench.git("config", "core.sharedRepository", "group")
    bench.git("repack", "-adq")  # a folder git made before the setting would keep its mode
    bench.merge(CHANGE)
    oid = bench.git("rev-parse", "HEAD")
    loose = bench.root / ".git" / "objects" / oid[:2] / oid[2:]
    assert loose.stat().st_mode & 0o060 == 0o040
    assert loose.parent.stat().st_mode & 0o060 == 0o060
