"""The changed functions, whole, for a reviewer who would otherwise look them up."""

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.work import REGULAR, Patch, SnapshotFile
from coderoute.stages.review.diff_lines import shown_lines
from coderoute.stages.review.surroundings import MAX_LINES, surroundings

BODY = b"".join(b"    x = %d\n" % n for n in range(20))
SOURCE = b"def first():\n" + BODY + b"\n\ndef second():\n" + BODY


def around(before: dict[str, bytes], after: dict[str, bytes]) -> str:
    repository = InMemoryRepository(before)
    base = repository.pin(None).tree
    files = [SnapshotFile(path=path, mode=REGULAR, data=data) for path, data in sorted(after.items())]
    tree = repository.write_tree(base, files)
    patch = Patch(base_tree=base, tree=tree, sha256="0", path="/p", changes=repository.changes(base, tree))
    return surroundings(patch, shown_lines(repository.diff(base, tree)) or {}, repository)


def test_the_function_that_holds_a_change_is_shown_whole_and_its_neighbour_is_not() -> None:
    text = around({"a.py": SOURCE}, {"a.py": SOURCE.replace(b"x = 10\n", b"x = 99\n", 1)})
    assert text.startswith("a.py:\n    1| def first():")
    assert "   12|     x = 99" in text
    assert "   21|     x = 19" in text
    assert "def second" not in text


def test_new_deleted_and_binary_files_have_no_surroundings() -> None:
    before = {"old.py": SOURCE, "logo.png": b"\x89\0"}
    assert around(before, {"new.py": SOURCE, "logo.png": b"\x89\0\0"}) == "(none)"


def test_a_change_outside_of_any_function_has_none() -> None:
    before = b"x = 1\n\n\n\n\n\n" + SOURCE
    assert around({"a.py": before}, {"a.py": before.replace(b"x = 1\n", b"x = 2\n", 1)}) == "(none)"


def test_an_endless_function_is_left_to_be_looked_up() -> None:
    endless = b"def f():\n" + b"    y = 1\n" * (MAX_LINES + 10)
    assert around({"a.py": endless}, {"a.py": endless.replace(b"y = 1", b"y = 2", 1)}) == "(none)"
