"""What every Repository promises, for each of them."""

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unidiff.patch import PatchSet

from coderoute.adapters.repository_git import GitRepository
from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.work import EXECUTABLE, REGULAR, SYMLINK, SnapshotFile
from coderoute.errors import BadInput, Refused
from coderoute.ports import Identity, Repository

FILES = {
    ".gitignore": b"*.log\nbuilt/\n",
    "README.md": b"# Thing\n\nWhat it is.\n",
    "docs/gr\u00fc\u00dfe \u65e5\u672c.md": b"hello\n",
    "empty.txt": b"",
    "logo.bin": bytes(range(256)),
    "noend.txt": b"one\ntwo",
    "run.sh": b"#!/bin/sh\necho hi\n",
    "src/a.py": b"def a():\n    return 1\n",
    "src/a space.py": b"x = 'needle'\n",
    "src/deep/b.py": b"def b():\n    return 'needle'\n",
}
EXECUTABLES = ("run.sh",)
AUTHOR = Identity(name="\u00c4nne Beispiel", email="aenne@example.org")
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

Make = Callable[[Mapping[str, bytes]], Repository]


def _git(folder: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=clean | quiet, check=True, capture_output=True)


def _on_disk(folder: Path, files: Mapping[str, bytes]) -> Repository:
    root = folder / "my repo \u00fc"
    root.mkdir()
    _git(root, "init", "-q", "-b", "main")
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        (root / path).chmod(0o755 if path in EXECUTABLES else 0o644)
    if files:
        _git(root, "add", "-A", "-f")
        _git(root, "commit", "-q", "-m", "start")
    return GitRepository(root, folder / "state" / "q.git")


REPOSITORIES: dict[str, Callable[[Path, Mapping[str, bytes]], Repository]] = {
    "in memory": lambda _, files: InMemoryRepository(files, executables=EXECUTABLES),
    "git": _on_disk,
}


