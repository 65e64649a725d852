"""Which repositories and bases are taken, and how the others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_git import GitRepository
from coderoute.errors import BadInput

if TYPE_CHECKING:
    from tests.adapters.repository_git.conftest import Bench


def refused(bench: Bench, base: str | None = None, path: Path | None = None) -> BadInput:
    with pytest.raises(BadInput) as caught:
        bench.repository(path).pin(base)
    return caught.value


def test_the_checked_out_branch_is_pinned(bench: Bench) -> None:
    bench.git("switch", "-q", "-c", "topic/ä")
    base = bench.repository().pin(None)
    assert base.commit == bench.git("rev-parse", "HEAD")
    assert base.tree == bench.git("rev-parse", "HEAD^{tree}")
    assert base.target == "refs/heads/topic/ä"


def test_a_subfolder_finds_the_repository_above_it(bench: Bench) -> None:
    repository = bench.repository(bench.root / "src" / "deep")
    assert repository.root == bench.root
    assert repository.pin(None) == bench.repository().pin(None)


def test_a_relative_path_and_a_symlink_lead_to_the_same_repository(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(bench.root)
    monkeypatch.chdir(bench.root / "src")
    expected = bench.repository().pin(None)
    assert bench.repository(Path()).pin(None) == expected
    assert bench.repository(tmp_path / "link").pin(None) == expected


def test_a_linked_worktree_has_its_own_branch_and_the_same_identity(bench: Bench, tmp_path: Path) -> None:
    linked = tmp_path / "linked tree"
    bench.git("worktree", "add", "-q", "-b", "topic", str(linked))
    base = bench.repository(linked).pin(None)
    assert base.target == "refs/heads/topic"
    assert base.repository_id == bench.repository().pin(None).repository_id


def test_a_linked_worktree_of_a_bare_repository_is_taken(bench: Bench, tmp_path: Path) -> None:
    bench.git("clone", "-q", "--bare", str(bench.root), str(tmp_path / "bare.git"))
    bench.git("worktree", "add", "-q", str(tmp_path / "linked"), "main", cwd=tmp_path / "bare.git")
    assert bench.repository(tmp_path / "linked").pin(None).target == "refs/heads/main"


@pytest.mark.parametrize("packed", [False, True])
def test_branches_tags_and_remote_branches_are_bases(bench: Bench, packed: bool) -> None:
    start = bench.git("rev-parse", "HEAD")
    bench.git("branch", "topic/x")
    bench.git("tag", "light")
    bench.git("tag", "-a", "-m", "heavy", "v1.0")
    bench.git("update-ref", "refs/remotes/origin/main", "HEAD")
    bench.commit({"more": b""})
    if packed:
        bench.git("pack-refs", "--all")
        bench.git("gc", "-q")
    repository = bench.repository()
    targets = {
        "topic/x": "refs/heads/topic/x",
        "heads/topic/x": "refs/heads/topic/x",
        "refs/heads/topic/x": "refs/heads/topic/x",
        "light": None,
        "v1.0": None,
        "tags/v1.0": None,
        "origin/main": None,
        "main~1": None,
        "HEAD^": None,
        start: None,
        start[:8]: None,
    }
    assert {name: repository.pin(name).target for name in targets} == targets
    assert {repository.pin(name).commit for name in targets} == {start}


def test_a_detached_head_has_no_target(bench: Bench) -> None:
    bench.git("checkout", "-q", "--detach")
    base = bench.repository().pin(None)
    assert (base.commit, base.target) == (bench.git("rev-parse", "HEAD"), None)


def test_an_unknown_base_suggests_near_names(bench: Bench) -> None:
    bench.git("branch", "feature/login")
    bench.git("pack-refs", "--all")
    error = refused(bench, "feature/logn")
    assert "'feature/logn' is not a branch, tag or commit" in error.problem
    assert "feature/login" in error.remedy


@pytest.mark.parametrize(
    "base",
    [
        *("", "-x", "--help", "main:README.md", ":/start", "main@{1}", "@{-1}", "a..b", "main^{tree}", "a b", "x\n"),
        *("*", "a\\b", "../HEAD", "refs/../HEAD", ".lock", "a.lock"),
    ],
)
def test_a_base_that_cannot_be_a_name_is_refused_by_rule(bench: Bench, base: str) -> None:
    assert "not a name" in refused(bench, base).problem


@pytest.mark.parametrize("base", ["main~5", "deadbeef", "f" * 40, "HEAD^2"])
def test_a_commit_that_is_not_there_is_refused(bench: Bench, base: str) -> None:
    assert base in refused(bench, base).problem


def test_a_name_of_both_a_branch_and_a_tag_is_ambiguous(bench: Bench) -> None:
    bench.git("branch", "both")
    bench.git("tag", "both")
    error = refused(bench, "both")
    assert "ambiguous" in error.problem
    assert "refs/tags/both" in error.remedy
    assert bench.repository().pin("refs/heads/both").target == "refs/heads/both"
    assert bench.repository().pin("refs/tags/both").target is None


def test_a_beginning_of_several_commit_ids_is_ambiguous(bench: Bench) -> None:
    ids = {bench.git("rev-parse", "HEAD")}
    while True:
        new = bench.git("commit-tree", "HEAD^{tree}", "-m", str(len(ids)))
        if any(old[:4] == new[:4] for old in ids):
            break
        ids.add(new)
    assert "more than one commit" in refused(bench, new[:4]).problem


def test_a_tag_of_a_tree_is_no_base(bench: Bench) -> None:
    bench.git("tag", "tree", "HEAD^{tree}")
    assert "does not lead to a commit" in refused(bench, "tree").problem


def test_a_folder_that_is_no_repository_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not in a git repository") as caught:
        GitRepository(tmp_path, tmp_path / "q.git")
    assert str(tmp_path) in caught.value.problem
    assert "--repo" in caught.value.remedy
    assert not (tmp_path / "q.git").exists()


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        GitRepository(tmp_path / "nowhere", tmp_path / "q.git")


def test_a_bare_repository_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.git("clone", "-q", "--bare", str(bench.root), str(tmp_path / "bare.git"))
    assert "bare" in refused(bench, path=tmp_path / "bare.git").problem
    assert "bare" in refused(bench, path=bench.root / ".git" / "refs").problem
    bench.git("config", "core.bare", "true")
    assert "bare" in refused(bench).problem


def test_a_repository_without_a_commit_is_refused(empty: Bench) -> None:
    error = refused(empty)
    assert "has no commit on main" in error.problem
    assert "first commit" in error.remedy


def test_sha256_is_refused_by_name(empty: Bench) -> None:
    other = empty.root / "other"
    empty.git("init", "-q", "--object-format=sha256", str(other))
    assert "SHA256" in refused(empty, path=other).problem


def test_submodules_are_refused_by_name(bench: Bench) -> None:
    bench.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    bench.git("commit", "-q", "-m", "submodule")
    assert "submodule vendor/lib" in refused(bench).problem


@pytest.mark.parametrize("place", [".gitattributes", "src/.gitattributes"])
def test_lfs_is_refused_by_name(bench: Bench, place: str) -> None:
    bench.commit({place: b"# no filter=lfs here\n*.psd filter=lfs diff=lfs merge=lfs -text\n"})
    assert f"{place} keeps files in Git LFS" in refused(bench).problem


def test_other_filters_and_comments_about_lfs_are_no_reason_to_refuse(bench: Bench) -> None:
    bench.commit({".gitattributes": b"# *.psd filter=lfs\n*.txt filter=lfs-not\n"})
    assert bench.repository().pin(None).target == "refs/heads/main"


@pytest.mark.parametrize(
    ("key", "value"),
    [("remote.origin.promisor", "true"), ("extensions.partialClone", "origin")],
)
def test_a_partial_clone_is_refused_by_name(bench: Bench, key: str, value: str) -> None:
    bench.git("config", key, value)
    assert "partial clone" in refused(bench).problem


def test_a_real_partial_clone_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.git("config", "uploadpack.allowFilter", "true")
    bench.git("clone", "-q", "--filter=blob:none", f"file://{bench.root}", str(tmp_path / "partial"))
    assert "partial clone" in refused(bench, path=tmp_path / "partial").problem


def test_an_unknown_extension_is_refused_by_name(bench: Bench) -> None:
    bench.git("config", "core.repositoryFormatVersion", "1")
    bench.git("config", "extensions.futureThing", "true")
    assert "extensions.futurething" in refused(bench).problem


def test_a_work_tree_elsewhere_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.git("config", "core.worktree", str(tmp_path))
    assert "work tree elsewhere" in refused(bench).problem


def test_a_git_folder_that_names_its_work_tree_is_taken(bench: Bench, tmp_path: Path) -> None:
    """Both are how git lays out a submodule."""
    bench.git("init", "-q", f"--separate-git-dir={tmp_path / 'elsewhere.git'}")
    bench.git("config", "core.worktree", f"../{bench.root.relative_to(tmp_path)}")
    assert bench.repository().pin(None).target == "refs/heads/main"
    assert bench.merge({"README.md": b"2\n"}).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_a_configuration_that_does_not_parse_is_named(bench: Bench) -> None:
    (bench.root / ".git" / "config").write_text("[core\n")
    assert "config does not parse" in refused(bench).problem


def test_a_shallow_clone_works_through_a_merge(bench: Bench, tmp_path: Path) -> None:
    bench.commit({"more": b"1\n"})
    shallow = tmp_path / "shallow"
    bench.git("clone", "-q", "--depth=1", f"file://{bench.root}", str(shallow))
    bench.root = shallow
    base = bench.repository().pin(None)
    assert base.repository_id.startswith(base.commit), "the boundary stands for the root"
    assert bench.merge({"more": b"2\n"}, base=base).target_moved
    assert bench.git("status", "--porcelain") == ""
    assert bench.git("rev-list", "--count", "HEAD") == "2"


def test_a_clone_that_borrows_objects_works_through_a_merge(bench: Bench, tmp_path: Path) -> None:
    sharing = tmp_path / "sharing"
    bench.git("clone", "-q", "--shared", str(bench.root), str(sharing))
    bench.root = sharing
    assert bench.merge({"README.md": b"2\n"}).target_moved
    assert bench.git("status", "--porcelain") == ""


def test_the_repository_id_is_the_first_commit_and_the_place(bench: Bench) -> None:
    root = bench.git("rev-parse", "HEAD")
    bench.commit({"more": b""})
    assert bench.repository().pin(None).repository_id == f"{root}:{bench.root / '.git'}"


def test_a_commit_graph_that_lies_about_a_tree_is_not_believed(bench: Bench) -> None:
    tree = bench.git("rev-parse", "HEAD^{tree}")
    bench.git("commit-graph", "write", "--reachable")
    graph = bench.root / ".git" / "objects" / "info" / "commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes().replace(bytes.fromhex(tree), b"\1" * 20))
    assert bench.repository().pin(None).tree == tree


def test_executable_configuration_is_named_with_its_value(bench: Bench) -> None:
    harmless = {"user.name": "X", "core.fsmonitor": "true", "alias.st": "status", "submodule.a.update": "none"}
    for key, value in harmless.items():
        bench.git("config", key, value)
    assert bench.repository().warnings() == ()
    dangerous = {
        "core.fsmonitor": "./watch \x1b[2J",
        "core.hooksPath": "hooks",
        "diff.external": "x",
        "diff.pdf.textconv": "x",
        "filter.z.smudge": "x",
        "alias.st": "!x",
        "include.path": "more",
        "submodule.a.update": "!x",
    }
    for key, value in dangerous.items():
        bench.git("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "config", key, value)
    told = bench.repository().warnings()
    assert len(told) == len(dangerous)
    assert "the repository's git configuration sets core.fsmonitor = ./watch <U+001B>[2J" in told
