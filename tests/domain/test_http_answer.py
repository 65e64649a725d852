"""The bytes of an answer: bounded, and the same events wherever they were split."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.http_answer import Allowance, BadEvent, TooLong, TooSlow, error_answer, events, is_stream

STREAM = (
    b": a comment\n\n"
    b'event: one\ndata: {"n": 1}\n\n'
    b'event: two\r\ndata:{"n":\r\ndata: 2}\r\n\r\n' + 'data: {"n": "\u2028 ä"}\n\n'.encode() + b"data: [DONE]\n\n"
)
THREE = [{"n": 1}, {"n": 2}, {"n": "\u2028 ä"}]


class Answer:
    """An HTTP answer whose body comes in chunks and may break."""

    def __init__(self, *chunks: bytes, kind: str = "", broken: bool = False) -> None:
        self.chunks = chunks
        self.status_code = 503
        self.headers = {"content-type": kind} if kind else {}
        self.broken = broken

    def iter_bytes(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.broken:
            raise ConnectionError


def allowed(*, most_bytes: int = 100, ends_s: float = 9.0, now_s: float = 0.0) -> Allowance:
    return Allowance(ends_s=ends_s, monotonic=lambda: now_s, most_bytes=most_bytes)


@given(st.sets(st.integers(min_value=1, max_value=len(STREAM) - 1)))
def test_events_are_the_same_wherever_the_stream_is_split(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    assert list(events(STREAM[a:b] for a, b in itertools.pairwise(places))) == THREE


@pytest.mark.parametrize("end", range(len(STREAM)))
def test_an_event_that_did_not_come_to_its_end_is_none(end: int) -> None:
    found = list(events([STREAM[:end]]))
    assert found == THREE[: len(found)]


@pytest.mark.parametrize("data", [b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_an_event_is_a_json_object(data: bytes) -> None:
    with pytest.raises(BadEvent):
        list(events([b"data: " + data + b"\n\n"]))


def test_an_answer_is_taken_in_up_to_its_bound_and_no_further() -> None:
    taken = iter([b"x" * 50, b"x" * 50, b"x", b"never read"])
    with pytest.raises(TooLong):
        list(allowed().of(taken))
    assert list(taken) == [b"never read"]


def test_an_answer_that_still_comes_after_its_time_is_given_up() -> None:
    with pytest.raises(TooSlow):
        list(allowed(ends_s=1.0, now_s=1.5).of([b"x", b"y"]))
    assert list(allowed(ends_s=1.0, now_s=1.0).of([b"x", b"y"])) == [b"x", b"y"]


@pytest.mark.parametrize(
    ("what", "answer"),
    [("whole", Answer(b"no")), ("too long", Answer(b"no", b"x" * 200)), ("broken", Answer(b"no", broken=True))],
)
def test_of_an_error_that_is_read_which_came(what: str, answer: Answer) -> None:
    error = error_answer(answer, allowed(), ConnectionError)
    assert (error.status, error.body) == (503, b"no"), what


@pytest.mark.parametrize(
    ("kind", "streamed"),
    [("text/event-stream", True), ("Text/Event-Stream; charset=utf-8", True), ("application/json", False), ("", False)],
)
def test_whether_it_is_a_stream_is_said_by_the_answer(kind: str, streamed: bool) -> None:
    assert is_stream(Answer(kind=kind)) is streamed
