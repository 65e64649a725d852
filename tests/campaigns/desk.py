"""A person who takes one run from its issue to its merge, whatever happens to the processes they start."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coderoute.adapters.store_sqlite import SqliteStore
from coderoute.domain.money import CallState
from coderoute.domain.run import RunRecord, Status
from tests.campaigns import story
from tests.campaigns.models import FakeModels

ROOT = Path(__file__).parents[2]
GIT_TIME = "2026-03-01T12:00:00Z"
MOST_COMMANDS = 150
MOST_PROBLEMS = 5
ENGINE_TROUBLE = ("docker_down", "environment_broken")
HANGS_S = 180.0
"""A command of this story that takes longer will never end."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What differs between whole runs beside the moments of the blows."""

    sandbox: str
    """`memory` or `docker`."""
    stream: bool
    """Whether OpenAI's answers are streamed."""
    moves_late: bool
    """Whether the target moves only when the change is approved."""


@dataclass(frozen=True, kw_only=True)
class Blow:
    """The signal that ends a process: before its `act`, or `after_s` it began, or at its `request`, `where` of it."""

    number: int = signal.SIGKILL
    act: int = 0
    after_s: float | None = None
    request: int = 0
    where: int = 0
    group: bool = False
    """To everything the process started too, as a terminal's Ctrl-C."""


