"""PyGithub's requester, with our wire under it instead of its own connections."""

import threading
from collections.abc import ItemsView, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from coderoute.adapters.forge_github.wire import Answer, Wire

if TYPE_CHECKING:
    from github.Requester import Requester

API_VERSION = "2022-11-28"
"""The one that every supported Enterprise Server knows."""

_classes = threading.Lock()
"""PyGithub takes connection classes for the whole process; ours are there only while a requester is made."""


def requester(wire: Wire, token: str, user_agent: str) -> "Requester":
    """Authenticates, encodes and tells errors apart; waits and repeats nothing itself, since the wire does."""
    from github import Auth, Github
    from github.Requester import Requester

    connection = cast("Any", partial(Connection, wire))
    with _classes:
        Requester.injectConnectionClasses(connection, connection)
        try:
            made = Github(
                auth=Auth.Token(token),
                base_url=wire.base,
                user_agent=user_agent,
                retry=None,
                lazy=True,
                api_version=API_VERSION,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
        finally:
            Requester.resetConnectionClasses()
    return made.requester


class Connection:
    """What PyGithub takes for its HTTP connection."""

    def __init__(self, wire: Wire, host: str, *_: object, **__: object) -> None:
        self.host = host
        self._wire = wire
        self._asked: tuple[str, str, Mapping[str, str], str | None] | None = None

    def request(self, verb: str, url: str, body: str | None, headers: Mapping[str, str], stream: bool = False) -> None:
        """`stream` is for downloads, which we have none of."""
        if stream:
            raise NotImplementedError("no download goes over this wire")
        self._asked = (verb, url, headers, body)

    def getresponse(self) -> "Response":
        if self._asked is None:
            raise RuntimeError("nothing was asked")
        return Response(self._wire.exchange(*self._asked))

    def close(self) -> None:
        """The wire is closed by whoever opened it."""


class Response:
    """An answer, as PyGithub asks for it."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self._answer = answer

    def getheaders(self) -> ItemsView[str, str]:
        return self._answer.headers.items()

    def read(self) -> str:
        return self._answer.text
