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
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cache_share import Cache

ROOT = Path(__file__).parents[1]
PEER = "mini-swe-agent==2.4.6"
IMAGE, PEER_IMAGE = "coderoute-sandbox:1", "coderoute-benchmark-peers:1"
MODEL = "claude-sonnet-4-5-20250929"
MODULES = 300
OUTPUT_TOKENS = 120
SAID = "I look at what is there before I change it, and run the test that concerns it afterwards. " * 2
ISSUE = "# Wrong totals in shop/m017.py\n\n`total_17` and `total_18` forget the amount: they should return price * amount.\n"
TINY_ISSUE = "# Typo in shop/m017.py\n\nThere is a typo in what `total_17` returns: the amount is missing.\n"
RED_TEST = "tests/test_m017.py::test_total"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the executor's model says in one turn, in the words of each: a tool and its arguments, a shell command."""

    kind: str
    tool: str
    arguments: Json
    command: str


def _read(path: str) -> Turn:
    return Turn(kind="file", tool="read_file", arguments={"path": path}, command=f"cat -n {path}")


def _edit(number: int) -> Turn:
    path, old = f"shop/m{number:03}.py", f"    return price_{number}(amount)"
    return Turn(
        kind="file", tool="edit_file", arguments={"path": path, "old": old, "new": f"{old} * amount"},
        command=f"sed -i 's/^{old}$/& * amount/' {path}",
    )  # fmt: skip


def _run(kind: str, command: str) -> Turn:
    return Turn(kind=kind, tool="run", arguments={"command": command}, command=command)


TEST = f"python -m pytest -q {RED_TEST}"
TURNS = (
    _read("shop/m017.py"),
    Turn(
        kind="run", tool="search", arguments={"pattern": "def total_1[78]"},
        command="grep -rnE 'def total_1[78]' --exclude-dir=.git .",
    ),
    _read("shop/m018.py"),
    Turn(kind="run", tool="list_files", arguments={"path": "tests"}, command="find tests -type f | sort"),
    _read("tests/test_m017.py"),
    _edit(17),
    _run("run", "git diff"),
    _run("test", TEST),
    _edit(18),
    _read("shop/m018.py"),
    _run("test", TEST),
    Turn(
        kind="end", tool="finish", arguments={"summary": "Totals heed the amount."},
        command="echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff",
    ),
)  # fmt: skip
PLAN: Json = {
    "summary": "Totals heed the amount", "risk": "low", "risk_reasons": [], "questions": [],
    "reproduction": {"test": RED_TEST, "step": None, "why_not": None},
    "steps": [{
        "id": "totals", "title": "Multiply by the amount", "class": "cheap", "kind": "edit.local",
        "instructions": "In shop/m017.py and shop/m018.py let total_17 and total_18 return the price times the amount.",
        "files": ["shop/m017.py", "shop/m018.py"], "depends_on": [], "diff_lines": 4, "checks": [RED_TEST],
    }],
}  # fmt: skip
REVIEW: Json = {"verdict": "approve", "summary": "Both totals heed the amount.", "findings": []}


@dataclass(kw_only=True)
class Call:
    """One request as the server saw it; seconds of `time.monotonic`."""

    stage: str
    kind: str
    came_s: float
    left_s: float
    input_tokens: int
    cached_tokens: int


class Replies:
    """The server. `begin` empties its cache and its account."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._cache, self.calls, self._lock = Cache(), [], threading.Lock()

    calls: list[Call]

    def answer(self, body: Json, came_s: float) -> tuple[Json, Call]:
        """A whole message, and the call it belongs to."""
        with self._lock:
            counted = self._cache.anthropic(in_blocks(body))
        number = sum(message["role"] == "assistant" for message in body["messages"])
        tools = {tool["name"] for tool in body["tools"]}
        stage, kind, call = "peer", "end", ("bash", {"command": "true"})
        if "submit_plan" in tools:
            stage, call = "plan", ("submit_plan", PLAN)
        elif "submit_review" in tools:
            stage, call = "review", ("submit_review", REVIEW)
        else:
            turn = TURNS[min(number, len(TURNS) - 1)]
            is_peer = "bash" in tools
            stage, kind = "peer" if is_peer else "execute", turn.kind
            call = ("bash", {"command": turn.command}) if is_peer else (turn.tool, turn.arguments)
        usage = {
            "input_tokens": counted.total - counted.read - counted.written, "output_tokens": OUTPUT_TOKENS,
            "cache_read_input_tokens": counted.read, "cache_creation_input_tokens": counted.written,
        }  # fmt: skip
        name, given = call
        said = {"type": "text", "text": SAID}
        use = {"type": "tool_use", "id": f"toolu_{stage}_{number}", "name": name, "input": given}
        message = {
            "type": "message", "id": "msg_1", "role": "assistant", "model": body["model"], "content": [said, use],
            "stop_reason": "tool_use", "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        done = Call(
            stage=stage, kind=kind, came_s=came_s, left_s=came_s, input_tokens=counted.total, cached_tokens=counted.read
        )
        with self._lock:
            self.calls.append(done)
        return message, done


def in_blocks(body: Json) -> Json:
    """The request with every text as a list of blocks, which the API allows to be left out."""

    def blocks(content: Any) -> Any:
        return [{"type": "text", "text": content}] if isinstance(content, str) else content

    messages = [{**message, "content": blocks(message["content"])} for message in body["messages"]]
    return {**body, "system": blocks(body.get("system", [])), "messages": messages}


def streamed(message: Json) -> bytes:
    events: list[Json] = [{"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}]
    for index, block in enumerate(message["content"]):
        is_text = block["type"] == "text"
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if is_text
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        empty = {**block, "text": ""} if is_text else {**block, "input": {}}
        events += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events += [{"type": "message_delta", "delta": ending, "usage": message["usage"]}, {"type": "message_stop"}]
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


@contextmanager
def serving(replies: Replies) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            came_s = time.monotonic()
            body: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message, call = replies.answer(body, came_s)
            is_stream = body.get("stream") is True
            data = streamed(message) if is_stream else json.dumps(message).encode()
            self.send_response(200)
            self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            call.left_s = time.monotonic()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
machine.pop("environment_class", None)
model = dict(config["model"], model_name="anthropic/" + os.environ["PEER_MODEL"], set_cache_control="default_end")
agent = DefaultAgent(LitellmModel(**model), DockerEnvironment(**machine), **config["agent"])
ended = agent.run(open(sys.argv[1]).read())
keep()
print(json.dumps(ended))
"""
"""The peer's own parts and its own settings for a repository in Docker. Its command line would come on top."""


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


