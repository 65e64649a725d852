"""Reading a tar file that untrusted files went into."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from coderoute.adapters.sandbox_docker import archive
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.errors import Refused


def tar_of(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as made:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                made.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                made.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def files_in(data: bytes, *left: str, chunk: int = 700) -> list[SnapshotFile]:
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    return list(archive.files_in(chunks, left_by_setup=frozenset(left)))


def test_only_files_and_symlinks_are_taken_from_an_archive() -> None:
    data = tar_of(
        special("./dir", tarfile.DIRTYPE),
        ("./dir/a", b"1" * 2000),
        special("./fifo", tarfile.FIFOTYPE),
        special("./disk", tarfile.BLKTYPE),
        special("./hard", tarfile.LNKTYPE, "./dir/a"),
    )
    assert files_in(data) == [SnapshotFile(path="dir/a", mode=REGULAR, data=b"1" * 2000)]


def test_git_and_what_set_up_left_are_passed_over_even_if_tar_did_not() -> None:
    data = tar_of((".git/config", b""), ("sub/.git", b""), (".venv/lib/a", b""), ("src/a.so", b""), ("src/a.sox", b""))
    assert [f.path for f in files_in(data, ".venv", "src/a.so")] == ["sub/.git", "src/a.sox"]


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    assert len(files_in(tar_of(*((str(n), b"") for n in range(3))))) == 3
    with pytest.raises(Refused, match=r"^snapshot\.entries: "):
        files_in(tar_of(*((str(n), b"") for n in range(4))))


def test_a_stream_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tar_of(("a", b"x" * 20_000), ("b", b"x" * 20_000))
    monkeypatch.setattr(archive, "MAX_STREAM_BYTES", 41_000)
    with pytest.raises(Refused, match=r"^snapshot\.size: "):
        files_in(data)
    monkeypatch.setattr(archive, "MAX_STREAM_BYTES", len(data))
    assert len(files_in(data)) == 2


def test_a_claimed_size_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_STREAM_BYTES", 1_000_000)
    claim = tarfile.TarInfo("big")
    claim.size = 2_000_000

    def chunks() -> Iterator[bytes]:
        yield claim.tobuf() + bytes(20_000)
        pytest.fail("more was read")

    with pytest.raises(Refused, match=r"^snapshot\.size: "):
        list(archive.files_in(chunks(), left_by_setup=frozenset()))


@pytest.mark.parametrize(
    ("path", "rule"),
    [("x" * 1025, "path.length"), ("/".join("d" * 65), "path.depth"), ("caf\udce9", "path.encoding")],
)
def test_a_path_beyond_the_limits_is_refused(path: str, rule: str) -> None:
    with pytest.raises(Refused, match=rf"^{rule}: "):
        files_in(tar_of((path, b"")))


@pytest.mark.parametrize("path", ["\u00e9" * 512, "/".join("d" * 64), "caf\u00e9"])
def test_a_path_at_the_limit_is_taken(path: str) -> None:
    assert [f.path for f in files_in(tar_of((path, b"")))] == [path]


def test_a_damaged_archive_is_an_error() -> None:
    data = bytearray(tar_of(("a", b"1"), ("b", b"2"), ("c", b"3")))
    data[1024 : 1024 + 512] = b"?" * 512
    with pytest.raises(tarfile.TarError):
        files_in(bytes(data))
    with pytest.raises(tarfile.TarError):
        files_in(tar_of(("a", b"1" * 5000))[:3000])
