"""Reading and making trees where git's own conveniences would get in the way."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.work import EXECUTABLE, REGULAR, SYMLINK, SnapshotFile
from coderoute.errors import BadInput, Refused

if TYPE_CHECKING:
    from coderoute.adapters.repository_git import GitRepository
    from tests.adapters.repository_git.conftest import Bench

HOSTILE_ATTRIBUTES = b"""*.py export-ignore diff=x eol=crlf
README.md export-subst ident text eol=crlf
*.txt binary -diff
*.u16 working-tree-encoding=UTF-16LE
"""


def snapshot(repository: GitRepository, tree: str) -> list[SnapshotFile]:
    contents = repository.read_many([file.oid for file in repository.files(tree)])
    return [SnapshotFile(path=file.path, mode=file.mode, data=contents[file.oid]) for file in repository.files(tree)]


def test_attributes_change_nothing_of_what_is_handed_out(bench: Bench) -> None:
    files = {
        ".gitattributes": HOSTILE_ATTRIBUTES,
        "README.md": b"$Id$ $Format:%H$\n",
        "a.txt": b"one\n",
        "b.u16": b"x\n",
    }
    bench.git("config", "core.autocrlf", "true")
    for path, data in files.items():
        oid = _blob(bench, data)
        bench.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    bench.git("commit", "-q", "-m", "attributes")
    repository = bench.repository()
    tree = repository.pin(None).tree
    with tarfile.open(fileobj=io.BytesIO(repository.tar(tree))) as archive:
        packed = {member.name: archive.extractfile(member) for member in archive.getmembers() if member.isfile()}
        contents = {name: file.read() for name, file in packed.items() if file is not None}
    assert contents == {file.path: repository.read(tree, file.path) for file in repository.files(tree)}
    assert contents["README.md"] == files["README.md"]
    assert "src/a.py" in contents
    changed = bench.changed_tree(repository, repository.pin(None), {"a.txt": b"two\n", "src/a.py": b"x\n"})
    assert b"-one\n+two\n" in repository.diff(tree, changed)
    assert [match.path for match in repository.search(tree, "one")] == ["a.txt"]


def _blob(bench: Bench, data: bytes) -> str:
    (bench.state.parent / "blob").write_bytes(data)
    return bench.git("hash-object", "-w", "--no-filters", str(bench.state.parent / "blob"))


def test_the_configuration_does_not_shape_the_patch_text(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None)
    tree = bench.changed_tree(repository, base, {"src/a.py": b"x\n", "näme.txt": b"y\n"})
    before = repository.diff(base.tree, tree)
    for key, value in {
        "diff.context": "0",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.algorithm": "patience",
        "diff.renames": "copies",
        "diff.orderFile": "order",
        "core.quotePath": "true",
        "core.abbrev": "4",
        "color.ui": "always",
    }.items():
        bench.git("config", key, value)
        bench.git("config", "--file", str(bench.state.parent / "home" / ".gitconfig"), key, value)
    other = bench.repository(run="other")
    assert bench.changed_tree(other, base, {"src/a.py": b"x\n", "näme.txt": b"y\n"}) == tree
    assert other.diff(base.tree, tree) == before
    assert "+++ b/näme.txt".encode() in before


def test_an_unchanged_symlink_is_kept_and_a_changed_one_refused(bench: Bench) -> None:
    (bench.root / "link").symlink_to("README.md")
    bench.commit()
    repository = bench.repository()
    base = repository.pin(None).tree
    files = snapshot(repository, base)
    assert repository.write_tree(base, files) == base
    (link,) = [file for file in files if file.mode == SYMLINK]
    others = [file for file in files if file is not link]
    for changed, rule in (
        (SnapshotFile(path="link", mode=SYMLINK, data=b"/etc/passwd"), "type.symlink"),
        (SnapshotFile(path="link", mode=REGULAR, data=link.data), "type.change"),
        (SnapshotFile(path="link/below", mode=REGULAR, data=b""), None),
    ):
        if rule is None:
            assert repository.read(repository.write_tree(base, [*others, changed]), "link/below") == b""
        else:
            with pytest.raises(Refused, match=rule):
                repository.write_tree(base, [*others, changed])
    with tarfile.open(fileobj=io.BytesIO(repository.tar(base))) as archive:
        assert archive.getmember("link").linkname == "README.md"


def test_trees_that_git_would_write_differently_today_stay_as_they_are(bench: Bench) -> None:
    """Old repositories hold mode 100664; what is not touched keeps its very bytes."""
    blob = _blob(bench, b"old\n")
    entry = b"100664 group.txt\0" + bytes.fromhex(blob)
    (bench.state.parent / "tree").write_bytes(entry)
    old = bench.git("hash-object", "-t", "tree", "-w", "--literally", str(bench.state.parent / "tree"))
    (bench.state.parent / "tree").write_bytes(b"40000 old\0" + bytes.fromhex(old) + b"100644 z\0" + bytes.fromhex(blob))
    top = bench.git("hash-object", "-t", "tree", "-w", "--literally", str(bench.state.parent / "tree"))
    repository = bench.repository()
    files = [
        SnapshotFile(path="old/group.txt", mode=REGULAR, data=b"old\n"),
        SnapshotFile(path="z", mode=REGULAR, data=b""),
    ]
    changed = repository.write_tree(top, files)
    assert bench.git(f"--git-dir={bench.state / 'run' / 'q.git'}", "rev-parse", f"{changed}:old") == old
    assert [change.path for change in repository.changes(top, changed)] == ["z"]


def test_what_git_itself_finds_wrong_is_refused(bench: Bench) -> None:
    repository = bench.repository()
    with pytest.raises(Refused, match=r"object\.fsck: .*gitmodules"):
        bench.changed_tree(
            repository,
            repository.pin(None),
            {".gitmodules": b'[submodule "../x"]\n\tpath = x\n\turl = --upload-pack=y\n'},
        )


def test_the_executable_bit_of_the_base_is_kept(bench: Bench) -> None:
    repository = bench.repository()
    base = repository.pin(None).tree
    assert {file.path: file.mode for file in repository.files(base)}["tool.sh"] == EXECUTABLE
    files = [
        SnapshotFile(path=file.path, mode=REGULAR, data=file.data) if file.path == "tool.sh" else file
        for file in snapshot(repository, base)
    ]
    (change,) = repository.changes(base, repository.write_tree(base, files))
    assert (change.old_mode, change.new_mode) == (EXECUTABLE, REGULAR)


def test_ignore_rules_of_the_user_and_of_the_checkout_do_not_count(bench: Bench) -> None:
    (bench.root / ".git" / "info").mkdir(exist_ok=True)
    (bench.root / ".git" / "info" / "exclude").write_text("new.txt\n")
    (bench.root / ".gitignore").write_text("new.txt\n")
    repository = bench.repository()
    tree = bench.changed_tree(repository, repository.pin(None), {"new.txt": b"x\n"})
    assert repository.read(tree, "new.txt") == b"x\n"


def test_an_odd_name_that_the_base_ignores_is_no_reason_to_refuse(bench: Bench) -> None:
    bench.commit({".gitignore": b"cache/\n"})
    repository = bench.repository()
    base = repository.pin(None)
    assert bench.changed_tree(repository, base, {"cache/12:30 ": b"x", "cache/-x": b"y"}) == base.tree
    with pytest.raises(Refused, match=r"path\.name"):
        bench.changed_tree(repository, base, {"src/12:30": b"x"})


def test_several_refusals_are_told_together(bench: Bench) -> None:
    repository = bench.repository()
    with pytest.raises(Refused) as caught:
        bench.changed_tree(repository, repository.pin(None), {f"-{n}": b"" for n in range(12)})
    assert caught.value.problem.count("path.name") == 10
    assert caught.value.problem.endswith("and 2 more")


def test_a_run_that_is_opened_again_has_its_trees(bench: Bench) -> None:
    first = bench.repository()
    tree = bench.changed_tree(first, first.pin(None), {"src/a.py": b"x\n"})
    assert bench.repository().read(tree, "src/a.py") == b"x\n"
    with pytest.raises(BadInput, match="has no tree"):
        bench.repository(run="other").files(tree)


@pytest.mark.parametrize("oid", ["HEAD", "--help", "main", "abcd", "G" * 40, ""])
def test_only_object_ids_reach_git(bench: Bench, oid: str) -> None:
    repository = bench.repository()
    tree = repository.pin(None).tree
    for ask in (
        lambda: repository.files(oid),
        lambda: repository.read_many([oid]),
        lambda: repository.search(oid, "x"),
        lambda: repository.tar(oid),
        lambda: repository.changes(tree, oid),
        lambda: repository.diff(oid, tree),
    ):
        with pytest.raises(BadInput, match="is not an object id"):
            ask()


def test_long_lines_are_cut_in_a_match(bench: Bench) -> None:
    bench.commit({"long.txt": b"needle" * 1000 + b"\n"})
    repository = bench.repository()
    (match,) = repository.search(repository.pin(None).tree, "needle")
    assert len(match.text) == 1000
