"""Holds what `coderoute cost --json` says of whole runs against the account of whoever sold the answers, call by call.

    python -m tests.campaigns.bill --conversations 300
    python -m tests.campaigns.bill --anthropic-url URL --openai-url URL/v1 --account "COMMAND"

Without addresses the models are the campaign's own, which fail often (moody.py). Another server must answer what the
story has (story.py), and its account is what COMMAND prints at the end, JSON Lines, one a request in the order in which
they came: run, stage, step, attempt, usd (billed for it, a decimal string), told (its usage was sent to the end), and,
for the counts only, model, streamed, what.

Prints the counts; ends with 1 where a cent is not where it has to be (then the folder of the runs is kept).
"""

import argparse
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns import story
from tests.campaigns.account import CHAT_MODEL, Counts, compare, told
from tests.campaigns.desk import ROOT
from tests.campaigns.kills import say
from tests.campaigns.moody import MoodyModels
from tests.campaigns.story import Json

MODELS = {
    "opus": ("anthropic", "claude-opus-5-5", ""), "haiku": ("anthropic", "claude-haiku-5-5", ""),
    "sol": ("openai", "gpt-6.1-sol", ""), "luna": ("openai", "gpt-6-luna", ""),
    "chat": ("openai", CHAT_MODEL, 'api = "chat"'),
}  # fmt: skip
ROLES = (
    {"frontier": "opus", "cheap": "luna", "premium": "sol"},
    {"frontier": "sol", "cheap": "haiku", "premium": "opus"},
    {"frontier": "opus", "cheap": "chat", "premium": "haiku"},
    {"frontier": "sol", "cheap": "luna", "premium": "chat"},
    {"frontier": "opus", "cheap": "haiku", "premium": "luna"},
)
FALLBACKS = {"frontier": ("sol", "opus"), "cheap": ("luna", "haiku"), "premium": ("sol", "opus")}
"""By role, whoever of the two is of the other provider."""
LIMITS = '[limits]\nbudget_usd = 500\nparallel_steps = 4\n\n[test]\ncommand = "python -m pytest -q"\n'
GOES_ON = ("running", "interrupted", "unavailable")
MOST_COMMANDS = 15
COMMAND_S = 240.0


@dataclass(frozen=True, kw_only=True)
class Addresses:
    anthropic: str
    openai: str


