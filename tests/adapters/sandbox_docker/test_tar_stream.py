"""A tar file is read as the work of somebody who may have written every byte of it."""

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.sandbox_docker import tar_stream
from coderoute.adapters.sandbox_docker.tar_stream import Member, TooLong

LIMIT = 100_000


def tar_of(*members: tarfile.TarInfo, kind: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind, encoding="utf-8", errors="surrogateescape") as made:
        for member in members:
            made.addfile(member, io.BytesIO(b"c" * member.size))
    return buffer.getvalue()


def member(name: str, *, size: int = 0, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, target
    return info


def read(data: bytes, *, chunk: int = 700, limit: int = LIMIT) -> list[tuple[Member, bytes]]:
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    return [(found, found.read()) for found in tar_stream.members(chunks, limit=limit)]


NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=300).filter(lambda name: name.strip("/"))


@given(st.lists(st.tuples(NAMES, st.integers(0, 2000)), max_size=6), st.integers(1, 3000))
def test_what_the_standard_library_writes_is_read(files: list[tuple[str, int]], chunk: int) -> None:
    data = tar_of(*(member(name, size=size) for name, size in files))
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as library:
        expected = [(info.name, info.size) for info in library]
    assert [(found.path.rstrip("/"), len(content)) for found, content in read(data, chunk=chunk)] == expected


def test_content_that_nobody_asks_for_is_passed_over() -> None:
    data = tar_of(member("a", size=700), member("b", size=5), member("c", kind=tarfile.SYMTYPE, target="x" * 200))
    found = [(m.path, m.kind, m.target) for m in tar_stream.members([data], limit=LIMIT)]
    assert found == [("a", b"0", ""), ("b", b"0", ""), ("c", b"2", "x" * 200)]


SAMPLE = tar_of(member("a" * 150, size=700), member("b/c", size=5), member("l", kind=tarfile.SYMTYPE, target="y" * 150))


@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_changed_archive_is_read_or_refused_and_nothing_else(changes: list[tuple[int, bytes]], mend: bool) -> None:
    data = bytearray(SAMPLE)
    for at, new in changes:
        data[at : at + len(new)] = new
    if mend:  # else the checksums would hide what is behind them
        for at in range(0, len(data) - 511, 512):
            if data[at + 257 : at + 262] == b"ustar":
                data[at + 148 : at + 156] = b" " * 8
                data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    try:
        found = read(bytes(data))
    except (tarfile.ReadError, TooLong):
        return
    assert all(len(content) == m.size for m, content in found if m.kind == tar_stream.FILE)


@given(st.binary(max_size=3000))
def test_noise_is_refused(noise: bytes) -> None:
    if noise[:512].strip(b"\0"):
        with pytest.raises((tarfile.ReadError, TooLong)):
            read(noise)


@pytest.mark.parametrize("length", [0, 511, 512, 1500, len(SAMPLE) // 2 // 512 * 512])
def test_an_archive_that_breaks_off_is_refused(length: int) -> None:
    with pytest.raises(tarfile.ReadError):
        read(SAMPLE.rstrip(b"\0")[:length])


def with_records(records: bytes) -> bytes:
    """An archive whose first member is an extended header of `records`."""
    info = member("x")
    info.size = len(records)
    header = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    header[156:157] = b"x"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + records + bytes(-len(records) % 512) + tar_of(member("a", size=5))


@pytest.mark.parametrize(
    "records",
    [
        b"9 path=x",
        b"-9 path=x\n",
        b"99999999 path=x\n",
        b"0 path=x\n",
        b"x",
        b"10 size=-5\n",
        b"31 size=999999999999999999999999\n",
        b"22 GNU.sparse.major=1\n",
        b"11 path=\0y\n",
    ],
)
def test_records_that_our_tar_does_not_write_are_refused(records: bytes) -> None:
    with pytest.raises(tarfile.ReadError):
        read(with_records(records))


def test_a_size_in_an_extended_header_is_not_believed_further_than_the_limit() -> None:
    with pytest.raises(TooLong):
        read(with_records(b"17 size=99999999\n"))


def test_an_extended_header_of_any_size_is_not_taken_into_memory() -> None:
    claim = bytearray(with_records(b"")[:512])
    claim[124:136] = b"77777777777\0"
    claim[148:156] = b" " * 8
    claim[148:156] = b"%06o\0 " % sum(claim)

    def chunks() -> Iterator[bytes]:
        yield bytes(claim)
        pytest.fail("more was read")

    with pytest.raises(tarfile.ReadError, match="claims 8589934591 bytes"):
        list(tar_stream.members(chunks(), limit=1 << 40))


@pytest.mark.parametrize("kind", [b"L", b"K", b"S", b"V", b"M", b"D", b"\0"])
def test_other_dialects_are_refused(kind: bytes) -> None:
    info = member("a", kind=kind)
    data = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    with pytest.raises(tarfile.ReadError, match="unknown kind"):
        read(bytes(data) + bytes(1024))


def test_something_behind_the_end_is_refused() -> None:
    with pytest.raises(tarfile.ReadError, match="damaged"):
        read(tar_of(member("a")) + tar_of(member("b")))
