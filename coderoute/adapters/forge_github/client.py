"""Requests about one repository: objects, whole lists, and writing something exactly once."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from coderoute.adapters.forge_github.failures import failure, needed_permission, nonsense, not_visible
from coderoute.adapters.forge_github.requester import requester
from coderoute.adapters.forge_github.wire import RESUME, AnswerLost, Wire
from coderoute.domain.conversation import JsonObject
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.wire import well_formed
from coderoute.errors import BadInput, CoderouteError, Unavailable

if TYPE_CHECKING:
    from github.GithubException import GithubException
    from github.Requester import Requester

PER_PAGE = 100
MAX_PAGES = 50
"""Of one list: twice what GitHub lets anybody write under an issue."""
LOOK_AGAIN_S = (1.0, 2.0, 4.0)
"""After a lost answer: what was made may take a moment to be seen."""
MEDIA_TYPE = "application/vnd.github+json"
MAY_HIDE = frozenset({404, 451})

T = TypeVar("T")


class Client:
    """The REST API of one forge, for one repository and one token."""

    def __init__(self, wire: Wire, repository: ForgeRepository, token: str, user_agent: str) -> None:
        self.repository = repository
        self._wire = wire
        self._token = token
        self._user_agent = user_agent

    @property
    def path(self) -> str:
        """Of the repository."""
        return f"/repos/{quoted(self.repository.owner)}/{quoted(self.repository.name)}"

    def get(self, path: str, what: str) -> JsonObject:
        """The object at `path`. `what` is how a message calls it.

        Raises:
            NotThere, BadInput, ConfigurationError, Unavailable
        """
        return _object(self._request("GET", path, what), what)

    def pages(self, path: str, what: str, **parameters: str) -> Iterator[JsonObject]:
        """Every element of a list; the next page is asked for when somebody wants its first element.

        Raises:
            BadInput: there are more than anybody could have written; and as `get`.
        """
        for page in itertools.count(1):
            if page > MAX_PAGES:
                raise BadInput(
                    f"{self.repository.slug} has more than {MAX_PAGES * PER_PAGE:,} {what}", remedy="tidy up there"
                )
            asked = {**parameters, "per_page": PER_PAGE, "page": page}
            found = self._request("GET", path, what, parameters=asked)
            if not isinstance(found, list):
                raise nonsense(what)
            yield from (_object(element, what) for element in found)
            if len(found) < PER_PAGE:
                return

    def send(self, verb: str, path: str, what: str, body: Mapping[str, Any]) -> JsonObject:
        """Write something; the object that the forge answers with, empty where it is a list.

        Raises:
            AnswerLost: it may have been done, or not.
            Refused: with the forge's reason; and as `get`.
        """
        answered = self._request(verb, path, what, body=body)
        return answered if isinstance(answered, dict) else {}

    def settle(self, look: Callable[[], T | None], write: Callable[[], T], what: str) -> T:
        """What `look` finds; where it finds nothing, what `write` made. After a lost answer it looks again.

        Raises:
            Unavailable: the answer was lost every time, and nothing was to be seen afterwards.
        """
        for pause_s in (*LOOK_AGAIN_S, None):
            found = look()
            if found is not None:
                return found
            try:
                return write()
            except AnswerLost as lost:
                why = lost
            if pause_s is not None:
                self.pause(pause_s)
        found = look()
        if found is not None:
            return found
        raise Unavailable(
            f"{what} of {self.repository.slug} could not be written ({why})", reason="forge_unavailable", remedy=RESUME
        )

    def pause(self, seconds: float) -> None:
        self._wire.sleep(seconds)

    def repository_object(self) -> JsonObject:
        """Raises BadInput when the token cannot see the repository; and as `get`."""
        return _object(self._request("GET", self.path, "repository", is_the_repository=True), "repository")

    def close(self) -> None:
        self._wire.close()

    @cached_property
    def _requester(self) -> "Requester":
        return requester(self._wire, self._token, self._user_agent)

    def _request(
        self, verb: str, path: str, what: str, *, parameters: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None, is_the_repository: bool = False,
    ) -> object:  # fmt: skip
        from github.GithubException import GithubException

        try:
            _, value = self._requester.requestJsonAndCheck(
                verb,
                path,
                parameters=None if parameters is None else dict(parameters),
                headers={"Accept": MEDIA_TYPE},
                input=None if body is None else well_formed(dict(body)),
            )
        except GithubException as failed:
            raise self._meaning(failed, path, what, reads=verb == "GET", is_the_repository=is_the_repository) from None
        return well_formed(value)

    def _meaning(
        self, failed: "GithubException", path: str, what: str, *, reads: bool, is_the_repository: bool
    ) -> CoderouteError:
        if failed.status in MAY_HIDE:
            if is_the_repository:
                return not_visible(self.repository)
            try:
                self.repository_object()
            except BadInput as hidden:
                return hidden
        headers = {str(key): str(value) for key, value in (failed.headers or {}).items()}
        return failure(
            self.repository, what, reads=reads, needed=needed_permission(path, reads=reads), status=failed.status,
            headers=headers, data=failed.data,
        )  # fmt: skip


def quoted(part: str) -> str:
    """One part of a path."""
    return quote(part, safe="")


def _object(value: object, what: str) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise nonsense(what)
    return value
