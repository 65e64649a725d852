"""HTTP to one API, under PyGithub: bounded, retried where nothing can be done twice, and to no other host.

A request that only reads is repeated when its answer does not come, is cut off, or is no JSON. One that writes is
repeated only when it surely was not done (no connection, a rate limit); otherwise AnswerLost says that nobody knows,
and whoever sent it looks before it is sent again.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from coderoute.domain.paths import shown
from coderoute.errors import Unavailable

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
"""Between two pieces of an answer."""
ANSWER_TIMEOUT_S = 120.0
"""For a whole answer."""
LARGEST_ANSWER_BYTES = 64 * 2**20
"""A hundred of the longest comments, each character escaped, are 38 MiB."""
MAX_WAIT_S = 60.0
"""For a rate limit to be over."""
MAX_RATE_WAITS = 3
MAX_REDIRECTS = 3
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0)
"""Before each repetition of a request that reads."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
RESUME = "look at the forge's status page, then: coderoute resume RUN"


class AnswerLost(Exception):
    """A request that writes was sent, and what became of it is not known."""


class NotSent(Exception):
    """No connection was made: nothing was done."""


class Broken(Exception):
    """What came is no answer: cut off, no JSON, or an error of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`headers` have lower-case names; `text` is JSON, or empty."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Requests to `base`, e.g. `https://api.github.com`. `sleep` and `now` are the clock."""

    base: str
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def exchange(self, verb: str, path: str, headers: Mapping[str, str], body: str | None) -> Answer:
        """The answer to one request, whatever its status below 500. `path` begins with a slash.

        Raises:
            AnswerLost: only for a request that writes.
            Unavailable: no answer, or a rate limit that lasts longer than MAX_WAIT_S.
        """
        reads = verb in ("GET", "HEAD")
        waits = redirects = 0
        pauses = list(BACK_OFF_S)
        while True:
            try:
                answer = self._once(verb, path, headers, body)
            except (NotSent, Broken) as failed:
                if isinstance(failed, Broken) and not reads:
                    raise AnswerLost(str(failed)) from failed
                if not pauses:
                    raise Unavailable(
                        f"{self._host} does not answer ({failed})", reason="forge_unavailable", remedy=RESUME
                    ) from failed
                self.sleep(pauses.pop(0))
                continue
            wait_s = rate_limited(answer, self.now())
            if wait_s is not None:
                waits += 1
                self._wait_for_the_limit(wait_s, waits)
            elif answer.status in REDIRECTS:
                redirects += 1
                path = self._redirected(path, answer, reads=reads, redirects=redirects)
            else:
                return answer

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_session" in self.__dict__:
            self._session.close()

    @property
    def _host(self) -> str:
        return urlsplit(self.base).netloc

    @cached_property
    def _session(self) -> "requests.Session":
        import requests

        session = requests.Session()
        session.auth = lambda request: request  # without one of its own, requests would look into ~/.netrc
        session.trust_env = self.base.startswith("https:")  # no proxy reads what goes to this machine unencrypted
        return session

    def _once(self, verb: str, path: str, headers: Mapping[str, str], body: str | None) -> Answer:
        import requests
        import urllib3

        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.base))
        try:
            response = self._session.request(
                verb,
                origin + path,
                headers=dict(headers),
                data=None if body is None else body.encode("utf-8", "replace"),
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
                stream=True,
            )
            with closing(response):
                return self._read(response, reads=verb in ("GET", "HEAD"))
        except requests.exceptions.SSLError as failed:
            raise Unavailable(
                f"{self._host} shows a certificate that is not trusted ({_cause(failed)})",
                reason="forge_unavailable",
                remedy="name its authority's certificates in REQUESTS_CA_BUNDLE, then: coderoute resume RUN",
            ) from None
        except requests.exceptions.ConnectTimeout as failed:
            raise NotSent(_cause(failed)) from failed
        except requests.exceptions.ConnectionError as failed:
            if isinstance(_innermost(failed), urllib3.exceptions.NewConnectionError | ConnectionRefusedError):
                raise NotSent(_cause(failed)) from failed
            raise Broken(_cause(failed)) from failed
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as failed:
            raise Broken(_cause(failed)) from failed

    def _read(self, response: "requests.Response", *, reads: bool) -> Answer:
        data = bytearray()
        ends = time.monotonic() + ANSWER_TIMEOUT_S
        for chunk in response.iter_content(1 << 16):
            data += chunk
            if len(data) > LARGEST_ANSWER_BYTES:
                raise Broken(f"an answer of more than {LARGEST_ANSWER_BYTES:,} bytes")
            if time.monotonic() > ends:
                raise Broken(f"an answer that takes longer than {ANSWER_TIMEOUT_S:.0f} s")
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        if status >= 500:
            raise Broken(f"HTTP {status}")
        if status == 202 and reads:
            raise Broken("it is still being prepared")
        value = _json(bytes(data))
        if status >= 400 and not isinstance(value, dict):
            value = {"message": response.reason or f"HTTP {status}"}
        elif status < 300 and data and value is None:
            kind = headers.get("content-type", "").partition(";")[0] or "something"
            raise Broken(f"{shown(kind)} instead of JSON, with HTTP {status}")
        return Answer(status=status, headers=headers, text="" if value is None else json.dumps(value))

    def _wait_for_the_limit(self, wait_s: float, waits: int) -> None:
        if wait_s <= MAX_WAIT_S and waits <= MAX_RATE_WAITS:
            self.sleep(wait_s)
            return
        over = datetime.fromtimestamp(self.now().timestamp() + wait_s, UTC)
        raise Unavailable(
            f"{self._host} limits the requests of this token until {over:%Y-%m-%d %H:%M} UTC ({wait_s / 60:.0f} min)",
            reason="forge_rate_limit",
            remedy="after that: coderoute resume RUN",
        )

    def _redirected(self, path: str, answer: Answer, *, reads: bool, redirects: int) -> str:
        """The path to ask instead: at the same host only, since the token goes along."""
        own, there = urlsplit(self.base), urlsplit(answer.headers.get("location", ""))
        same = not there.netloc or (there.scheme, there.netloc.lower()) == (own.scheme, own.netloc.lower())
        if same and reads and there.path.startswith("/") and redirects <= MAX_REDIRECTS:
            return there.path + (f"?{there.query}" if there.query else "")
        if same and not reads:
            raise Unavailable(
                f"{self._host} has moved {shown(path.partition('?')[0])}, and nothing is written to the old address",
                reason="forge_moved",
                remedy="the repository was renamed: begin again with its new name",
            )
        where = f"to {shown(there.netloc)}" if there.netloc else "in a circle"
        raise Unavailable(
            f"{self._host} sends us elsewhere ({where}), where the token does not go",
            reason="forge_moved",
            remedy="check GITHUB_API_URL, or name the server that it points to",
        )


