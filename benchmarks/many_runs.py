"""Many runs at the same time on one store, each a process of its own: do all end right, and what does it take?

Models are a server on this machine that answers at once; the story, its tests and the sandboxes in memory are those of
the campaigns (tests/campaigns/story.py). Every run has an issue, a plan of five steps, four of them side by side, one
of them wrong at first, and a review that sends the change back; it is right when it waits for approval with the patch
that all others have, with its calls paid as the server sold them. The exit code is 1 where one is not.
"""

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.campaigns import models, story  # noqa: E402 - the folder above is not on the path of a program in this one

QUEUED = "waiting for a place"
MOST_S = 3600.0
LOOK_EVERY_S = 2.0
MB = 2**20
COLUMNS = (
    "sandbox", "runs", "most processes at once", "had to wait", "right", "wall s", "a run s, median / longest",
    "CPU s a run", "peak MB of a process", "most MB of all", "store MB", "run folders MB",
)  # fmt: skip


@dataclass(kw_only=True)
class Run:
    """One process."""

    number: int
    begun_s: float = 0.0
    ended_s: float = 0.0
    code: int = -1
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    said: str = ""
    printed: str = ""

    @property
    def document(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.printed or "{}")
        return found


@dataclass(kw_only=True)
class Watch:
    """What all processes together have, looked at every two seconds."""

    pids: set[int] = field(default_factory=set)
    most_mb: float = 0.0
    most_alive: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.over.wait(LOOK_EVERY_S):
            sizes = [size for pid in tuple(self.pids) if (size := own_mb(pid)) is not None]
            self.most_mb, self.most_alive = max(self.most_mb, sum(sizes)), max(self.most_alive, len(sizes))


