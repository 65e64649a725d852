"""coderoute beside mini-swe-agent: the same repository, image, edits and instant replies, in turns in one run.

Both speak Anthropic's Messages API with a server on this machine that answers at once, counts four bytes as a token and
keeps prefixes as cache_share.py does. No key, no model; Docker and the base image are needed, and a folder for the
peer's virtual environment, which is filled from the package index where it is missing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peers_server import Call, Replies, serving
from peers_story import FAULTY, ISSUE, TINY_ISSUE, TURNS, Json, repository

ROOT = Path(__file__).parents[1]
PEER = ("mini-swe-agent==2.4.6", "litellm==1.106.2", "mcp")
"""What is installed for the peer: that litellm imports `mcp` in every call with tools, but does not ask for it."""
IMAGE, PEER_IMAGE = "coderoute-sandbox:1", "coderoute-benchmark-peers:1"
MODEL = "claude-sonnet-4-5-20250929"
TIMED = """
import json, os, sys, time
spans = []

def timed(real):
    def run(self, command, *arguments, **named):
        text, begun = command if isinstance(command, str) else command["command"], time.monotonic()
        try:
            return real(self, command, *arguments, **named)
        finally:
            spans.append((begun, time.monotonic(), "pytest" in text))
    return run

def keep():
    with open(os.environ["SPANS"], "w") as file:
        json.dump(spans, file)
"""
"""What both programs are started with: when commands ran in the sandbox, and which of them were tests."""

COURSE = f"""{TIMED}
from coderoute.stopwatch import TimedSandbox
TimedSandbox.run = timed(TimedSandbox.run)
from coderoute.cli.main import main
try:
    main()
finally:
    keep()
"""
MINI = f"""{TIMED}
import yaml
from minisweagent.agents.default import DefaultAgent
from minisweagent.config import builtin_config_dir
from minisweagent.environments.docker import DockerEnvironment
from minisweagent.models.litellm_model import LitellmModel
DockerEnvironment.execute = timed(DockerEnvironment.execute)
config = yaml.safe_load((builtin_config_dir / "benchmarks" / "swebench.yaml").read_text())
machine = dict(config["environment"], image=os.environ["PEER_IMAGE"])
del machine["environment_class"], machine["env"]["BASH_ENV"]
model = dict(config["model"], model_name="anthropic/" + os.environ["PEER_MODEL"], set_cache_control="default_end")
agent = DefaultAgent(LitellmModel(**model), DockerEnvironment(**machine), **dict(config["agent"], step_limit=13))
ended = agent.run(open(sys.argv[1]).read())
keep()
print(json.dumps(ended))
"""
"""The peer's own parts and its own settings for a repository in Docker, but for the start file of a conda that the
image does not have. Its command line would come on top."""


@dataclass(kw_only=True)
class Run:
    """One process; seconds."""

    calls: list[Call]
    begun_s: float
    ended_s: float
    cpu_s: float
    peak_mib: float
    tests: list[tuple[float, float]]
    report: Json = field(default_factory=dict)

    @property
    def wall_s(self) -> float:
        return self.ended_s - self.begun_s

    def tests_s(self, until_s: float = float("inf")) -> float:
        """In which at least one test run was going on."""
        total, seen = 0.0, float("-inf")
        for begun, ended in sorted(self.tests):
            stop = min(ended, until_s)
            total += max(stop - max(begun, seen), 0.0)
            seen = max(seen, stop)
        return total

    @property
    def first_request_s(self) -> float:
        first = self.calls[0].came_s
        return first - self.begun_s - self.tests_s(first)

    def turn_ms(self, kind: str) -> float:
        """Median from an answer with such a call to the next request."""
        pairs = zip(self.calls, self.calls[1:], strict=False)
        same = [(a, b) for a, b in pairs if a.stage == b.stage and a.kind == kind]
        return statistics.median((b.came_s - a.left_s) * 1000 for a, b in same)

    @property
    def worked(self) -> list[Call]:
        """The calls of the turns that both make."""
        return [call for call in self.calls if call.stage in ("peer", "execute")]


MEASURES: tuple[tuple[str, str, Callable[[Run], float]], ...] = (
    ("wall without test runs, s", ".2f", lambda run: run.wall_s - run.tests_s()),
    ("test runs, s", ".2f", lambda run: run.tests_s()),
    ("start to first request, test runs left out, s", ".2f", lambda run: run.first_request_s),
    ("a turn that reads or edits a file, ms", ".0f", lambda run: run.turn_ms("file")),
    ("a turn that runs a command, ms", ".0f", lambda run: run.turn_ms("run")),
    ("model calls", ".0f", lambda run: len(run.calls)),
    ("input tokens of all calls", ",.0f", lambda run: sum(call.input_tokens for call in run.calls)),
    ("input tokens of the 12 turns", ",.0f", lambda run: sum(call.input_tokens for call in run.worked)),
    ("cached share of the 12 turns", ".3f", lambda run: share(run.worked)),
    ("cached share of all calls", ".3f", lambda run: share(run.calls)),
    ("CPU outside the containers, s", ".2f", lambda run: run.cpu_s),
    ("peak resident memory, MiB", ".0f", lambda run: run.peak_mib),
)


def share(calls: Sequence[Call]) -> float:
    return sum(call.cached_tokens for call in calls) / sum(call.input_tokens for call in calls)


def build_peer_image(folder: Path, repo: Path) -> None:
    """The base image with the checkout in it: the peer expects that somebody made such a one."""
    recipe = (
        f"FROM {IMAGE}\nCOPY --chown=10001:10001 {repo.name} /testbed\n"
        "USER root\nRUN chown 10001:10001 /testbed\nUSER 10001:10001\nWORKDIR /testbed\n"
    )
    (folder / "Dockerfile").write_text(recipe)
    subprocess.run(
        ["docker", "build", "-q", "-t", PEER_IMAGE, "-f", folder / "Dockerfile", folder], check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def peer_python(venv: Path) -> Path:
    """The interpreter of the peer's environment, made where it is missing."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    if subprocess.run([python, "-c", "import minisweagent"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
    return python