@dataclass(kw_only=True)
class Customer:
    """A folder with a repository and one state directory, in which runs are made beside each other."""

    folder: Path
    at: Addresses
    ended: dict[str, Json] = field(default_factory=dict)
    """Run -> what `cost RUN --json` says of it."""
    counts: Counts = field(default_factory=Counts)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "repo"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "home" / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
        for name, text in story.FILES.items():
            (self.folder / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "repo" / name).write_text(text)
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
            subprocess.run(["git", *command], cwd=self.folder / "repo", env=self.environ("none"), check=True)

    def environ(self, config: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.folder / "tmp"), "CODEROUTE_STATE_DIR": str(self.folder / "state"),
            "CODEROUTE_CONFIG_DIR": str(self.folder / config), "TERM": "dumb",
            "ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": self.at.anthropic,
            "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": self.at.openai,
        }  # fmt: skip

    def configured(self, number: int) -> str:
        """The name of a folder with the settings of this run."""
        name = f"config-{number}"
        roles, streams = ROLES[number % len(ROLES)], number // len(ROLES) % 2 == 0
        parts = [LIMITS]
        for role, chosen in roles.items():
            provider, model, more = MODELS[chosen]
            other = next(each for each in FALLBACKS[role] if MODELS[each][0] != provider)
            parts.append(
                f'[models.{role}]\nprovider = "{provider}"\nmodel = "{model}"\n{more}\n'
                f'stream = {str(streams).lower()}\nfallback = ["{":".join(MODELS[other][:2])}"]\n'
            )
        (self.folder / name).mkdir()
        (self.folder / name / "coderoute.toml").write_text("\n".join(parts))
        return name

    def to_its_end(self, number: int, *, kill_after_s: float | None) -> None:
        """One run: resumed until it waits for a person or has ended."""
        config = self.configured(number)
        issue = self.folder / f"issue-{number}.md"
        issue.write_text(story.ISSUE.replace("Larger numbers", f"Larger numbers {number}"))
        said = self.give(["run", str(issue), "--repo", str(self.folder / "repo")], config, kill_after_s)
        run_id = next((line.split()[1] for line in said.stderr.splitlines() if line.startswith("run ")), "")
        if not run_id:
            if kill_after_s is None:
                self.complain(f"run {number} did not begin: {said.stderr[-800:]}")
            return
        for _ in range(MOST_COMMANDS):
            answered = self.give(["show", run_id, "--json"], config)
            if not answered.stdout:
                self.complain(f"show {run_id} ended with {answered.returncode}: {answered.stderr}")
                return
            shown = json.loads(answered.stdout)
            if shown["status"] not in GOES_ON:
                break
            self.give(["resume", run_id], config)
        cost = json.loads(self.give(["cost", run_id, "--json"], config).stdout)
        if cost != shown["cost"]:
            self.complain(f"run {run_id}: `show --json` and `cost --json` differ")
        with self._lock:
            self.ended[run_id] = cost
            why = f", {shown['reason']}" if shown["reason"] else ""
            self.counts.runs[f"{shown['status']}{why}"] += 1
            say(f"  run {number}: {shown['status']}{why}, {cost['calls']} calls")

    def give(
        self, arguments: list[str], config: str, kill_after_s: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        orders = {"sandbox": "memory", "act": 0, "signal": 0, "begun": str(self.folder / "begun"), "hurried": True}
        log = self.folder / f"{secrets.token_hex(4)}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.mortal", *arguments], cwd=self.folder, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                env=self.environ(config) | {"CAMPAIGN": json.dumps(orders)},
            )  # fmt: skip
        if kill_after_s is not None:
            threading.Thread(target=kill_later, args=(process, log, kill_after_s)).start()
        try:
            out, _ = process.communicate(timeout=COMMAND_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            self.complain(f"{arguments[0]} did not end within {COMMAND_S:.0f} s")
        err = log.read_text(errors="replace")
        if "Traceback" in err or process.returncode not in (0, 4, 5, 69, -signal.SIGKILL):
            self.complain(f"{arguments[0]} ended with {process.returncode}: {err[-1500:]}")
        with self._lock:
            self.counts.commands += 1
            self.counts.killed += process.returncode == -signal.SIGKILL
            self.counts.replaced += err.count("model.replaced")
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def complain(self, text: str) -> None:
        with self._lock:
            self.counts.problems.append(text)


def kill_later(process: "subprocess.Popen[str]", log: Path, after_s: float) -> None:
    """SIGKILL, so long after the run has begun."""
    while process.poll() is None and "run " not in log.read_text(errors="replace"):
        time.sleep(0.02)
    time.sleep(after_s)
    if process.poll() is None:
        process.kill()


def until_enough(customer: Customer, wanted: int, kills: float, seed: int, workers: int) -> None:
    """Runs, some of them killed once, until their calls belong to so many conversations."""
    chance = random.Random(seed)
    begun, number = workers, 0

    def conversations() -> int:
        return sum(
            len({(row["stage"], row["step"], row["attempt"]) for row in cost["each_call"]})
            for cost in customer.ended.values()
        )

    with ThreadPoolExecutor(workers) as pool:
        while conversations() < wanted and len(customer.counts.problems) < 10 and number < wanted:
            blows = [chance.uniform(0, 4) if chance.random() < kills else None for _ in range(begun)]
            turns = [pool.submit(customer.to_its_end, number + at, kill_after_s=blow) for at, blow in enumerate(blows)]
            number += begun
            for turn in turns:
                turn.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=300, help="at least")
    parser.add_argument("--kills", type=float, default=0.2, help="the share of runs that are killed once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4, help="runs at the same time, on one store")
    parser.add_argument("--anthropic-url", help="of another server")
    parser.add_argument("--openai-url")
    parser.add_argument("--account", help="a shell command that prints that server's account")
    given = parser.parse_args()
    others = (given.anthropic_url, given.openai_url, given.account)
    if any(others) and not all(others):
        parser.error("another server has --anthropic-url, --openai-url and --account")
    folder, began = Path(tempfile.mkdtemp(prefix="coderoute-bill-")), time.monotonic()
    own = None if any(others) else MoodyModels(given.seed)
    at = (
        Addresses(anthropic=own.url, openai=f"{own.url}/v1")
        if own
        else Addresses(anthropic=others[0], openai=others[1])
    )
    customer = Customer(folder=folder, at=at)
    until_enough(customer, given.conversations, given.kills, given.seed, given.workers)
    if own:
        own.close()
        account = own.lines()
    else:
        printed = subprocess.run(given.account, shell=True, check=True, capture_output=True, text=True).stdout  # noqa: S602
        account = [json.loads(line) for line in printed.splitlines()]
    compare(customer.counts, customer.ended, account)
    say(told(customer.counts, time.monotonic() - began))
    if customer.counts.problems:
        say(f"  the folder is kept: {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(bool(customer.counts.problems))


if __name__ == "__main__":
    main()