@pytest.fixture(params=REPOSITORIES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return lambda files: REPOSITORIES[request.param](tmp_path, files)


@pytest.fixture
def repository(make: Make) -> Repository:
    return make(FILES)


def _base_tree(repository: Repository) -> str:
    return repository.pin(None).tree


def _snapshot(repository: Repository, changed: Mapping[str, bytes | None], mode: str = REGULAR) -> list[SnapshotFile]:
    """The base's files with `changed` ones written over them; None removes a file."""
    tree = _base_tree(repository)
    contents = repository.read_many([file.oid for file in repository.files(tree)])
    there = {
        file.path: SnapshotFile(path=file.path, mode=file.mode, data=contents[file.oid])
        for file in repository.files(tree)
    }
    for path, data in changed.items():
        there.pop(path, None)
        if data is not None:
            there[path] = SnapshotFile(path=path, mode=mode, data=data)
    return [there[path] for path in sorted(there)]


def _write(repository: Repository, changed: Mapping[str, bytes | None], mode: str = REGULAR) -> str:
    return repository.write_tree(_base_tree(repository), _snapshot(repository, changed, mode))


def _contents(repository: Repository, tree: str) -> dict[str, bytes | None]:
    return {file.path: repository.read(tree, file.path) for file in repository.files(tree)}


def test_the_checked_out_branch_is_the_default_base(repository: Repository) -> None:
    base = repository.pin(None)
    assert base.target == "refs/heads/main"
    assert base == repository.pin("main") == repository.pin("refs/heads/main") == repository.pin("HEAD")


def test_a_commit_is_a_base_without_a_target(repository: Repository) -> None:
    base = repository.pin(None)
    pinned = repository.pin(base.commit)
    assert (pinned.commit, pinned.tree, pinned.target) == (base.commit, base.tree, None)
    assert pinned.repository_id == base.repository_id


def test_an_unknown_base_suggests_the_nearest_name(repository: Repository) -> None:
    with pytest.raises(BadInput) as refused:
        repository.pin("mian")
    assert "mian" in refused.value.problem
    assert "main" in refused.value.remedy


def test_a_repository_without_a_commit_is_refused(make: Make) -> None:
    with pytest.raises(BadInput, match="no commit"):
        make({}).pin(None)


def test_every_file_is_listed_by_path_with_mode_and_size(repository: Repository) -> None:
    files = repository.files(_base_tree(repository))
    assert [file.path for file in files] == sorted(FILES)
    assert {file.path: file.size for file in files} == {path: len(data) for path, data in FILES.items()}
    assert {file.path for file in files if file.mode == EXECUTABLE} == {"run.sh"}


def test_files_are_read_byte_for_byte(repository: Repository) -> None:
    assert _contents(repository, _base_tree(repository)) == FILES


@pytest.mark.parametrize("path", ["nothing.txt", "src", "", "src/a.py/", "../README.md", "/README.md"])
def test_what_is_no_file_reads_as_none(repository: Repository, path: str) -> None:
    assert repository.read(_base_tree(repository), path) is None


def test_many_blobs_come_in_one_batch(repository: Repository) -> None:
    by_path = {file.path: file.oid for file in repository.files(_base_tree(repository))}
    oids = [by_path["logo.bin"], by_path["empty.txt"], by_path["logo.bin"]]
    assert repository.read_many(oids) == {oids[0]: FILES["logo.bin"], oids[1]: b""}
    assert repository.read_many([]) == {}


def test_a_blob_that_is_not_there_is_named(repository: Repository) -> None:
    with pytest.raises(BadInput, match="0" * 40):
        repository.read_many(["0" * 40])


def test_a_search_finds_lines_by_extended_regular_expression(repository: Repository) -> None:
    found = repository.search(_base_tree(repository), r"(needle|return [0-9]+)")
    assert [(match.path, match.line, match.text) for match in found] == [
        ("src/a space.py", 1, "x = 'needle'"),
        ("src/a.py", 2, "    return 1"),
        ("src/deep/b.py", 2, "    return 'needle'"),
    ]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("src", {"src/a space.py", "src/deep/b.py"}),
        ("src/", {"src/a space.py", "src/deep/b.py"}),
        ("./src/deep", {"src/deep/b.py"}),
        ("src/a space.py", {"src/a space.py"}),
        (".", {"src/a space.py", "src/deep/b.py"}),
        ("sr", set()),
        ("src/*", set()),
        ("../src", set()),
        ("--help", set()),
    ],
)
def test_a_search_stays_below_its_path(repository: Repository, path: str, found: set[str]) -> None:
    assert {match.path for match in repository.search(_base_tree(repository), "needle", path)} == found


def test_a_fixed_string_is_no_expression(repository: Repository) -> None:
    tree = _base_tree(repository)
    assert [match.path for match in repository.search(tree, "a():", fixed=True)] == ["src/a.py"]
    assert repository.search(tree, "d.f", fixed=True) == ()


def test_a_pattern_that_begins_with_a_dash_is_a_pattern(repository: Repository) -> None:
    assert repository.search(_base_tree(repository), "--help") == ()


def test_binary_files_are_not_searched(make: Make) -> None:
    repository = make({"a.bin": b"needle\0needle\n", "b.txt": b"needle\n"})
    assert [match.path for match in repository.search(_base_tree(repository), "needle")] == ["b.txt"]


@pytest.mark.parametrize("pattern", ["(", "[a", "a\nb", "a\0b"])
def test_a_pattern_that_does_not_parse_is_bad_input(repository: Repository, pattern: str) -> None:
    with pytest.raises(BadInput, match="pattern"):
        repository.search(_base_tree(repository), pattern)


def test_a_search_ends_at_a_thousand_lines(make: Make) -> None:
    repository = make({"many.txt": b"needle\n" * 1500})
    assert len(repository.search(_base_tree(repository), "needle")) == 1000


def test_the_tar_holds_the_files_and_nothing_else(repository: Repository) -> None:
    with tarfile.open(fileobj=io.BytesIO(repository.tar(_base_tree(repository)))) as archive:
        members = {member.name: member for member in archive.getmembers() if member.isfile()}
        contents = {name: read.read() for name, member in members.items() if (read := archive.extractfile(member))}
    assert contents == FILES
    assert members["run.sh"].mode == 0o755
    assert members["README.md"].mode == 0o644


def test_the_base_written_again_is_the_same_tree(repository: Repository) -> None:
    assert _write(repository, {}) == _base_tree(repository)