def started(command: list[str], environ: Mapping[str, str], folder: Path, replies: Replies) -> Run:
    """One process from its start to its end."""
    replies.begin()
    spans = folder / "spans.json"
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        begun_s = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env={**environ, "SPANS": str(spans)}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        _, status, used = os.wait4(process.pid, 0)
    ended_s = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    said = (folder / "err").read_text(errors="replace")
    if process.returncode or not replies.calls:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{said[-3000:]}")
    tests = [(begun, ended) for begun, ended, is_test in json.loads(spans.read_text()) if is_test]
    printed = (folder / "out").read_text()
    return Run(
        calls=replies.calls, begun_s=begun_s, ended_s=ended_s, cpu_s=used.ru_utime + used.ru_stime,
        peak_mib=used.ru_maxrss / 1024, tests=tests, report=json.loads(printed[printed.find("{") :]),
    )  # fmt: skip


def base_environ(folder: Path) -> dict[str, str]:
    found = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "dumb"}
    return found | {name: os.environ[name] for name in ("DOCKER_HOST", "TMPDIR") if name in os.environ}


def course(folder: Path, repo: Path, url: str, replies: Replies, issue: str) -> Run:
    """`coderoute run` from the issue to the gate, with a state folder of its own: nothing is known from before."""
    (folder / "config").mkdir()
    roles = "".join(
        f'[models.{role}]\nprovider = "anthropic"\nmodel = "{MODEL}"\n\n' for role in ("frontier", "premium", "cheap")
    )
    (folder / "config" / "coderoute.toml").write_text(f'{roles}[test]\ncommand = "python -m pytest -q"\n')
    (folder / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
    (folder / "issue.md").write_text(issue)
    environ = base_environ(folder) | {
        "PYTHONPATH": str(ROOT), "CODEROUTE_STATE_DIR": str(folder / "state"), "ANTHROPIC_API_KEY": "sk-ant-test",
        "CODEROUTE_CONFIG_DIR": str(folder / "config"), "ANTHROPIC_BASE_URL": url,
    }  # fmt: skip
    arguments = ["run", str(folder / "issue.md"), "--repo", str(repo), "--json", "-q"]
    run = started([sys.executable, "-c", COURSE, *arguments], environ, folder, replies)
    changed = sorted(run.report["patch"]["files"])
    if run.report["status"] != "awaiting_approval" or changed != [FAULTY] or len(run.worked) != len(TURNS):
        raise SystemExit(f"coderoute: {json.dumps(run.report)[:3000]}")
    return run


def mini(folder: Path, python: Path, url: str, replies: Replies) -> Run:
    (folder / "issue.md").write_text(ISSUE)
    environ = base_environ(folder) | {
        "ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_API_BASE": url, "MSWEA_SILENT_STARTUP": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "MSWEA_GLOBAL_CONFIG_DIR": str(folder / "config"),
        "MSWEA_COST_TRACKING": "ignore_errors", "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
        "PEER_IMAGE": PEER_IMAGE, "PEER_MODEL": MODEL,
    }  # fmt: skip
    run = started([str(python), "-c", MINI, str(folder / "issue.md")], environ, folder, replies)
    if str(run.report.get("submission")).count("\n+    return") != 1:
        raise SystemExit(f"the peer: {json.dumps(run.report)[:3000]}")
    return run


def table(runs: Mapping[str, list[Run]]) -> str:
    """Medians of every subject, and of the ratios to the peer within rounds."""
    peer, *ours = runs
    head = [peer, *(part for name in ours for part in (name, "x peer"))]
    rows = [f"| what | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for title, form, measure in MEASURES:
        floor = [measure(run) for run in runs[peer]]
        cells = [format(statistics.median(floor), form)]
        for name in ours:
            values = [measure(run) for run in runs[name]]
            ratio = statistics.median(value / other for value, other in zip(values, floor, strict=True))
            cells += [format(statistics.median(values), form), f"{ratio:.2f}"]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(rows)


def measured(subjects: Mapping[str, Callable[[Path], Run]], rounds: int, top: Path) -> dict[str, list[Run]]:
    """Every subject once a round, in an order that turns."""
    chosen = list(subjects)
    runs: dict[str, list[Run]] = {subject: [] for subject in chosen}
    first = 0 if len(chosen) == 1 else -1  # one round before it counts: compiled files, the disk's cache
    for number in range(first, rounds):
        turn = number % len(chosen)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for subject in (*chosen[turn:], *chosen[:turn]):
            folder = top / f"{subject}-{number + 1}"
            folder.mkdir()
            run = subjects[subject](folder)
            if number >= 0:
                runs[subject].append(run)
    return runs


def told_timing(run: Run) -> str:
    """What the run's own report says of its time."""
    stages = Counter(call.stage for call in run.calls)
    return f"timing {json.dumps(run.report['timing'])}, model calls {dict(stages)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-venv", type=Path, required=True, metavar="DIR", help=f"{PEER[0]} is installed there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("peer", "direct", "journey"), help="for a profile: nothing is compared")
    given = parser.parse_args()
    python = peer_python(given.peer_venv.absolute())
    replies = Replies()
    with tempfile.TemporaryDirectory(prefix="coderoute-peers-") as name, serving(replies) as url:
        top = Path(name)
        repo = repository(top)
        build_peer_image(top, repo)
        subjects: dict[str, Callable[[Path], Run]] = {
            "peer": lambda folder: mini(folder, python, url, replies),
            "direct": lambda folder: course(folder, repo, url, replies, TINY_ISSUE),
            "journey": lambda folder: course(folder, repo, url, replies, ISSUE),
        }
        chosen = [given.only] if given.only else list(subjects)
        try:
            runs = measured({subject: subjects[subject] for subject in chosen}, given.rounds, top)
        finally:
            subprocess.run(["docker", "rmi", "-f", PEER_IMAGE], check=True, stdout=subprocess.DEVNULL)
    print(table(runs))
    for subject in chosen:
        if subject != "peer":
            print(f"\n{subject}, last round: {told_timing(runs[subject][-1])}", file=sys.stderr)
    print(f"\n{given.rounds} rounds, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
