"""Real processes and what may happen to them: signals, rivals for one run, a state folder that goes away. The demo
without an engine is a whole run that needs no network and no Docker."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any, cast

import pytest

ENDED_BY_US = 130
HELD = """
import os, runpy, signal, sys

class Held:
    "Standard error, on which this process waits when it has said a certain thing, until its standard input ends."

    def __init__(self, stream, moment):
        self.stream, self.moment = stream, moment

    def write(self, text):
        self.stream.write(text)
        if self.moment in text:
            self.stream.flush()
            sys.stdin.read()
        return len(text)

    def __getattr__(self, name):
        return getattr(self.stream, name)

moment, ignored, *sys.argv[1:] = sys.argv[1:]
if moment:
    sys.stderr = Held(sys.stderr, moment)
for number in filter(None, ignored.split(",")):
    signal.signal(int(number), signal.SIG_IGN)
runpy.run_module("coderoute", run_name="__main__")
"""
"""coderoute, which waits at a moment: on a busy machine what shall happen there would come too late."""


class Shell:
    """`coderoute` as a person calls it, with a state folder of its own and no engine."""

    def __init__(self, folder: Path) -> None:
        (folder / "home").mkdir()
        self.state = folder / "state"
        self.environ = {
            "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PYTHONPATH": os.pathsep.join(sys.path),
            "DOCKER_HOST": f"unix://{folder}/dead.sock", "CODEROUTE_STATE_DIR": str(self.state),
            "CODEROUTE_CONFIG_DIR": str(folder / "none"),
        }  # fmt: skip

    def start(
        self, *arguments: str, moment: str = "", ignoring: Sequence[signal.Signals] = ()
    ) -> subprocess.Popen[str]:
        """A process that waits for the end of its standard input when it says `moment`."""
        ignored = ",".join(str(int(number)) for number in ignoring)
        return subprocess.Popen(
            [sys.executable, "-c", HELD, moment, ignored, *arguments],
            env=self.environ, cwd=self.environ["HOME"], stdin=subprocess.PIPE if moment else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr)."""
        return ended(self.start(*arguments))

    def json(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        return cast("dict[str, Any]", json.loads(out))

    def at(
        self, moment: str, act: Callable[[subprocess.Popen[str]], object], *arguments: str,
        ignoring: Sequence[signal.Signals] = (),
    ) -> tuple[int, str, str]:  # fmt: skip
        """A command to which something happens when it says `moment`."""
        process = self.start(*arguments, moment=moment, ignoring=ignoring)
        wait_for(process, moment)
        act(process)
        return ended(process)

    def killed_at(self, moment: str) -> str:
        """The id of a demo that was killed."""
        self.at(moment, lambda process: process.kill(), "demo")
        return cast(str, self.json("list")["runs"][0]["run_id"])


def wait_for(process: subprocess.Popen[str], moment: str) -> None:
    for line in cast("IO[str]", process.stderr):
        if line.strip().startswith(moment):
            return
    pytest.fail(f"it never said {moment!r}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture
def coderoute(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_once_stops_cleanly_and_says_how_to_go_on(self, coderoute: Shell, number: signal.Signals) -> None:
        code, out, err = coderoute.at("fix: attempt 1", lambda p: p.send_signal(number), "demo", "--json")

        assert (code, "Traceback" in err) == (ENDED_BY_US, False), err
        run = coderoute.json("list")["runs"][0]
        assert (run["status"], run["reason"]) == ("interrupted", "interrupted")
        doc = json.loads(out)
        assert doc["run_id"] == run["run_id"]
        assert doc["error"]["exit_code"] == ENDED_BY_US
        assert doc["error"]["remedy"].endswith(f"resume {run['run_id']}")
        assert f"resume {run['run_id']}" in err

    def test_twice_stops_at_once_and_the_run_can_still_be_resumed(self, coderoute: Shell) -> None:
        def twice(process: subprocess.Popen[str]) -> None:
            process.send_signal(signal.SIGINT)
            wait_for(process, "stopping cleanly")
            process.send_signal(signal.SIGINT)

        code, _, err = coderoute.at("fix: attempt 1", twice, "demo", "--json")

        assert code == ENDED_BY_US
        assert "Traceback" not in err
        assert coderoute.json("resume", "last", "-q")["status"] == "awaiting_approval"

    def test_who_asked_to_outlive_the_terminal_does(self, coderoute: Shell) -> None:
        def hang_up(process: subprocess.Popen[str]) -> None:
            process.send_signal(signal.SIGHUP)

        code, out, err = coderoute.at("planning", hang_up, "demo", "--json", ignoring=[signal.SIGHUP])

        assert code == 0, err
        assert json.loads(out)["status"] == "awaiting_approval"


class TestManyProcesses:
    def test_four_runs_at_once_on_one_store_end_as_one_alone(self, coderoute: Shell) -> None:
        processes = [coderoute.start("demo", "--json", "-q") for _ in range(4)]
        ends = [ended(process) for process in processes]

        assert [code for code, _, _ in ends] == [0] * 4, [err for _, _, err in ends]
        docs = [json.loads(out) for _, out, _ in ends]
        assert len({doc["run_id"] for doc in docs}) == 4
        assert len({(doc["patch"]["sha256"], doc["cost"]["total_usd"], doc["cost"]["calls"]) for doc in docs}) == 1
        assert coderoute.json("cost")["calls"] == 4 * docs[0]["cost"]["calls"]

    def test_of_several_that_would_drive_one_run_exactly_one_does(self, coderoute: Shell) -> None:
        calls = coderoute.json("demo", "-q")["cost"]["calls"]
        run = coderoute.killed_at("test: attempt 1")

        ends = [ended(p) for p in [coderoute.start("resume", run, "--json", "-q") for _ in range(3)]]

        doc = coderoute.json("show", run)
        assert doc["status"] == "awaiting_approval"
        assert doc["cost"]["calls"] <= calls + 1, "one call may have been in flight when it was killed"
        turned_away = [err for code, _, err in ends if code != 0]
        assert all("driven by another process" in err for err in turned_away)
        assert {code for code, _, _ in ends} <= {0, 4}
        working = [line for line in coderoute("log", run)[1].splitlines() if "run.working" in line]
        assert len(working) == 2, "the killed one, and one of the three"


class TestState:
    @pytest.mark.parametrize("what", ["folder", "database"])
    def test_a_state_folder_that_goes_away_stops_the_run(self, coderoute: Shell, what: str) -> None:
        away = coderoute.state.with_name("away")

        def take(_: object) -> None:
            if what == "folder":
                coderoute.state.rename(away)
            else:
                (coderoute.state / "runs.db").rename(away)

        code, out, err = coderoute.at("test: attempt 1", take, "demo", "--json")

        assert (code, "Traceback" in err) == (78, False), err
        assert "runs.db was removed or replaced" in json.loads(out)["error"]["problem"]
        if what == "folder":
            shutil.rmtree(coderoute.state, ignore_errors=True)
            away.rename(coderoute.state)
        else:
            away.rename(coderoute.state / "runs.db")
        assert coderoute.json("resume", "last", "-q")["status"] == "awaiting_approval", "put back, it goes on"

    def test_a_record_of_another_version_is_named_and_that_version_can_go_on(self, coderoute: Shell) -> None:
        run = coderoute.killed_at("fix: attempt 1")
        path = coderoute.state / "runs.db"

        def change(old: str, new: str) -> None:
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.execute("UPDATE records SET value = replace(value, ?, ?) WHERE key = 'plan/1'", (old, new))

        change('"instructions"', '"orders"')
        code, out, err = coderoute("resume", run, "-q")
        assert (code, "Traceback" in err) == (78, False), (out, err)
        assert f"the record 'plan/1' of run {run}" in err + out
        assert "the version that made it" in err + out
        change('"orders"', '"instructions"')
        assert coderoute.json("resume", run, "-q")["status"] == "awaiting_approval"