def test_a_written_tree_holds_exactly_the_given_files(repository: Repository) -> None:
    changed = {
        "src/a.py": b"def a():\n    return 2\n",
        "src/new/c.py": b"c = 3\n",
        "README.md": None,
        "src/deep/b.py": None,
    }
    tree = _write(repository, changed)
    expected = {path: data for path, data in (FILES | changed).items() if data is not None}
    assert _contents(repository, tree) == expected
    assert tree != _base_tree(repository)
    assert tree == _write(repository, changed), "the same files, the same tree"


def test_a_folder_and_a_file_change_places(make: Make) -> None:
    repository = make({"a": b"file\n", "b/c": b"below\n", "b.txt": b"beside\n"})
    tree = _write(repository, {"a": None, "a/x": b"below\n", "b/c": None, "b": b"file\n"})
    assert _contents(repository, tree) == {"a/x": b"below\n", "b": b"file\n", "b.txt": b"beside\n"}


def test_the_executable_bit_is_part_of_the_tree(repository: Repository) -> None:
    tree = _write(repository, {"src/a.py": FILES["src/a.py"]}, mode=EXECUTABLE)
    (change,) = repository.changes(_base_tree(repository), tree)
    assert (change.path, change.old_mode, change.new_mode, change.added, change.removed) == (
        *("src/a.py", REGULAR, EXECUTABLE),
        *(0, 0),
    )


def test_new_files_that_the_base_ignores_are_left_out(repository: Repository) -> None:
    ignored = {"debug.log": b"x", "src/deep/other.log": b"x", "built/out.js": b"x", "src/built/deep/out.js": b"x"}
    assert _write(repository, ignored) == _base_tree(repository)


def test_ignored_files_that_the_base_has_are_taken(make: Make) -> None:
    repository = make({".gitignore": b"*.log\n", "kept.log": b"old\n"})
    assert _contents(repository, _write(repository, {"kept.log": b"new\n"}))["kept.log"] == b"new\n"


def test_the_ignore_rules_of_the_snapshot_do_not_count(repository: Repository) -> None:
    tree = _write(repository, {".gitignore": b"*.py\n", "src/new.py": b"x = 1\n"})
    assert repository.read(tree, "src/new.py") == b"x = 1\n"
    assert repository.read(tree, ".gitignore") == b"*.py\n"


def test_ignore_rules_below_a_folder_and_exceptions_hold(make: Make) -> None:
    repository = make({".gitignore": b"*.tmp\n/top\n", "src/.gitignore": b"!keep.tmp\nlocal/\n", "src/a.py": b""})
    tree = _write(
        repository,
        {
            "x.tmp": b"",
            "src/keep.tmp": b"",
            "src/drop.tmp": b"",
            "top": b"",
            "src/top": b"",
            "src/local/a": b"",
            "local": b"",
        },
    )
    assert [change.path for change in repository.changes(_base_tree(repository), tree)] == [
        *("local", "src/keep.tmp", "src/top")
    ]


@pytest.mark.parametrize(
    "path",
    [
        *("src/__pycache__/a.cpython-311.pyc", "a.pyc", ".pytest_cache/v/x", ".venv/bin/python", "node_modules/x/y.js"),
        *(".hypothesis/a", ".coverage", "thing.egg-info/PKG-INFO", ".git/config", "src/.git/config", "src/a.py.orig"),
    ],
)
def test_leftovers_of_builds_and_tests_are_left_out(repository: Repository, path: str) -> None:
    assert _write(repository, {path: b"x"}) == _base_tree(repository)