def own_mb(pid: int) -> float | None:
    """What a process has of memory, with its share of what several have; None when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), None)


def environ(folder: Path, url: str) -> dict[str, str]:
    found = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "TERM": "dumb",
        "CODEROUTE_STATE_DIR": str(folder / "state"), "CODEROUTE_CONFIG_DIR": str(folder / "config"),
        "ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": url,
        "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": f"{url}/v1",
    }  # fmt: skip
    return found | {name: os.environ[name] for name in ("DOCKER_HOST", "TMPDIR") if name in os.environ}


def prepared(folder: Path, places: int, steps: int) -> None:
    """A repository, and settings with so many places for runs on Docker."""
    (folder / "config").mkdir()
    settings = story.SETTINGS.replace("{stream}", "true").replace("parallel_steps = 4", f"parallel_steps = {steps}")
    (folder / "config" / "coderoute.toml").write_text(settings.replace("[limits]", f"[limits]\ndocker_runs = {places}"))
    (folder / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
    (folder / "issue.md").write_text(story.ISSUE)
    for name, text in story.FILES.items():
        (folder / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / name).write_text(text)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder / "repo", env=environ(folder, ""), check=True)


@contextmanager
def instant_models() -> Iterator[models.FakeModels]:
    slowest, models.SLOWEST_S = models.SLOWEST_S, 0.0
    fake = models.FakeModels(0)
    try:
        yield fake
    finally:
        fake.close()
        models.SLOWEST_S = slowest


def begin(run: Run, folder: Path, sandbox: str, url: str, watch: Watch) -> None:
    """Start the process of `run` and wait for its end."""
    orders = {"sandbox": sandbox, "act": 0, "signal": 0, "begun": str(folder / "begun")}
    arguments = ["run", str(folder / "issue.md"), "--repo", str(folder / "repo"), "--json"]
    out, err = folder / f"{run.number}.json", folder / f"{run.number}.log"
    with out.open("wb") as printed, err.open("wb") as said:
        run.begun_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.mortal", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=printed, stderr=said, env=environ(folder, url) | {"CAMPAIGN": json.dumps(orders)},
        )  # fmt: skip
        watch.pids.add(process.pid)
        _, status, used = os.wait4(process.pid, 0)
    run.ended_s = time.monotonic()
    watch.pids.discard(process.pid)
    process.returncode = run.code = os.waitstatus_to_exitcode(status)
    run.cpu_s, run.peak_mb = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    run.said, run.printed = err.read_text(errors="replace"), out.read_text(errors="replace")


def what_is_wrong(runs: list[Run], folder: Path, sold: Decimal) -> list[str]:
    problems = []
    for run in runs:
        if run.code != 0 or run.document.get("status") != "awaiting_approval":
            problems.append(f"run {run.number} ended with {run.code}: {run.said[-400:]}")
    patches = Counter(
        str(dict(patch)["sha256"]) for run in runs if isinstance(patch := run.document.get("patch"), dict)
    )
    if len(patches) != 1:
        problems.append(f"the patches differ: {patches}")
    with closing(sqlite3.connect(folder / "state" / "runs.db")) as db:
        sound = db.execute("PRAGMA integrity_check").fetchall()
        states = dict(db.execute("SELECT state, count(*) FROM calls GROUP BY state"))
    problems += [f"the store is damaged: {sound[:3]}"] if sound != [("ok",)] else []
    problems += [f"calls that are not settled: {states}"] if set(states) != {"settled"} else []
    booked = sum(
        (Decimal(str(dict(cost)["total_usd"])) for r in runs if isinstance(cost := r.document.get("cost"), dict)),
        Decimal(0),
    )
    problems += [f"booked {booked}, sold {sold}"] if booked != sold else []
    return problems


def measured(sandbox: str, count: int, places: int, steps: int) -> tuple[list[str], list[str]]:
    """(cells of the table, problems)."""
    with tempfile.TemporaryDirectory(prefix="coderoute-many-") as name, instant_models() as fake:
        folder = Path(name)
        prepared(folder, places, steps)
        watch, runs = Watch(), [Run(number=number) for number in range(count)]
        looking = threading.Thread(target=watch.look)
        looking.start()
        began = time.monotonic()
        threads = [threading.Thread(target=begin, args=(run, folder, sandbox, fake.url, watch)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(MOST_S)
        wall_s = time.monotonic() - began
        watch.over.set()
        looking.join()
        sold = sum((answer.usd for answer in fake.account), Decimal(0))
        problems = what_is_wrong(runs, folder, sold)
        state = folder / "state"
        store_mb = sum(path.stat().st_size for path in state.glob("runs.db*")) / MB
        folders_mb = sum(path.stat().st_size for path in (state / "runs").rglob("*") if path.is_file()) / MB
        queued = sum(QUEUED in run.said for run in runs)
    right = count - sum(problem.startswith("run ") for problem in problems)
    lasted = sorted(run.ended_s - run.begun_s for run in runs)
    cells = [
        sandbox, str(count), f"{watch.most_alive}", f"{queued}", f"{right}",
        f"{wall_s:.0f}", f"{statistics.median(lasted):.0f} / {lasted[-1]:.0f}",
        f"{statistics.median(run.cpu_s for run in runs):.1f}",
        f"{max(run.peak_mb for run in runs):.0f}", f"{watch.most_mb:.0f}", f"{store_mb:.1f}", f"{folders_mb:.1f}",
    ]  # fmt: skip
    return cells, problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100, help="with sandboxes in memory, all at once")
    parser.add_argument("--docker-runs", type=int, default=12, help="with Docker; 0 where there is none")
    parser.add_argument("--places", type=int, default=8, help="limits.docker_runs")
    parser.add_argument("--steps", type=int, default=4, help="limits.parallel_steps")
    given = parser.parse_args()
    rows, problems = [], []
    for sandbox, count in (("memory", given.runs), ("docker", given.docker_runs)):
        if count:
            cells, wrong = measured(sandbox, count, given.places, given.steps)
            rows.append(cells)
            problems += [f"{sandbox}: {problem}" for problem in wrong]
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---" * len(COLUMNS) + "|")
    for cells in rows:
        print(f"| {' | '.join(cells)} |")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