@dataclass(kw_only=True)
class Desk:
    """The person's folder, with the repository, the state directory and the models; and what they went through."""

    folder: Path
    variant: Variant
    seed: int
    docker_host: str | None = None
    models: FakeModels = field(init=False)
    problems: list[str] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    where: Counter[str] = field(default_factory=Counter)
    """The commands that died."""
    in_flight: int = 0
    """Calls that dead processes left open."""
    commands: int = 0
    target_moved: bool = False
    may_be_unavailable: bool = False
    is_working: bool = False
    """Whether a command is under way."""
    waits: Counter[str] = field(default_factory=Counter)
    """The reasons for which the run waited for the engine."""

    def __post_init__(self) -> None:
        self.models = FakeModels(self.seed)
        for name in ("home", "config", "tmp"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "home" / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
        settings = story.SETTINGS.replace("{stream}", str(self.variant.stream).lower())
        (self.folder / "config" / "coderoute.toml").write_text(settings)
        (self.folder / "issue.md").write_text(story.ISSUE)
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit(story.FILES)

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environ(self) -> dict[str, str]:
        found = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT), "TMPDIR": str(self.folder / "tmp"), "CODEROUTE_STATE_DIR": str(self.state),
            "CODEROUTE_CONFIG_DIR": str(self.folder / "config"), "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": self.models.url, "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": f"{self.models.url}/v1", "TERM": "dumb",
        }  # fmt: skip
        host = self.docker_host or os.environ.get("DOCKER_HOST")
        return found if host is None else {**found, "DOCKER_HOST": host}

    def git(self, *arguments: str) -> str:
        dates = {f"GIT_{who}_DATE": GIT_TIME for who in ("AUTHOR", "COMMITTER")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.repo, env=self.environ | dates, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.repo / name).parent.mkdir(parents=True, exist_ok=True)
            (self.repo / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")

    @contextmanager
    def store(self) -> Iterator[SqliteStore]:
        with closing(SqliteStore(self.state)) as store:
            yield store

    def run(self) -> RunRecord | None:
        if not (self.state / "runs.db").exists():
            return None
        with self.store() as store:
            runs = store.runs()
            return store.get(runs[0].id) if runs else None

    def next_command(self) -> list[str] | None:
        """What a person does who looks where the run stands; None when it is merged."""
        run = self.run()
        if run is None:
            return ["run", str(self.folder / "issue.md"), "--repo", str(self.repo), "-q"]
        match run.status:
            case Status.MERGED:
                return None
            case Status.RUNNING | Status.INTERRUPTED:
                return ["resume", run.id, "-q"]
            case Status.UNAVAILABLE | Status.BLOCKED if self.may_be_unavailable and run.reason in ENGINE_TROUBLE:
                self.waits[f"{run.status.value}, {run.reason}"] += 1
                time.sleep(1)
                return ["resume", run.id, "-q"]
            case Status.APPROVED:
                if self.variant.moves_late:
                    self.move_target()
                return ["resume" if self.is_overtaken() else "merge", run.id]
            case Status.AWAITING_APPROVAL:
                return self.at_the_gate(run.id)
            case other:
                raise RuntimeError(f"the run is {other}: {run.reason}: {run.problem}")

    def at_the_gate(self, run_id: str) -> list[str]:
        with self.store() as store:
            keys = [key for key, _ in store.records(run_id)]
            candidates = [json.loads(value) for _, value in store.records(run_id, "candidate/")]
        if not any(key.startswith("send-back/") for key in keys):
            return ["send-back", run_id, "--comment", story.COMMENT]
        if not self.variant.moves_late:
            self.move_target()
        if self.is_overtaken():
            return ["resume", run_id, "-q"]
        sha256 = candidates[-1]["patch"]["sha256"]
        if f"shown/{sha256}" not in keys:
            return ["diff", run_id]
        return ["approve", run_id, "--patch", sha256]

    def move_target(self) -> None:
        if not self.target_moved:
            self.target_moved = True
            self.commit(story.FASTER)

    def is_overtaken(self) -> bool:
        """Whether the target moved, and the run has not come after it yet."""
        run = self.run()
        if run is None or not self.target_moved:
            return False
        with self.store() as store:
            return not store.records(run.id, "moved/")

    def to_the_merge(self, blows: Callable[[list[str]], Blow | None]) -> None:
        """Every command that is due until the run is merged; `blows` says how each of them dies, if it does."""
        while (command := self.next_command()) is not None:
            self.commands += 1
            if self.commands > MOST_COMMANDS:
                raise RuntimeError(f"after {MOST_COMMANDS} commands the run is still not merged")
            if len(self.problems) > MOST_PROBLEMS:
                raise RuntimeError("too much is wrong to go on")
            self.give(command, blows(command))

    def give(self, arguments: list[str], blow: Blow | None) -> int:
        begun = self.folder / "begun"
        begun.unlink(missing_ok=True)
        number = blow.number if blow else 0
        orders = {
            "sandbox": self.variant.sandbox, "act": blow.act if blow else 0, "signal": int(number), "begun": str(begun)
        }  # fmt: skip
        log = self.folder / f"{self.commands:03d}-{arguments[0]}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.mortal", *arguments], cwd=self.folder, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
                env=self.environ | {"CAMPAIGN": json.dumps(orders)},
            )  # fmt: skip
            self.is_working = True
            strikers = self._strikers(process, begun, blow)
            try:
                code = process.wait(HANGS_S)
            except subprocess.TimeoutExpired:
                self.problems.append(f"{arguments[0]} did not end within {HANGS_S:.0f} s")
                process.kill()
                code = process.wait()
            self.models.strike, self.is_working = None, False
            for striker in strikers:
                striker.join()
        self._account_for(arguments[0], code, blow, log)
        return code

    def _strikers(self, process: "subprocess.Popen[bytes]", begun: Path, blow: Blow | None) -> list[threading.Thread]:
        self.models.strike_requests = 0
        if blow is None:
            return []
        if blow.request:

            def strike(request: int, where: int) -> None:
                if (request, where) == (blow.request, blow.where):
                    self._send(process, blow)

            self.models.strike = strike
        if blow.after_s is None:
            return []

        def wait_and_strike() -> None:
            while not begun.exists() and process.poll() is None:
                time.sleep(0.01)
            deadline = time.monotonic() + (blow.after_s or 0)
            while time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.005)
            self._send(process, blow)

        striker = threading.Thread(target=wait_and_strike)
        striker.start()
        return [striker]

    def _send(self, process: "subprocess.Popen[bytes]", blow: Blow) -> None:
        if process.poll() is None:
            if blow.group:
                os.killpg(process.pid, blow.number)
            else:
                process.send_signal(blow.number)

    def _account_for(self, command: str, code: int, blow: Blow | None, log: Path) -> None:
        """Count a death, and see that it left nothing that is not right."""
        text = log.read_text(errors="replace")
        # Python ends itself with SIGINT where one came while it made a class, whatever exit code was asked for
        died = blow is not None and code in (-blow.number, -signal.SIGINT, 130)
        if died and blow is not None:
            self.deaths[signal.Signals(blow.number).name] += 1
            self.where[command] += 1
        refused_merge = command == "merge" and code == 4 and self.target_moved
        unavailable = code in (4, 69) and self.may_be_unavailable
        if not died and code != 0 and not refused_merge and not unavailable:
            self.problems.append(f"{command} ended with {code}: {text[-600:]}")
        if "Traceback" in text and not (died and "KeyboardInterrupt" in text):
            self.problems.append(f"{command} ended in a traceback: {text[-1500:]}")
        if not (self.state / "runs.db").exists():
            return
        with closing(sqlite3.connect(self.state / "runs.db")) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            self.problems.append(f"after {command} the store is damaged: {found[:3]}")
        self._count_open(command)

    def _count_open(self, command: str) -> None:
        """Calls in flight at a death; the next process to drive the run closes them, and only then are they gone."""
        run = self.run()
        if run is None:
            return
        with self.store() as store:
            still_open = {row.id for row in store.calls(run.id) if row.state is CallState.OPEN}
        new = still_open - self._seen_open
        self._seen_open |= still_open
        self.in_flight += len(new)
        if len(new) > story.PARALLEL:
            self.problems.append(f"{command} left {len(new)} calls open")

    _seen_open: set[int] = field(default_factory=set)

    def close(self, *, keep: bool) -> None:
        self.models.close()
        if not keep:
            shutil.rmtree(self.folder)


def some_blow(chance: random.Random, command: str, acts: int) -> Blow:
    """A blow at a random moment, rather an early one, for a late one may come too late. `acts` are about how many a
    command of this kind has."""
    number = chance.choices((signal.SIGKILL, signal.SIGTERM, signal.SIGINT), (8, 1, 1))[0]
    drives = command in ("run", "resume")
    match chance.choices(("act", "time", "request"), (5, 2, 3 if drives else 0))[0]:
        case "act":
            return Blow(number=number, act=1 + int(acts * chance.random() ** 2))
        case "time":
            after_s = 0.2 + chance.expovariate(1.0 if drives else 3.0)
            return Blow(number=number, after_s=after_s, group=number == signal.SIGINT)
        case _:
            return Blow(number=number, request=chance.randint(1, 6), where=chance.randint(0, 2))
