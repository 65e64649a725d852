"""A change carried over to another base by a real git: line by line, whatever the repository configures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coderoute.errors import BadInput

if TYPE_CHECKING:
    from coderoute.ports import Reapplied
    from tests.adapters.repository_git.conftest import Bench

LINES = [b"line %d\n" % number for number in range(20)]


def carried(bench: Bench, ours: dict[str, bytes | None], theirs: dict[str, bytes | None]) -> tuple[Bench, Reapplied]:
    repository = bench.repository()
    base = repository.pin(None)
    trees = (bench.changed_tree(repository, base, change) for change in (ours, theirs))
    return bench, repository.reapply(base.tree, *trees)


def text(bench: Bench, done: Reapplied, path: str) -> bytes | None:
    return bench.repository().read(done.tree, path)


def changed(number: int, words: bytes, lines: list[bytes] = LINES) -> bytes:
    return b"".join([*lines[:number], words, *lines[number + 1 :]])


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_two_edits_of_one_file_far_apart_are_both_there(bench: Bench, end: bytes) -> None:
    lines = [line.replace(b"\n", end) for line in LINES]
    bench.commit({"long.txt": b"".join(lines)})
    ours, theirs = changed(2, b"ours" + end, lines), changed(15, b"theirs" + end, lines)

    _, done = carried(bench, {"long.txt": ours}, {"long.txt": theirs})

    assert done.conflicts == ()
    both = changed(15, b"theirs" + end, changed(2, b"ours" + end, lines).splitlines(keepends=True))
    assert text(bench, done, "long.txt") == both


def test_an_edit_follows_a_file_that_was_renamed(bench: Bench) -> None:
    bench.commit({"long.txt": b"".join(LINES)})

    _, done = carried(bench, {"long.txt": changed(2, b"ours\n")}, {"long.txt": None, "other.txt": b"".join(LINES)})

    assert done.conflicts == ()
    assert text(bench, done, "other.txt") == changed(2, b"ours\n")


def test_a_new_file_does_not_follow_a_folder_that_was_renamed(bench: Bench) -> None:
    bench.commit({"old/a.txt": b"".join(LINES), "old/b.txt": b"".join(reversed(LINES))})
    moved = {"old/a.txt": None, "old/b.txt": None, "new/a.txt": b"".join(LINES), "new/b.txt": b"".join(reversed(LINES))}

    _, done = carried(bench, {"old/c.txt": b"c\n"}, moved)

    assert text(bench, done, "old/c.txt") == b"c\n", "what a person approved to be there is there"


def test_no_mark_of_a_conflict_and_no_file_of_git_is_left(bench: Bench) -> None:
    bench.commit({"x": b"file\n"})

    _, done = carried(bench, {"x": None, "x/y": b"ours\n"}, {"x": b"theirs\n"})

    assert done.conflicts
    found = {file.path: text(bench, done, file.path) for file in bench.repository().files(done.tree)}
    assert not [path for path, data in found.items() if "~" in path or b"<<<<" in (data or b"")]


def test_a_merge_program_of_the_repository_does_not_run(bench: Bench) -> None:
    bench.commit({".gitattributes": b"* merge=evil\n", "long.txt": b"".join(LINES)})
    bench.git("config", "merge.evil.driver", f"touch {bench.state}-was-run; false")

    _, done = carried(bench, {"long.txt": changed(2, b"ours\n")}, {"long.txt": changed(15, b"theirs\n")})

    assert done.conflicts == ()
    assert not bench.state.with_name(f"{bench.state.name}-was-run").exists()


def test_the_users_repository_is_as_it_was(bench: Bench) -> None:
    before = bench.snapshot()
    carried(bench, {"src/a.py": b"ours\n"}, {"src/a.py": b"theirs\n"})
    assert bench.snapshot() == before


def test_a_tree_that_is_not_there_is_named(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None).tree
    with pytest.raises(BadInput, match="f" * 40):
        repository.reapply(base, base, "f" * 40)
