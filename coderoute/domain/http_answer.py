"""The bytes of a provider's answer, bounded in size and time, and the events in them where it is a stream."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from coderoute.domain.conversation import JsonObject
from coderoute.domain.wire import json_object

LARGEST_ANSWER_BYTES = 16 * 2**20
"""Far more than any model may say in one turn; what is longer is no answer."""
LARGEST_ERROR_BYTES = 64 * 2**10
LATE = "it was still coming when its time was over"
EVENT_STREAM = "text/event-stream"


class TooLong(Exception):
    """More came than any answer has."""


class TooSlow(Exception):
    """The time for the whole answer is over, and it is still coming."""


class BadEvent(Exception):
    """An event of the stream is no JSON object."""


class ErrorWithin(Exception):
    """An answer with a good status says that the provider failed; `usage` is what it reports all the same."""

    def __init__(self, error: JsonObject, usage: object = None) -> None:
        super().__init__("an error within an answer")
        self.error = error
        self.usage = usage


class HttpAnswer(Protocol):
    """What is used of an HTTP library's response."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def iter_bytes(self) -> Iterator[bytes]: ...


class ErrorAnswer(Exception):
    """An answer with an error status. Its body was read as far as anybody will look at it."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much of an answer is read, and until when by `monotonic`."""

    ends_s: float
    monotonic: Callable[[], float]
    most_bytes: int = LARGEST_ANSWER_BYTES

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """`chunks` as they come.

        Raises:
            TooLong, TooSlow
        """
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.most_bytes:
                raise TooLong(f"more than {self.most_bytes} bytes")
            yield chunk
            if self.monotonic() > self.ends_s:
                raise TooSlow(LATE)
        if self.monotonic() > self.ends_s:  # it ended because we hung up
            raise TooSlow(LATE)

    def cause(self, error: Exception) -> Exception:
        """Why no more came: that we hung up looks to an HTTP library like a broken connection."""
        return TooSlow(LATE) if self.monotonic() > self.ends_s else error


def error_answer(answer: HttpAnswer, allowance: Allowance, broken: type[Exception]) -> ErrorAnswer:
    """The answer, whose status is an error, with as much of its body as came; `broken` is how the library says that
    no more does."""
    body = b""
    try:
        for chunk in allowance.of(answer.iter_bytes()):
            body += chunk
    except (TooLong, TooSlow, broken):
        pass  # the status alone says enough
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return ErrorAnswer(answer.status_code, headers, body)


def is_stream(answer: HttpAnswer) -> bool:
    """Whether what comes is a stream of events: a server that does not know how to stream sends a whole answer."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower() == EVENT_STREAM


def events(chunks: Iterable[bytes]) -> Iterator[JsonObject]:
    """The JSON objects of the stream's events, wherever the chunks were split.

    An event that did not come to its end is none: it might be half of what was meant.

    Raises:
        BadEvent
    """
    data: list[bytes] = []
    for line in _lines(chunks):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            text = b"\n".join(data)
            data = []
            if text.strip() == b"[DONE]":
                continue
            event = json_object(text)
            if event is None:
                raise BadEvent("an event of the stream is no JSON object")
            yield event


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that have come to their end (LF, or CR LF), without it."""
    pieces: list[bytes] = []
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            pieces.append(line)
            yield b"".join(pieces).removesuffix(b"\r")
            pieces = []
        if rest:
            pieces.append(rest)


def as_json(value: object) -> bytes:
    """`value` as JSON text, to be read like an answer that came in one piece."""
    return json.dumps(value, ensure_ascii=True).encode()
