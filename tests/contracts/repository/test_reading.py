"""What every Repository promises about bases, files and searches."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.work import EXECUTABLE
from coderoute.errors import BadInput

if TYPE_CHECKING:
    from tests.contracts.repository.conftest import Make, Subject


def test_the_checked_out_branch_is_the_default_base(subject: Subject) -> None:
    base = subject.repository.pin(None)
    assert base.target == "refs/heads/main"
    assert (
        base
        == subject.repository.pin("main")
        == subject.repository.pin("refs/heads/main")
        == subject.repository.pin("HEAD")
    )


def test_a_commit_is_a_base_without_a_target(subject: Subject) -> None:
    base = subject.repository.pin(None)
    pinned = subject.repository.pin(base.commit)
    assert (pinned.commit, pinned.tree, pinned.target) == (base.commit, base.tree, None)
    assert pinned.repository_id == base.repository_id


def test_a_base_that_is_kept_is_read_as_before(subject: Subject, files: dict[str, bytes]) -> None:
    base = subject.repository.pin(None)
    assert subject.repository.keep(base)
    assert subject.repository.keep(base), "twice is once"
    assert subject.contents(base.tree) == files


def test_what_is_no_tree_cannot_be_kept(subject: Subject) -> None:
    nowhere = replace(subject.repository.pin(None), tree="0" * 40)
    with pytest.raises(BadInput):
        subject.repository.keep(nowhere)


def test_an_unknown_base_suggests_the_nearest_name(subject: Subject) -> None:
    with pytest.raises(BadInput) as refused:
        subject.repository.pin("mian")
    assert "mian" in refused.value.problem
    assert "main" in refused.value.remedy


def test_a_repository_without_a_commit_is_refused(make: Make) -> None:
    with pytest.raises(BadInput, match="no commit"):
        make({}).repository.pin(None)


def test_every_file_is_listed_by_path_with_mode_and_size(subject: Subject, files: dict[str, bytes]) -> None:
    listed = subject.repository.files(subject.base)
    assert [file.path for file in listed] == sorted(files)
    assert {file.path: file.size for file in listed} == {path: len(data) for path, data in files.items()}
    assert {file.path for file in listed if file.mode == EXECUTABLE} == {"run.sh"}


def test_files_are_read_byte_for_byte(subject: Subject, files: dict[str, bytes]) -> None:
    assert subject.contents(subject.base) == files


@pytest.mark.parametrize("path", ["nothing.txt", "src", "", "src/a.py/", "../README.md", "/README.md"])
def test_what_is_no_file_reads_as_none(subject: Subject, path: str) -> None:
    assert subject.repository.read(subject.base, path) is None


def test_many_blobs_come_in_one_batch(subject: Subject, files: dict[str, bytes]) -> None:
    by_path = {file.path: file.oid for file in subject.repository.files(subject.base)}
    oids = [by_path["logo.bin"], by_path["empty.txt"], by_path["logo.bin"]]
    assert subject.repository.read_many(oids) == {oids[0]: files["logo.bin"], oids[1]: b""}
    assert subject.repository.read_many([]) == {}


def test_a_blob_that_is_not_there_is_named(subject: Subject) -> None:
    with pytest.raises(BadInput, match="0" * 40):
        subject.repository.read_many(["0" * 40])


def test_a_search_finds_lines_by_extended_regular_expression(subject: Subject) -> None:
    found = subject.repository.search(subject.base, r"(needle|return [0-9]+)")
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
def test_a_search_stays_below_its_path(subject: Subject, path: str, found: set[str]) -> None:
    assert {match.path for match in subject.repository.search(subject.base, "needle", path)} == found


def test_a_fixed_string_is_no_expression(subject: Subject) -> None:
    tree = subject.base
    assert [match.path for match in subject.repository.search(tree, "a():", fixed=True)] == ["src/a.py"]
    assert subject.repository.search(tree, "d.f", fixed=True) == ()


def test_a_pattern_that_begins_with_a_dash_is_a_pattern(subject: Subject) -> None:
    assert subject.repository.search(subject.base, "--help") == ()


def test_binary_files_are_not_searched(make: Make) -> None:
    subject = make({"a.bin": b"needle\0needle\n", "b.txt": b"needle\n"})
    assert [match.path for match in subject.repository.search(subject.base, "needle")] == ["b.txt"]


@pytest.mark.parametrize("pattern", ["(", "[a", "a\nb", "a\0b"])
def test_a_pattern_that_does_not_parse_is_bad_input(subject: Subject, pattern: str) -> None:
    with pytest.raises(BadInput, match="pattern"):
        subject.repository.search(subject.base, pattern)


def test_a_search_ends_at_a_thousand_lines(make: Make) -> None:
    subject = make({"many.txt": b"needle\n" * 1500})
    assert len(subject.repository.search(subject.base, "needle")) == 1000


def test_the_tar_holds_the_files_and_nothing_else(subject: Subject, files: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=io.BytesIO(subject.repository.tar(subject.base))) as archive:
        members = {member.name: member for member in archive.getmembers() if member.isfile()}
        contents = {name: read.read() for name, member in members.items() if (read := archive.extractfile(member))}
    assert contents == files
    assert members["run.sh"].mode == 0o755
    assert members["README.md"].mode == 0o644


def test_an_overlaid_folder_stands_for_its_files(subject: Subject) -> None:
    base = subject.base
    other = subject.write({"src/a.py": b"other\n", "src/deep/b.py": None, "README.md": b"other\n"})
    mixed = subject.repository.overlay(base, other, ["src"])
    assert {change.path for change in subject.repository.changes(base, mixed)} == {"src/a.py", "src/deep/b.py"}
