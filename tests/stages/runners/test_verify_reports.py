"""Taking report files out of a sandbox whose every byte may be hostile."""

import io
import tarfile
from collections.abc import Iterator, Mapping

import pytest

from coderoute.domain.work import CommandResult, Ending, SnapshotFile
from coderoute.stages.verify.junit import MAX_REPORT_BYTES, UnreadableReport
from coderoute.stages.verify.runners.reports import gathered, read_json


class Answering:
    """A sandbox in which every file holds the same bytes."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data

    def run(self, command: str, *, timeout_s: float, env: Mapping[str, str] | None = None) -> CommandResult:
        return CommandResult(exit_code=0, output=b"", truncated=False, ending=Ending.EXIT, duration_s=0.0)

    def read(self, path: str, *, limit: int = 10_000_000) -> bytes | None:
        return None if self.data is None else self.data[:limit]

    def write(self, path: str, data: bytes) -> str | None:
        return "no"

    def snapshot(self) -> Iterator[SnapshotFile]:
        return iter(())

    def close(self) -> None:
        pass


def tar_of(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size) if member.isreg() else None)
    return buffer.getvalue()


def member(
    name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, headers: Mapping[str, str] | None = None
) -> tarfile.TarInfo:  # fmt: skip
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname, made.pax_headers = size, kind, "/etc/passwd", dict(headers or {})
    return made


def test_only_regular_files_come_out_sorted_and_from_the_checkouts_root() -> None:
    links = [member("./c", 0, kind) for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)]
    tar = tar_of(member("./b"), *links, member("./a", 2))
    assert gathered(Answering(tar), ".", "/r") == {"a": b"xx", "b": b"x"}


def test_a_sparse_file_cannot_claim_more_bytes_than_there_are() -> None:
    claims = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1000"}
    tar = tar_of(member("./bomb", headers=claims), member("./a"))
    assert gathered(Answering(tar), ".", "/r") == {"a": b"x"}


@pytest.mark.parametrize("data", [b"no tar file" * 100, b"x" * (MAX_REPORT_BYTES + 2)])
def test_what_is_no_archive_or_too_large_is_not_read(data: bytes) -> None:
    with pytest.raises(UnreadableReport):
        gathered(Answering(data), ".", "/r")
    with pytest.raises(UnreadableReport):
        read_json(Answering(data), "r.json")


def test_without_reports_there_is_nothing() -> None:
    assert gathered(Answering(None), ".", "/r") == {}
    assert read_json(Answering(None), "r.json") is None
