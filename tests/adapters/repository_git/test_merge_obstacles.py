"""When the checked-out target does not follow: only the branch is made, the reason is told, no file is touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from coderoute.ports import MergeResult
    from tests.adapters.repository_git.conftest import Bench

CHANGE: dict[str, bytes | None] = {
    "src/a.py": b"def a():\n    return 2\n",
    "src/deep/b.py": None,
    "src/fresh/new.py": b"new = 1\n",
}


def merge_that_waits(bench: Bench, change: dict[str, bytes | None] | None = None) -> MergeResult:
    head, index = bench.git("rev-parse", "HEAD"), (bench.root / ".git" / "index").read_bytes()
    files = bench.files()
    merged = bench.merge(change or CHANGE)
    assert not merged.target_moved
    assert merged.command == "git merge --ff-only coderoute/1-x"
    assert bench.git("rev-parse", "main") == head
    assert bench.git("rev-parse", "coderoute/1-x") == merged.commit
    assert bench.files() == files, "not a byte of the work tree changed"
    assert (bench.root / ".git" / "index").read_bytes() == index
    assert not (bench.root / ".git" / "index.lock").exists()
    return merged


def _edit(bench: Bench) -> None:
    bench.write({"README.md": b"# Edited\n"})


def _edit_without_a_trace_in_size_or_time(bench: Bench) -> None:
    about = (bench.root / "README.md").stat()
    bench.write({"README.md": b"# THING\n"})

    os.utime(bench.root / "README.md", ns=(about.st_atime_ns, about.st_mtime_ns))


def _edit_in_the_second_of_the_index(bench: Bench) -> None:
    """Git sees such an edit by the age of the index alone: the age of our copy of it must be the same."""
    os.utime(bench.root / "README.md", ns=(10**18, 10**18))
    bench.git("update-index", "--refresh")
    bench.write({"README.md": b"# THING\n"})
    for path in ("README.md", ".git/index"):
        os.utime(bench.root / path, ns=(10**18, 10**18))


def _stage(bench: Bench) -> None:
    bench.write({"README.md": b"# Staged\n"})
    bench.git("add", "README.md")


def _stage_and_revert(bench: Bench) -> None:
    _stage(bench)
    bench.write({"README.md": b"# Thing\n"})


def _delete(bench: Bench) -> None:
    (bench.root / "README.md").unlink()


def _chmod(bench: Bench) -> None:
    (bench.root / "README.md").chmod(0o755)


def _to_symlink(bench: Bench) -> None:
    (bench.root / "README.md").unlink()
    (bench.root / "README.md").symlink_to("tool.sh")


def _add_in_the_way(bench: Bench) -> None:
    bench.write({"src/fresh/new.py": b"mine\n"})


def _ignored_in_the_way(bench: Bench) -> None:
    (bench.root / ".git" / "info" / "exclude").write_text("fresh\n")
    bench.write({"src/fresh/new.py": b"mine\n"})


def _file_for_folder(bench: Bench) -> None:
    bench.write({"src/fresh": b"mine\n"})


def _symlink_for_folder(bench: Bench) -> None:
    (bench.root / "outside").mkdir()
    (bench.root / "src" / "fresh").symlink_to("../outside")


def _folder_for_file(bench: Bench) -> None:
    (bench.root / "src" / "fresh" / "new.py").mkdir(parents=True)


def _intent_to_add(bench: Bench) -> None:
    bench.write({"mine.txt": b"mine\n"})
    bench.git("add", "-N", "mine.txt")


def _conflict(bench: Bench) -> None:
    bench.git("switch", "-q", "-c", "other")
    bench.commit({"README.md": b"# Other\n"})
    bench.git("switch", "-q", "main")
    bench.commit({"README.md": b"# Ours\n"})
    bench.git("merge", "other", fails=True)


def _merge_in_progress(bench: Bench) -> None:
    bench.git("switch", "-q", "-c", "other")
    bench.commit({"other.txt": b"x\n"})
    bench.git("switch", "-q", "main")
    bench.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "other")


def _cherry_pick_in_progress(bench: Bench) -> None:
    (bench.root / ".git" / "CHERRY_PICK_HEAD").write_text(bench.git("rev-parse", "HEAD") + "\n")


def _assume_unchanged(bench: Bench) -> None:
    bench.git("update-index", "--assume-unchanged", "src/a.py")
    bench.write({"src/a.py": b"hidden edit\n"})


def _skip_worktree(bench: Bench) -> None:
    bench.git("update-index", "--skip-worktree", "src/a.py")
    (bench.root / "src/a.py").unlink()


def _remove_from_the_index(bench: Bench) -> None:
    bench.git("rm", "-q", "--cached", "README.md")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (_edit, "uncommitted changes (README.md)"),
        (_edit_without_a_trace_in_size_or_time, "uncommitted changes (README.md)"),
        (_edit_in_the_second_of_the_index, "uncommitted changes (README.md)"),
        (_stage, "staged changes (README.md)"),
        (_stage_and_revert, "uncommitted changes (README.md)"),
        (_delete, "uncommitted changes (README.md)"),
        (_chmod, "uncommitted changes (README.md)"),
        (_to_symlink, "uncommitted changes (README.md)"),
        (_add_in_the_way, "src/fresh/new.py in"),
        (_ignored_in_the_way, "src/fresh/new.py in"),
        (_file_for_folder, "src/fresh/new.py in"),
        (_symlink_for_folder, "src/fresh/new.py in"),
        (_folder_for_file, "src/fresh/new.py in"),
        (_intent_to_add, "uncommitted changes (mine.txt)"),
        (_conflict, "a merge is in progress"),
        (_merge_in_progress, "a merge is in progress"),
        (_cherry_pick_in_progress, "a cherry-pick is in progress"),
        (_assume_unchanged, "src/a.py in"),
        (_skip_worktree, "src/a.py in"),
        (_remove_from_the_index, "staged changes (README.md)"),
    ],
)
def test_what_keeps_the_target_waiting(bench: Bench, prepare: Callable[[Bench], None], told: str) -> None:
    prepare(bench)
    why = merge_that_waits(bench).why
    assert why is not None
    assert told in why


def test_untracked_files_elsewhere_are_no_obstacle(bench: Bench) -> None:
    bench.write({"notes.txt": b"mine\n", "src/deep/mine.py": b"mine\n"})
    assert bench.merge(CHANGE).target_moved
    assert bench.files()["notes.txt"] == b"mine\n"
    assert bench.files()["src/deep/mine.py"] == b"mine\n", "a folder with something in it stays"


def test_times_alone_are_no_obstacle(bench: Bench) -> None:

    for path in ("README.md", "src/a.py"):
        os.utime(bench.root / path, ns=(1, 1))
    assert bench.merge(CHANGE).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_file_modes_are_not_compared_where_the_repository_does_not_trust_them(bench: Bench) -> None:
    bench.git("config", "core.fileMode", "false")
    for path in ("README.md", "src/a.py"):
        (bench.root / path).chmod(0o755)
    assert bench.merge(CHANGE).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_a_rebase_of_the_target_keeps_it_waiting(bench: Bench) -> None:
    bench.git("branch", "upstream")
    bench.commit({"README.md": b"# Ours\n"})
    bench.git("switch", "-q", "upstream")
    bench.commit({"README.md": b"# Theirs\n"})
    bench.git("switch", "-q", "main")
    base = bench.repository().pin("main")
    bench.git("rebase", "-q", "upstream", fails=True)
    merged = bench.merge(CHANGE, base=base)
    assert not merged.target_moved
    assert merged.why is not None
    assert "a rebase is in progress" in merged.why


def test_two_work_trees_with_the_target_keep_it_waiting(bench: Bench, tmp_path: Path) -> None:
    bench.git("worktree", "add", "-q", "--force", str(tmp_path / "second"), "main")
    assert merge_that_waits(bench).why == "refs/heads/main is checked out in 2 work trees"


def test_a_work_tree_that_is_gone_keeps_its_branch_waiting(bench: Bench, tmp_path: Path) -> None:
    bench.git("worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    base = bench.repository().pin("topic")
    (tmp_path / "linked").rename(tmp_path / "moved away")
    merged = bench.merge(CHANGE, base=base)
    assert not merged.target_moved
    assert merged.why is not None
    assert "is not there" in merged.why


def test_once_the_work_tree_is_clean_the_same_merge_goes_through(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    bench.write({"README.md": b"# Edited\n"})
    first = bench.merge(CHANGE, base=base, repository=repository)
    assert not first.target_moved
    bench.git("checkout", "-q", "README.md")
    second = bench.merge(CHANGE, base=base, repository=repository)
    assert (second.target_moved, second.commit) == (True, first.commit)
    assert bench.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("attributes", "data", "why"),
    [
        ("new.py filter=anything", b"x\n", "attribute filter"),
        ("new.py ident", b"$Id$\n", "attribute ident"),
        ("new.py working-tree-encoding=UTF-16", b"x\n", "attribute working-tree-encoding"),
        ("new.py eol=crlf", b"x\n", "attribute eol=crlf"),
        ("new.py text eol=crlf", b"x\n", "attribute eol=crlf"),
        ("new.py text", b"x\r\n", "carriage returns in a text file"),
        ("[attr]strange filter=f\nnew.py strange", b"x\n", "attribute filter"),
    ],
)
@pytest.mark.parametrize("place", [".gitattributes", ".git/info/attributes", "home"])
def test_a_file_that_git_would_convert_keeps_the_target_waiting(
    bench: Bench, tmp_path: Path, attributes: str, data: bytes, why: str, place: str
) -> None:
    text = f"{attributes}\n".encode()
    if place == "home":
        (tmp_path / "home" / ".config" / "git").mkdir(parents=True)
        (tmp_path / "home" / ".config" / "git" / "attributes").write_bytes(text)
    elif place.startswith(".git/"):
        (bench.root / ".git" / "info").mkdir(exist_ok=True)
        (bench.root / place).write_bytes(text)
    else:
        bench.commit({place: text})
    merged = merge_that_waits(bench, {"src/new.py": data})
    assert merged.why == f"src/new.py is converted by git when it is checked out ({why})"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [("core.autocrlf", "true", "core.autocrlf"), ("core.autocrlf", "input", "carriage returns in a text file")],
)
@pytest.mark.parametrize("level", ["repository", "user"])
def test_line_ends_that_git_converts_keep_the_target_waiting(
    bench: Bench, tmp_path: Path, key: str, value: str, why: str, level: str
) -> None:
    file = bench.root / ".git" / "config" if level == "repository" else tmp_path / "home" / ".gitconfig"
    bench.git("config", "--file", str(file), key, value)
    told = merge_that_waits(bench, {"src/new.py": b"x\r\n"}).why
    assert told == f"src/new.py is converted by git when it is checked out ({why})"


@pytest.mark.parametrize(
    "attributes", ["* text=auto", "* text=auto eol=lf", "*.py text", "* -text", "*.py diff=python"]
)
def test_attributes_that_change_no_byte_are_no_obstacle(bench: Bench, attributes: str) -> None:
    bench.commit({".gitattributes": f"{attributes}\n".encode()})
    assert bench.merge(CHANGE).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_attributes_of_a_folder_hold_below_it(bench: Bench) -> None:
    bench.commit({"src/.gitattributes": b"*.py filter=f\n"})
    assert "attribute filter" in (merge_that_waits(bench, {"src/deep/new.py": b"x\n"}).why or "")


def test_an_attribute_that_the_change_itself_brings_counts(bench: Bench) -> None:
    change: dict[str, bytes | None] = {".gitattributes": b"*.py filter=f\n", "src/a.py": b"x\n"}
    told = merge_that_waits(bench, change).why
    assert told == "src/a.py is converted by git when it is checked out (attribute filter)"
