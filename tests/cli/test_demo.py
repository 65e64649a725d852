"""The demo: the same change with and without an engine, and a recording that still is what Docker says."""

import json
import os
import pty
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

PATCH = "db4111c48df5884887841a3618e17a48befa0c2186581dbc46013f2858f91bb0"


@pytest.fixture
def no_engine(real_sandboxes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_demo_comes_to_the_gate_in_memory_and_says_so(desk: "Desk") -> None:
    ended = desk("demo")

    assert ended.code == 0
    assert "Recorded model replies" in ended.err
    assert "Sandbox: in memory" in ended.err
    assert "dead.sock" in ended.err, "and why"
    for part in ("PLAN", "quote:", "before  3 passed", "after   4 passed", "REVIEW  approve", "COST  $"):
        assert part in ended.out, part
    assert "[target_still_red" in ended.out, "one attempt fails and is told about"
    (approve,) = [line for line in ended.out.splitlines() if line.startswith("approve:")]
    assert f"--patch {PATCH[:12]}" in approve
    assert desk.models.seen == [], "no model is called"


@pytest.mark.usefixtures("no_engine")
def test_the_demo_s_change_can_be_looked_at_approved_and_merged(desk: "Desk") -> None:
    doc = desk("demo", "--json").json
    assert (doc["status"], doc["patch"]["sha256"]) == ("awaiting_approval", PATCH)
    run = doc["run_id"]

    desk("diff", run)
    assert desk("approve", run, "--patch", PATCH[:12], "--merge").code == 0

    repo = Path(doc["repo"])
    assert 'or "0s"' in (repo / "clockwork" / "text.py").read_text()
    assert desk.git("status", "--porcelain", repo=repo) == ""


@pytest.mark.usefixtures("no_engine")
def test_the_demo_needs_no_key_and_no_settings_of_the_user(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    config = desk.folder / "home" / "config"
    config.mkdir()
    (config / "coderoute.toml").write_text('[limits]\nbudget_usd = 0.01\n[models.cheap]\nmodel = "claude-nobody-9"\n')

    assert desk("demo", "--json").json["patch"]["sha256"] == PATCH


@pytest.mark.docker
def test_the_recording_is_what_docker_says() -> None:
    script = Path(__file__).parents[1] / "journeys" / "record_demo.py"
    done = subprocess.run([sys.executable, str(script), "--print"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    recorded = json.loads(resources.files("coderoute.cli.demo").joinpath("commands.json").read_text("utf-8"))

    # the two runs of the whole suite go side by side, so either may be first
    assert sorted(map(str, said["commands"])) == sorted(map(str, recorded)), "run: python tests/journeys/record_demo.py"
    assert said["patch_sha256"] == PATCH


def test_on_a_terminal_the_demo_asks_and_the_typed_hash_merges(desk: "Desk", tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = os.environ | {"DOCKER_HOST": f"unix://{tmp_path}/dead.sock", "TERM": "dumb"}
    with subprocess.Popen(
        [sys.executable, "-m", "coderoute", "demo", "-q"], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    ) as process:
        os.close(theirs)
        screen = read_until(ours, b"gate> ")
        while b"approves and merges" not in screen:
            os.write(ours, b"\n")
            screen += read_until(ours, b"gate> ")
        assert b"+ def test_whole_units_and_zero():" in screen
        os.write(ours, f"{PATCH[:12]}\n".encode())
        screen = read_until(ours, b"merged")
        read_until(ours, None)
        assert process.wait() == 0
    os.close(ours)
    assert desk.runs[0]["status"] == "merged"


def read_until(terminal: int, sign: bytes | None) -> bytes:
    """What a terminal shows up to `sign`, or to the end of the program."""
    screen = b""
    while sign is None or sign not in screen:
        try:
            screen += os.read(terminal, 65536)
        except OSError:  # the program has left
            assert sign is None, screen.decode()
            break
    return screen
