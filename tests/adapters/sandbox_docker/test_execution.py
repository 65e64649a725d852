"""One exec against an engine of a few lines, and what is kept of its output."""

import socket
import threading
from contextlib import closing

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.sandbox_docker.capture import Capture
from coderoute.adapters.sandbox_docker.execution import STDERR, STDOUT, DeadlinePassed, Execution
from coderoute.adapters.sandbox_docker.machine import Machine, oom_kills
from coderoute.adapters.sandbox_docker.sandbox import DockerSandbox
from coderoute.errors import SandboxLost

SOON = float("inf")


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_a_capture_keeps_a_short_output_whole_and_both_ends_of_a_long_one(chunks: list[bytes]) -> None:
    capture = Capture(100)
    for chunk in chunks:
        capture.add(chunk)
    whole = b"".join(chunks)
    if len(whole) <= 100:
        assert (capture.output(), capture.truncated) == (whole, False)
    else:
        gap = b"\n[... %d bytes left out ...]\n" % (len(whole) - 100)
        assert (capture.output(), capture.truncated) == (whole[:50] + gap + whole[-50:], True)


@pytest.mark.parametrize(
    ("counters", "kills"),
    [
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2),
        ("low 0\nhigh 0\nmax 7\noom 3\noom_kill 1\noom_group_kill 0\n", 1),
        ("", None),
        ("oom_kill many", None),
    ],
)
def test_the_kernels_count_of_memory_kills_is_read_in_both_versions(counters: str, kills: int | None) -> None:
    assert oom_kills(counters) == kills


class Engine:
    """Answers the three requests of an exec on loopback: `printed` comes in one packet with the HTTP headers, and
    `late` when the engine was asked for the state of the exec, or after half a second."""

    def __init__(
        self, printed: bytes, *, late: bytes = b"", keep_open: bool = False, running: bool = False, exit_code: int = 0
    ) -> None:
        self._printed, self._keep_open, self._running, self._exit_code = printed, keep_open, running, exit_code
        self._late, self._asked = late, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.received = b""
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for connection in self._held:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (data := connection.recv(65536)):
                connection.close()
                return
            request += data
        if b"/start " in request:
            connection.sendall(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + self._printed)
            if self._late:
                self._asked.wait(0.5)
                connection.sendall(self._late)
            if self._keep_open:
                self._held.append(connection)
                return
        else:
            if b"GET " in request:
                self._asked.set()
            running = b"true" if self._running else b"false"
            state = b'{"Id": "e1", "Running": %s, "ExitCode": %d}' % (running, self._exit_code)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(state) + state
            )
        connection.close()


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def api_of(engine: Engine) -> docker.APIClient:
    return docker.APIClient(base_url=engine.address, version="1.41")


def executed(engine: Engine) -> Execution:
    return Execution(api_of(engine), "c1", ["true"], user="1:1", workdir="/", env={})


def test_output_that_arrives_with_the_headers_is_not_lost() -> None:
    printed = frame(STDOUT, b"first") + frame(STDERR, b"") + frame(STDERR, b"second")
    with closing(Engine(printed)) as engine, executed(engine) as execution:
        frames = list(execution.frames(deadline=SOON))
        assert [(f.stream, f.data) for f in frames] == [(STDOUT, b"first"), (STDERR, b""), (STDERR, b"second")]
        assert execution.exit_code() == 0


def test_half_a_frame_at_the_end_is_no_output() -> None:
    printed = frame(STDOUT, b"whole") + frame(STDOUT, b"half")[:-2]
    with closing(Engine(printed)) as engine, executed(engine) as execution:
        assert [f.data for f in execution.frames(deadline=SOON)] == [b"whole"]


def test_a_stream_kept_open_by_others_ends_with_the_command() -> None:
    with closing(Engine(frame(STDOUT, b"done"), keep_open=True)) as engine, executed(engine) as execution:
        assert [f.data for f in execution.frames(deadline=SOON)] == [b"done"]


def test_a_command_still_running_at_the_deadline_is_told() -> None:
    engine = Engine(b"", keep_open=True, running=True)
    with closing(engine), executed(engine) as execution, pytest.raises(DeadlinePassed):
        list(execution.frames(deadline=0.0))


def test_an_exit_code_the_engine_does_not_know_is_none() -> None:
    with closing(Engine(b"", running=True)) as engine, executed(engine) as execution:
        assert execution.exit_code() is None


@pytest.mark.parametrize(("exit_code", "running"), [(1, False), (137, False), (0, True)])
def test_a_whole_archive_from_a_program_that_did_not_succeed_is_no_snapshot(exit_code: int, running: bool) -> None:
    printed = frame(STDOUT, bytes(10240))
    with closing(Engine(printed, exit_code=exit_code, running=running)) as engine:
        sandbox = DockerSandbox(Machine(api_of(engine), "c1"), left_by_setup=frozenset())
        with pytest.raises(SandboxLost):
            tuple(sandbox.snapshot())


def test_a_whole_archive_from_a_program_that_succeeded_is_a_snapshot() -> None:
    with closing(Engine(frame(STDOUT, bytes(10240)))) as engine:
        assert tuple(DockerSandbox(Machine(api_of(engine), "c1"), left_by_setup=frozenset()).snapshot()) == ()


def test_what_the_engine_passes_on_after_the_end_of_a_script_is_not_lost() -> None:
    with closing(Engine(frame(STDOUT, b"first "), late=frame(STDOUT, b"last"))) as engine:
        assert Machine(api_of(engine), "c1").script("true").stdout == b"first last"


def test_an_archive_that_ends_early_is_no_snapshot() -> None:
    with closing(Engine(b"")) as engine, pytest.raises(SandboxLost):
        tuple(DockerSandbox(Machine(api_of(engine), "c1"), left_by_setup=frozenset()).snapshot())