def repository(folder: Path) -> Path:
    """A project of small modules in which two forget a factor, which one test sees."""
    repo = folder / "repo"
    for number in range(MODULES):
        factor = "" if number in (17, 18) else " * amount"
        body = "\n\n".join(
            f"def part_{number}_{n}(value: int) -> int:\n"
            f'    """Part {n} of module {number}."""\n    return value + {n}\n'
            for n in range(4)
        )
        text = (
            f'"""Module {number} of a shop."""\n\n\ndef price_{number}(amount: int) -> int:\n'
            f'    """The price of one of `amount` things."""\n    return {number} + 0 * amount\n\n\n'
            f'def total_{number}(amount: int) -> int:\n    """The price of all."""\n'
            f"    return price_{number}(amount){factor}\n\n\n{body}"
        )
        (repo / "shop").mkdir(parents=True, exist_ok=True)
        (repo / "shop" / f"m{number:03}.py").write_text(text)
    (repo / "tests").mkdir()
    (repo / "shop" / "__init__.py").write_text("")
    (repo / "README.md").write_text("# A shop\n")
    for number in (16, 17, 18):
        amount = 3 if number != 18 else 1
        (repo / "tests" / f"test_m{number:03}.py").write_text(
            f"from shop.m{number:03} import part_{number}_1, total_{number}\n\n\n"
            f"def test_total() -> None:\n    assert total_{number}({amount}) == {number * amount}\n\n\n"
            f"def test_part() -> None:\n    assert part_{number}_1(1) == 2\n"
        )
    author = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid", "-c", "gc.auto=0"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *author, *command], cwd=repo, check=True)
    return repo


def build_peer_image(folder: Path, repo: Path) -> None:
    """The base image with the checkout in it: the peer expects that somebody made such a one."""
    recipe = f"FROM {IMAGE}\nCOPY --chown=10001:10001 {repo.name} /testbed\nWORKDIR /testbed\n"
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
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
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
    if run.report["status"] != "awaiting_approval" or changed != ["shop/m017.py", "shop/m018.py"]:
        raise SystemExit(f"coderoute: {json.dumps(run.report)[:3000]}")
    return run


def mini(folder: Path, python: Path, url: str, replies: Replies) -> Run:
    (folder / "issue.md").write_text(ISSUE)
    environ = base_environ(folder) | {
        "ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_API_BASE": url, "MSWEA_SILENT_STARTUP": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "MSWEA_GLOBAL_CONFIG_DIR": str(folder / "config"),
        "MSWEA_COST_TRACKING": "ignore_errors", "PEER_IMAGE": PEER_IMAGE, "PEER_MODEL": MODEL,
    }  # fmt: skip
    run = started([str(python), "-c", MINI, str(folder / "issue.md")], environ, folder, replies)
    if str(run.report.get("submission")).count("\n+    return") != 2:
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


def told_timing(run: Run) -> str:
    """What the run's own report says of its time."""
    stages = Counter(call.stage for call in run.calls)
    return f"timing {json.dumps(run.report['timing'])}, model calls {dict(stages)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-venv", type=Path, required=True, metavar="DIR", help=f"{PEER} is installed there")
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
        runs: dict[str, list[Run]] = {subject: [] for subject in chosen}
        for number in range(-1, given.rounds):  # one round before it counts: compiled files, the disk's cache
            turn = number % len(chosen)
            print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
            for subject in (*chosen[turn:], *chosen[:turn]):
                folder = top / f"{subject}-{number + 1}"
                folder.mkdir()
                run = subjects[subject](folder)
                if number >= 0:
                    runs[subject].append(run)
        subprocess.run(["docker", "rmi", "-f", PEER_IMAGE], check=True, stdout=subprocess.DEVNULL)
    print(table(runs))
    for subject in chosen:
        if subject != "peer":
            print(f"\n{subject}, last round: {told_timing(runs[subject][-1])}", file=sys.stderr)
    print(f"\n{given.rounds} rounds, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
