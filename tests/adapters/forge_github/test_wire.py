"""HTTP under the forge: what is repeated, what is waited for, what is refused, and where the token never goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from coderoute.adapters.forge_github import wire
from coderoute.adapters.forge_github.wire import AnswerLost, Wire
from coderoute.errors import Unavailable

if TYPE_CHECKING:
    from tests.adapters.forge_github.conftest import Server, Written

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEADERS = {"Authorization": "token ghp_canary4711"}
OK = {"answer": 42}


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def line(server: Server, slept: list[float]) -> Iterator[Wire]:
    with closing(Wire(base=server.url, sleep=slept.append, now=lambda: NOW)) as made:
        yield made


def get(line: Wire, path: str = "/repos/acme/app") -> str:
    return line.exchange("GET", path, HEADERS, None).text


def post(line: Wire) -> str:
    return line.exchange("POST", "/repos/acme/app/pulls", HEADERS, "{}").text


KINDS: dict[str, dict[str, Any]] = {
    "an error of the server": {"status": 502, "body": "<html>Bad gateway</html>"},
    "an unavailable server": {"status": 503, "body": {"message": "later"}},
    "no answer": {"dropped": True},
    "half an answer": {"body": OK, "cut": True},
    "a page": {"body": "<html>Unicorn!</html>"},
    "text that is no JSON": {"body": "{"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_is_asked_again(
    kind: str, server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    server.answers = [written(**KINDS[kind]), written(**KINDS[kind]), written(body=OK)]
    assert get(line) == '{"answer": 42}'
    assert slept == [0.5, 1.0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_writes_is_not_sent_twice(kind: str, server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(**KINDS[kind])]
    with pytest.raises(AnswerLost):
        post(line)
    assert len(server.asked) == 1


def test_a_server_that_stays_broken_is_an_outage(server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(status=500)]
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:[0-9]+ does not answer \(HTTP 500\)") as stopped:
        get(line)
    assert stopped.value.reason == "forge_unavailable"
    assert len(server.asked) == 5


def test_a_server_that_is_not_there_is_tried_again_also_for_what_writes(slept: list[float]) -> None:
    with closing(Wire(base="http://127.0.0.1:9", sleep=slept.append)) as line, pytest.raises(Unavailable):
        post(line)
    assert slept == [0.5, 1.0, 2.0, 4.0]


def primary(written: type[Written], reset: datetime) -> Written:
    return written(
        status=403,
        body={"message": "API rate limit exceeded for user ID 1."},
        headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))},
    )


def secondary(written: type[Written], status: int, **headers: str) -> Written:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return written(status=status, body={"message": "You have exceeded a secondary rate limit."}, headers=named)


@pytest.mark.parametrize("send", [get, post])
def test_a_rate_limit_that_is_soon_over_is_waited_for(
    send: Callable[[Wire], str], server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    answer = primary(written, NOW + timedelta(seconds=30))
    answer.headers["Date"] = format_datetime(NOW, usegmt=True)
    server.answers = [answer, written(body=OK)]
    assert send(line) == '{"answer": 42}'
    assert slept == [31.0]


def test_a_rate_limit_that_lasts_says_until_when(
    server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    answer = primary(written, NOW + timedelta(minutes=45))
    answer.headers["Date"] = format_datetime(NOW, usegmt=True)
    server.answers = [answer]
    with pytest.raises(Unavailable, match="until 2026-11-22 12:45 UTC") as stopped:
        get(line)
    assert stopped.value.reason == "forge_rate_limit"
    assert slept == []


def test_the_reset_is_told_by_the_servers_clock(
    server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    theirs = NOW + timedelta(hours=3)
    answer = primary(written, theirs + timedelta(seconds=5))
    answer.headers["Date"] = format_datetime(theirs, usegmt=True)
    server.answers = [answer, written(body=OK)]
    get(line)
    assert slept == [6.0]


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [(403, {"Retry_After": "7"}, 7.0), (429, {"Retry_After": "7"}, 7.0), (429, {}, 60.0), (403, {}, 60.0)],
)
def test_a_secondary_limit_is_waited_for_as_long_as_it_says(
    status: int, headers: dict[str, str], waits: float, server: Server, line: Wire, written: type[Written],
    slept: list[float],
) -> None:  # fmt: skip
    server.answers = [secondary(written, status, **headers), written(body=OK)]
    get(line)
    assert slept == [waits]


def test_a_limit_that_never_ends_is_not_waited_for_for_ever(
    server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    server.answers = [secondary(written, 429, Retry_After="1")]
    with pytest.raises(Unavailable, match="limits the requests"):
        get(line)
    assert len(slept) == 3


def test_a_refusal_that_is_no_limit_is_no_reason_to_wait(
    server: Server, line: Wire, written: type[Written], slept: list[float]
) -> None:
    server.answers = [written(status=403, body={"message": "Resource not accessible by personal access token"})]
    assert line.exchange("GET", "/x", HEADERS, None).status == 403
    assert slept == []


def test_an_error_that_is_a_page_becomes_a_message(server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(status=404, body="<html>lost</html>")]
    assert get(line) == '{"message": "Not Found"}'


def test_a_question_follows_a_redirect_at_the_same_host(server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(status=301, headers={"Location": f"{server.url}/repositories/7?x=1"}), written(body=OK)]
    assert get(line) == '{"answer": 42}'
    assert server.asked[1].path == "/repositories/7?x=1"
    assert server.asked[1].headers["authorization"] == HEADERS["Authorization"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("send", [get, post])
def test_the_token_goes_to_no_other_host(
    send: Callable[[Wire], str], status: int, server: Server, line: Wire, written: type[Written]
) -> None:
    elsewhere = type(server)()
    elsewhere.answers = [written(body=OK)]
    try:
        server.answers = [written(status=status, headers={"Location": f"{elsewhere.url}/repos/acme/app"})]
        with pytest.raises(Unavailable, match="where the token does not go"):
            send(line)
        assert elsewhere.asked == []
        assert len(server.asked) == 1
    finally:
        elsewhere.close()


def test_what_writes_follows_no_redirect(server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(status=307, headers={"Location": "/repositories/7/pulls"}), written(body=OK)]
    with pytest.raises(Unavailable, match="has moved") as stopped:
        post(line)
    assert "new name" in stopped.value.remedy
    assert len(server.asked) == 1


def test_redirects_in_a_circle_end(server: Server, line: Wire, written: type[Written]) -> None:
    server.answers = [written(status=302, headers={"Location": "/again"})]
    with pytest.raises(Unavailable, match="in a circle"):
        get(line)
    assert len(server.asked) == 4


def test_an_answer_that_does_not_end_is_cut_off(
    server: Server, line: Wire, written: type[Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER_BYTES", 1000)
    server.answers = [written(body={"x": "y" * 2000})]
    with pytest.raises(Unavailable, match="an answer of more than 1,000 bytes"):
        get(line)


def test_no_proxy_sees_what_goes_to_this_machine_unencrypted(
    server: Server, line: Wire, written: type[Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = type(server)()
    proxy.answers = [written(body=OK)]
    try:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        server.answers = [written(body=OK)]
        get(line)
        assert proxy.asked == []
    finally:
        proxy.close()
