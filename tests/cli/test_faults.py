"""Real processes and what may happen to them: signals, rivals for one run, a state folder that goes away, a repository
that changes. The demo without an engine is a whole run that needs no network and no Docker."""

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

    def start(self, *arguments: str, ignoring: Sequence[signal.Signals] = ()) -> subprocess.Popen[str]:
        code = "import signal, runpy, sys\n" + "".join(
            f"signal.signal({int(number)}, signal.SIG_IGN)\n" for number in ignoring
        )
        return subprocess.Popen(
            [sys.executable, "-c", f"{code}runpy.run_module('coderoute', run_name='__main__')", *arguments],
            env=self.environ, cwd=self.environ["HOME"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr)."""
        return ended(self.start(*arguments))

    def json(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        return cast("dict[str, Any]", json.loads(out))

    def at(self, moment: str, act: Callable[[subprocess.Popen[str]], object], *arguments: str) -> tuple[int, str, str]:
        """A command to which something happens when it says `moment`."""
        process = self.start(*arguments)
        wait_for(process, moment)
        act(process)
        return ended(process)

    def killed_at(self, moment: str) -> str:
        """The id of a demo that was killed."""
        self.at(moment, lambda process: process.kill(), "demo")
        return cast(str, self.json("list")["runs"][0]["run_id"])

    def approved(self) -> tuple[str, Path]:
        """(run, repository) of a demo whose change was approved."""
        doc = self.json("demo", "-q")
        self("diff", doc["run_id"])
        assert self("approve", doc["run_id"], "--patch", doc["patch"]["sha256"])[0] == 0
        return doc["run_id"], Path(doc["repo"])


def wait_for(process: subprocess.Popen[str], moment: str) -> None:
    for line in cast("IO[str]", process.stderr):
        if line.strip().startswith(moment):
            return
    pytest.fail(f"it never said {moment!r}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate()
    return process.returncode, out, err


def git(repo: Path, *arguments: str) -> None:
    me = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid", "-c", "gc.auto=0")
    subprocess.run(["git", *me, *arguments], cwd=repo, check=True, capture_output=True)


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
        assert coderoute.json("resume", run["run_id"], "-q")["status"] == "awaiting_approval"

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
        process = coderoute.start("demo", "--json", ignoring=[signal.SIGHUP])
        wait_for(process, "planning")
        process.send_signal(signal.SIGHUP)

        code, out, err = ended(process)

        assert code == 0, err
        assert json.loads(out)["status"] == "awaiting_approval"


class TestManyProcesses:
    def test_eight_runs_at_once_on_one_store_end_as_one_alone(self, coderoute: Shell) -> None:
        processes = [coderoute.start("demo", "--json", "-q") for _ in range(8)]
        ends = [ended(process) for process in processes]

        assert [code for code, _, _ in ends] == [0] * 8, [err for _, _, err in ends]
        docs = [json.loads(out) for _, out, _ in ends]
        assert len({doc["run_id"] for doc in docs}) == 8
        assert len({(doc["patch"]["sha256"], doc["cost"]["total_usd"], doc["cost"]["calls"]) for doc in docs}) == 1
        assert coderoute.json("cost")["calls"] == 8 * docs[0]["cost"]["calls"]

    def test_of_several_that_would_drive_one_run_exactly_one_does(self, coderoute: Shell) -> None:
        calls = coderoute.json("demo", "-q")["cost"]["calls"]
        run = coderoute.killed_at("test: attempt 1")

        ends = [ended(p) for p in [coderoute.start("resume", run, "--json", "-q") for _ in range(4)]]

        doc = coderoute.json("show", run)
        assert doc["status"] == "awaiting_approval"
        assert doc["cost"]["calls"] <= calls + 1, "one call may have been in flight when it was killed"
        turned_away = [err for code, _, err in ends if code != 0]
        assert all("driven by another process" in err for err in turned_away)
        assert {code for code, _, _ in ends} <= {0, 4}
        working = [line for line in coderoute("log", run)[1].splitlines() if "run.working" in line]
        assert len(working) == 2, "the killed one, and one of the four"


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


def orphaned(repo: Path) -> None:
    """History is rewritten, and what was there is collected."""
    git(repo, "checkout", "-q", "--orphan", "other")
    (repo / "README.md").write_text("Something else.\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "anew")
    git(repo, "branch", "-D", "main")
    git(repo, "branch", "-m", "main")
    shutil.rmtree(repo / ".git" / "logs")
    git(repo, "gc", "-q", "--prune=now")


def without_its_branch(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    git(repo, "branch", "-D", "main")


def damaged(repo: Path) -> None:
    for path in (repo / ".git" / "objects").rglob("??????????????????????????????????????"):
        path.chmod(0o600)
        path.write_bytes(b"junk")


class TestRepository:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (orphaned, "what was approved is no longer there"),
            (without_its_branch, "refs/heads/main is gone"),
            (lambda repo: repo.rename(repo.with_name("elsewhere")), "does not exist"),
            (lambda repo: shutil.rmtree(repo / ".git"), "is not in a git repository"),
            (damaged, "objects of the repository are damaged"),
        ],
        ids=["rewritten and collected", "branch deleted", "moved", "no repository any more", "objects damaged"],
    )
    def test_nothing_is_merged_where_it_is_not_what_was_approved(
        self, coderoute: Shell, change: Callable[[Path], object], said: str
    ) -> None:
        run, repo = coderoute.approved()
        change(repo)

        code, _, err = coderoute("merge", run)

        assert (code, "Traceback" in err) == (4, False), err
        assert said in err
        assert "\n  try: " in err
        assert coderoute.json("show", run)["status"] == "approved"
        code, out, _ = coderoute("diff", run)
        assert (code, out[:10]) == (0, "diff --git"), "what was approved can still be read"

    @pytest.mark.parametrize(
        ("change", "back"),
        [
            (lambda repo: repo.rename(repo.with_name("elsewhere")), lambda r: r.with_name("elsewhere").rename(r)),
            (lambda repo: (repo / ".git").rename(repo / "g"), lambda repo: (repo / "g").rename(repo / ".git")),
        ],
        ids=["moved", "no repository any more"],
    )
    def test_a_run_whose_repository_is_gone_goes_on_when_it_is_back(
        self, coderoute: Shell, change: Callable[[Path], object], back: Callable[[Path], object]
    ) -> None:
        run = coderoute.killed_at("fix: attempt 1")
        repo = Path(coderoute.json("show", run)["repo"])
        change(repo)

        code, _, err = coderoute("resume", run)

        assert (code, "Traceback" in err) == (4, False), err
        assert str(repo) in err
        assert f"resume {run}" in err
        back(repo)
        assert coderoute.json("resume", run, "-q")["status"] == "awaiting_approval"

    def test_a_run_whose_base_was_collected_goes_on_when_its_objects_are_back(
        self, coderoute: Shell, tmp_path: Path
    ) -> None:
        run = coderoute.killed_at("fix: attempt 1")
        repo = Path(coderoute.json("show", run)["repo"])
        git(repo, "clone", "-q", "--mirror", str(repo), str(tmp_path / "remote"))
        orphaned(repo)

        code, out, err = coderoute("resume", run, "--json")

        assert (code, "Traceback" in err) == (4, False), err
        doc = json.loads(out)
        assert (doc["status"], doc["reason"]) == ("blocked", "repository_changed")
        assert "has no tree" in doc["problem"]
        assert f"coderoute resume {run}" in doc["remedy"]
        git(repo, "fetch", "-q", str(tmp_path / "remote"), "main:refs/heads/was")
        assert coderoute.json("resume", run, "-q")["status"] == "awaiting_approval"
