"""The writer of work tree files by itself: what it takes for the base's file, and where it does not go."""

from pathlib import Path

from coderoute.adapters.repository_git.files import State, WorkTree
from coderoute.domain.snapshot import blob_oid
from coderoute.domain.work import REGULAR, FileChange

OLD, NEW = b"old\n", b"new\n"
CHANGE = FileChange(
    path="src/a.py", old_mode=REGULAR, new_mode=REGULAR, old_oid=blob_oid(OLD), new_oid=blob_oid(NEW), added=1,
    removed=1, binary=False,
)  # fmt: skip


def work_tree(root: Path) -> WorkTree:
    return WorkTree(root, (CHANGE,), trusts_mode=True)


def test_a_file_as_the_base_has_it_is_brought_to_its_new_content(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_bytes(OLD)

    assert work_tree(tmp_path).states() == {"src/a.py": State.OLD}
    assert work_tree(tmp_path).follow({CHANGE.new_oid: NEW}) == ()
    assert (tmp_path / "src" / "a.py").read_bytes() == NEW


def test_nothing_is_written_through_a_link_though_the_same_file_lies_behind_it(tmp_path: Path) -> None:
    root, precious = tmp_path / "root", tmp_path / "precious"
    root.mkdir()
    precious.mkdir()
    (precious / "a.py").write_bytes(OLD)
    (root / "src").symlink_to(precious)

    assert work_tree(root).states() == {"src/a.py": State.OTHER}
    assert work_tree(root).follow({CHANGE.new_oid: NEW}) == ("src/a.py",)
    assert (precious / "a.py").read_bytes() == OLD
