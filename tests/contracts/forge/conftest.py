"""The forge in memory, and the real adapters at a GitHub of our own on this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coderoute.adapters.forge_github import GitHubForge
from coderoute.adapters.forge_github.wire import Wire
from coderoute.adapters.forge_inmemory import ACME, InMemoryForge
from tests.fake_github.api import TOKEN, Api, serve
from tests.fake_github.server import GitServer


@pytest.fixture
def state() -> InMemoryForge:
    """The forge as people see it."""
    forge = InMemoryForge()
    forge.person("ann")
    return forge


@pytest.fixture
def api(state: InMemoryForge) -> Iterator[Api]:
    made = Api(state)
    yield made
    assert not made.problems


@pytest.fixture
def github(api: Api) -> Iterator[GitHubForge]:
    """The real adapter at our server, which is an Enterprise Server by its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            serve(api, self)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}/api/v3"
    forge = GitHubForge(ACME, TOKEN, Wire(base=base, sleep=lambda _: None))
    yield forge
    forge.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    """With the repository acme/app, which has one commit on `main`."""
    (tmp_path / "served").mkdir()
    server = GitServer(tmp_path / "served")
    server.commit("main", {"a.py": "a = 1\n"})
    yield server
    server.close()