def test_leftovers_that_the_base_has_are_taken(make: Make) -> None:
    repository = make({"node_modules/own/index.js": b"1\n"})
    tree = _write(repository, {"node_modules/own/index.js": b"2\n", "node_modules/own/more.js": b"3\n"})
    assert _contents(repository, tree) == {"node_modules/own/index.js": b"2\n", "node_modules/own/more.js": b"3\n"}


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("../outside", "path.traversal"),
        ("/etc/passwd", "path.traversal"),
        ("src//a", "path.traversal"),
        (".GIT/config", "path.dotgit"),
        (".g\u200cit/config", "path.dotgit"),
        ("git~1/config", "path.dotgit"),
        ("a\nb", "path.control"),
        ("a\u202eb", "path.invisible"),
        ("e\u0301.txt", "path.encoding"),
        ("caf\udce9", "path.encoding"),
        ("x" * 256, "path.length"),
        ("-rf", "path.name"),
        ("src/a.py/below", "path.collision"),
    ],
)
def test_a_path_no_tree_may_hold_is_refused_by_rule(repository: Repository, path: str, rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        _write(repository, {path: b"x"})


def test_a_new_symlink_is_refused(repository: Repository) -> None:
    with pytest.raises(Refused, match=r"type\.symlink: src/link is a new symlink"):
        _write(repository, {"src/link": b"/etc/passwd"}, mode=SYMLINK)


def test_an_unknown_mode_is_refused(repository: Repository) -> None:
    with pytest.raises(Refused, match=r"type\.mode"):
        _write(repository, {"src/x": b""}, mode="104755")


def test_the_same_path_twice_is_refused(repository: Repository) -> None:
    twice = [SnapshotFile(path="src/x", mode=REGULAR, data=data) for data in (b"1", b"2")]
    with pytest.raises(Refused, match="twice"):
        repository.write_tree(_base_tree(repository), [*_snapshot(repository, {}), *twice])


def test_an_overlay_takes_the_named_paths_from_the_other_tree(repository: Repository) -> None:
    base = _base_tree(repository)
    other = _write(
        repository, {"src/a.py": b"other\n", "README.md": None, "src/new.py": b"new\n", "noend.txt": b"other"}
    )
    mixed = repository.overlay(base, other, ["src/a.py", "README.md", "src/new.py", "not/there"])
    assert _contents(repository, mixed) == {
        **{path: data for path, data in FILES.items() if path != "README.md"},
        "src/a.py": b"other\n",
        "src/new.py": b"new\n",
    }
    assert repository.overlay(base, other, []) == base
    assert repository.overlay(other, base, ["src/a.py", "README.md", "src/new.py", "noend.txt"]) == base


def test_an_overlaid_folder_stands_for_its_files(repository: Repository) -> None:
    base = _base_tree(repository)
    other = _write(repository, {"src/a.py": b"other\n", "src/deep/b.py": None, "README.md": b"other\n"})
    mixed = repository.overlay(base, other, ["src"])
    assert {change.path for change in repository.changes(base, mixed)} == {"src/a.py", "src/deep/b.py"}


CHANGED: dict[str, bytes | None] = {
    "README.md": None,
    "docs/gr\u00fc\u00dfe \u65e5\u672c.md": b"hello\nworld\n",
    "empty.txt": b"no longer\n",
    "logo.bin": b"\0other",
    "noend.txt": b"one\ntwo\n",
    "src/a space.py": b"x = 'pin'\n",
    "src/new.py": b"a\nb\nc",
}


def test_changes_are_told_by_path_with_counted_lines(repository: Repository) -> None:
    changes = repository.changes(_base_tree(repository), _write(repository, CHANGED))
    told = {
        change.path: (change.created, change.deleted, change.added, change.removed, change.binary) for change in changes
    }
    assert list(told) == sorted(CHANGED)
    assert told == {
        "README.md": (False, True, 0, 3, False),
        "docs/gr\u00fc\u00dfe \u65e5\u672c.md": (False, False, 1, 0, False),
        "empty.txt": (False, False, 1, 0, False),
        "logo.bin": (False, False, 0, 0, True),
        "noend.txt": (False, False, 1, 1, False),
        "src/a space.py": (False, False, 1, 1, False),
        "src/new.py": (True, False, 3, 0, False),
    }
    assert {change.old_mode for change in changes if change.created} == {"000000"}


def test_the_same_trees_differ_in_nothing(repository: Repository) -> None:
    base = _base_tree(repository)
    assert repository.changes(base, base) == ()
    assert repository.diff(base, base) == b""


def test_the_patch_text_tells_what_the_changes_tell(repository: Repository) -> None:
    base, tree = _base_tree(repository), _write(repository, CHANGED)
    patch = repository.diff(base, tree)
    assert patch == repository.diff(base, tree)
    parsed = {file.path: (file.added, file.removed) for file in PatchSet(patch.decode("utf-8", "surrogateescape"))}
    changes = repository.changes(base, tree)
    assert parsed == {change.path: (change.added, change.removed) for change in changes}
    for change in changes:
        assert f"index {change.old_oid}..{change.new_oid}".encode() in patch


def test_a_merge_commits_on_the_base_and_moves_the_target(repository: Repository) -> None:
    base, tree = repository.pin(None), _write(repository, CHANGED)
    merged = repository.merge(tree=tree, base=base, branch="coderoute/x-1", message="Do it\n", author=AUTHOR, at=AT)
    assert (merged.branch, merged.target_moved, merged.why, merged.command) == ("coderoute/x-1", True, None, None)
    for name in ("main", "coderoute/x-1", None):
        assert repository.pin(name).commit == merged.commit
        assert repository.pin(name).tree == tree
    assert repository.pin(None).repository_id == base.repository_id


def test_a_repeated_merge_changes_nothing_more(repository: Repository) -> None:
    base, tree = repository.pin(None), _write(repository, CHANGED)
    first, second = (
        repository.merge(tree=tree, base=base, branch="coderoute/x", message="Do it\n", author=AUTHOR, at=AT)
        for _ in range(2)
    )
    assert first == second
    assert repository.pin("main").commit == first.commit


def test_without_a_target_only_the_branch_is_made(repository: Repository) -> None:
    start = repository.pin(None)
    base, tree = repository.pin(start.commit), _write(repository, CHANGED)
    merged = repository.merge(tree=tree, base=base, branch="coderoute/x", message="m\n", author=AUTHOR, at=AT)
    assert not merged.target_moved
    assert merged.why
    assert merged.command == "git merge --ff-only coderoute/x"
    assert repository.pin("main").commit == start.commit
    assert repository.pin("coderoute/x").commit == merged.commit


def test_a_target_that_moved_is_left_alone(repository: Repository) -> None:
    base = repository.pin(None)
    ours, theirs = _write(repository, {"src/a.py": b"ours\n"}), _write(repository, {"src/a.py": b"theirs\n"})
    other = repository.merge(tree=theirs, base=base, branch="other", message="m\n", author=AUTHOR, at=AT)
    with pytest.raises(Refused, match="target moved"):
        repository.merge(tree=ours, base=base, branch="coderoute/x", message="m\n", author=AUTHOR, at=AT)
    assert repository.pin("main").commit == other.commit
    with pytest.raises(BadInput):
        repository.pin("coderoute/x")


def test_a_branch_of_another_commit_is_not_overwritten(repository: Repository) -> None:
    base = repository.pin(repository.pin(None).commit)
    repository.merge(tree=_write(repository, {"a": b"1"}), base=base, branch="x", message="m", author=AUTHOR, at=AT)
    before = repository.pin("x")
    with pytest.raises(Refused, match="exists already"):
        repository.merge(tree=_write(repository, {"a": b"2"}), base=base, branch="x", message="m", author=AUTHOR, at=AT)
    assert repository.pin("x") == before


_NAMES = st.sampled_from(["a", "b", "c", "d e", "a.txt", "a-b", "a0"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TREES = st.dictionaries(_PATHS, st.binary(max_size=20), min_size=1, max_size=8).filter(
    lambda files: not any(one.startswith(f"{other}/") for one in files for other in files)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_TREES, after=_TREES)
def test_any_tree_can_become_any_other(
    repository: Repository, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    def written(base: str, files: dict[str, bytes]) -> str:
        snapshot = [SnapshotFile(path=path, mode=REGULAR, data=data) for path, data in sorted(files.items())]
        return repository.write_tree(base, snapshot)

    first = written(_base_tree(repository), before)
    second = written(first, after)
    assert _contents(repository, second) == after
    assert second == written(_base_tree(repository), after), "the tree does not depend on the way to it"
    assert written(second, before) == first
    differing = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    assert [change.path for change in repository.changes(first, second)] == differing
    assert repository.overlay(first, second, sorted(before.keys() | after.keys())) == second
