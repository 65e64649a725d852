"""The Docker engine: connecting to it when it is first needed, and its silence as an error of ours."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from coderoute.errors import SandboxLost, Unavailable

if TYPE_CHECKING:
    from docker import APIClient, DockerClient
    from requests import Response

T = TypeVar("T")

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
CONNECT_TIMEOUT_S = 15
PATIENCE_S = 30.0
LOOK_AGAIN_S = 0.5
MOST_RETURNS = 3
# The longest request is the commit of a set-up with gigabytes of packages.
REQUEST_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What `doctor` shows and the container specification needs to know."""

    version: str
    runc_version: str
    cpus: int
    runtimes: tuple[str, ...]
    default_runtime: str = "runc"
    security: frozenset[str] = frozenset()
    """What the engine is proud of: `seccomp`, `userns`, `rootless`, `apparmor`..."""
    seccomp_profile: str | None = None
    cgroup_version: str = "unknown"


class Engine:
    """One connection to the engine that DOCKER_HOST names, shared by all threads."""

    def __init__(self, *, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._client: DockerClient | None = None
        self._facts: EngineFacts | None = None

    @property
    def client(self) -> DockerClient:
        """Raises Unavailable when the engine does not answer."""
        with self._lock:
            if self._client is None:
                import docker

                with unavailable_if_silent():
                    _knock(address())
                    client = docker.from_env(timeout=CONNECT_TIMEOUT_S)
                client.api.timeout = REQUEST_TIMEOUT_S
                self._client = client
            return self._client

    def patiently(self, work: Callable[[], T]) -> T:
        """What `work` returns. An engine that answered once and then fell silent is given half a minute to come back,
        and `work` is begun anew: a restart is no reason for a run to stop.

        Raises:
            Unavailable: it never answered, does not come back, or falls silent again and again.
        """
        give_up = None
        for last in (*[False] * MOST_RETURNS, True):
            answered_before = self._client is not None
            try:
                return work()
            except Unavailable:
                give_up = give_up or time.monotonic() + self._patience_s
                if last or not answered_before or not self._comes_back(give_up):
                    raise
        raise AssertionError("the last try returns or raises")

    def _comes_back(self, give_up: float) -> bool:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        while True:
            try:
                _knock(address())
                with self.abandonable(CONNECT_TIMEOUT_S) as api:
                    api.ping()
            except (DockerException, RequestException, OSError):
                if time.monotonic() > give_up:
                    return False
                time.sleep(min(LOOK_AGAIN_S, self._patience_s))
            else:
                return True

    @contextmanager
    def abandonable(self, timeout_s: int) -> Iterator[APIClient]:
        """A connection of its own, every answer of which is closed at the end, however much of it was read: so the
        engine learns that nobody waits for the rest any more."""
        import docker

        opened: list[Response] = []
        with closing(docker.from_env(timeout=timeout_s).api) as api:
            api.hooks["response"].append(lambda response, **_: opened.append(response))
            try:
                yield api
            finally:
                for response in opened:
                    response.close()

    def facts(self) -> EngineFacts:
        """Raises Unavailable when the engine does not answer."""
        client = self.client
        with self._lock:
            if self._facts is None:
                with unavailable_if_silent():
                    self._facts = facts_of(client.info(), client.version())
            return self._facts

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


def facts_of(info: Mapping[str, Any], version: Mapping[str, Any]) -> EngineFacts:
    """From what the engine says of itself; some name the commit of their runc only, not its version."""
    parts = {part["Name"]: part["Version"] for part in version.get("Components") or ()}
    options = [dict(entry.partition("=")[::2] for entry in option.split(",")) for option in info["SecurityOptions"]]
    security = {option.get("name", ""): option for option in options}
    return EngineFacts(
        version=str(info["ServerVersion"]),
        runc_version=str(parts.get("runc") or info.get("RuncCommit", {}).get("ID") or "unknown"),
        cpus=int(info["NCPU"]),
        runtimes=tuple(sorted(info.get("Runtimes", {}))),
        default_runtime=str(info.get("DefaultRuntime") or "runc"),
        security=frozenset(security),
        seccomp_profile=security.get("seccomp", {}).get("profile"),
        cgroup_version=str(info.get("CgroupVersion") or "unknown"),
    )


def address() -> str:
    return os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS


def _knock(address: str) -> None:
    """Raises OSError when nobody listens; the SDK would also say so, but leave the socket it tried with open."""
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(CONNECT_TIMEOUT_S)
            knocking.connect(path)


def silence(cause: Exception) -> Unavailable:
    return Unavailable(
        f"Docker does not answer at {address()} ({cause})",
        reason="docker_down",
        remedy="start Docker, then: coderoute doctor",
    )


@contextmanager
def unavailable_if_silent() -> Iterator[None]:
    """Turns a broken connection into Unavailable; what the engine answers passes, errors included."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError:
        raise
    except (DockerException, RequestException, OSError) as error:
        raise silence(error) from error


@contextmanager
def lost_if_broken(doing: str) -> Iterator[None]:
    """Turns a broken connection and every error answer of the engine into SandboxLost."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise lost(f"{doing}: {error}") from error


@contextmanager
def lost_if_refused(problem: str) -> Iterator[None]:
    """Turns an error answer of the engine into SandboxLost; a broken connection passes."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        raise lost(f"{problem}: {error.explanation or error}") from error


def lost(problem: str) -> SandboxLost:
    return SandboxLost(
        f"the sandbox container is gone; {problem}", remedy="coderoute resume; if it repeats: coderoute doctor"
    )