def rate_limited(answer: Answer, now: datetime) -> float | None:
    """How many seconds to wait until the next request, None for an answer that is about something else."""
    if answer.status not in (403, 429):
        return None
    value = _json(answer.text.encode())
    message = str(value.get("message", "")).lower() if isinstance(value, dict) else ""
    asked = _seconds(answer.headers.get("retry-after"), now)
    if asked is not None:
        return max(asked, 1.0)
    if answer.headers.get("x-ratelimit-remaining") == "0" or message.startswith("api rate limit exceeded"):
        return _until_reset(answer.headers, now)
    if answer.status == 429 or "secondary rate limit" in message or "abuse detection" in message:
        return MAX_WAIT_S
    return None


def _until_reset(headers: Mapping[str, str], now: datetime) -> float:
    """By the server's own clock where it says what it shows; one second more, since it counts whole ones."""
    try:
        reset = int(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return MAX_WAIT_S
    with suppress(KeyError, ValueError):
        now = parsedate_to_datetime(headers["date"])
    return max(reset - now.timestamp(), 0.0) + 1.0


def _seconds(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        return (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None


def _json(data: bytes) -> Any:
    """The JSON object or list in `data`; None if it is anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _innermost(error: BaseException) -> BaseException:
    """What a chain of errors began with."""
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return _innermost(reason) if isinstance(reason, BaseException) and reason is not error else error


def _cause(error: BaseException) -> str:
    innermost = _innermost(error)
    return shown(f"{type(innermost).__name__}: {innermost}"[:200])
