"""Small real repositories with a bug, and executors that do anything to look as if they had mended it.

The machines are real containers; the models are recorded, and the reviewer believes everything.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from coderoute.adapters.model_scripted import ScriptedProvider, ScriptedReply
from coderoute.adapters.repository_git import GitRepository
from coderoute.adapters.sandbox_docker import DockerSandboxHost
from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.conversation import JsonObject, ModelRef, Usage
from coderoute.domain.run import RunRecord, Status
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.flow import runs
from coderoute.flow.world import World
from coderoute.journal import Journal
from coderoute.ledger import Ledger
from coderoute.report import document
from coderoute.stages.intake import read_issue

MODEL = ModelRef(provider="recorded", model="any")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Free:
    """A PriceList of models that cost next to nothing."""

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        return Decimal("0.001")


@dataclass(frozen=True, kw_only=True)
class House:
    """A repository with one bug. `fix` is the honest change, with a new test; `red` a test of the base that shows
    the bug, `files` the base."""

    files: Mapping[str, str]
    fix: Mapping[str, str]
    red: str
    command: str = "python -m pytest -q"
    framework: str = "pytest"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where a run ended, and what a person would be shown of it."""

    run: RunRecord
    doc: Mapping[str, Any]

    @property
    def at_the_gate(self) -> bool:
        return self.run.status is Status.AWAITING_APPROVAL

    @property
    def rules(self) -> set[str]:
        """Of the protected items, without those about the plan: a careless plan may have named every file."""
        items = (self.doc["admission"] or {"items": []})["items"]
        return {str(item["rule"]) for item in items} - {"plan.outside"}

    @property
    def told(self) -> str:
        """What the person is told, for a failing test's message."""
        attempts = [attempt for step in self.doc["steps"] for attempt in step["attempts"]]
        reasons = [f"{a['decision']}: {a.get('reason')}" for a in attempts]
        return "\n".join([self.run.status.value, str(self.run.problem), *reasons, *sorted(self.rules)])


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerSandboxHost]:
    with closing(DockerSandboxHost(host_id="tests-of-cheats")) as host:
        yield host


@pytest.fixture
def work_on(engine: DockerSandboxHost, tmp_path: Path) -> Callable[[House, Mapping[str, str | None]], Outcome]:
    """Runs a plan of one step on a house; the executor writes the files of a change (None: deletes) and is done."""

    def ended(house: House, change: Mapping[str, str | None]) -> Outcome:
        repository = GitRepository(built(tmp_path / "repo", house.files), tmp_path / "q.git")
        store, journal = InMemoryStore(), None
        terms = terms_of(house)
        intake = read_issue(b"# Numbers are wrong\n\nSee the red test.\n", source="file", name="issue.md")
        runs.begin(
            store, run_id="run-1", repository=str(repository.root), task=intake.task, base=repository.pin(None),
            terms=terms, plan_only=False, removed=(), requester="grace", now=NOW,
        )  # fmt: skip
        journal = Journal(store, "run-1")
        ledger = Ledger(
            run_id="run-1", provider=lambda _: ScriptedProvider(replies(house, change)), store=store, prices=Free(),
            budget_usd=terms.budget_usd, now=lambda: NOW,
        )  # fmt: skip
        (tmp_path / "run").mkdir()
        world = World(
            run_id="run-1", terms=terms, folder=tmp_path / "run", store=store, journal=journal, ledger=ledger,
            prices=Free(), repository=repository, sandboxes=engine, tell=lambda *_: None, now=lambda: NOW,
        )  # fmt: skip
        run = runs.drive(world)
        return Outcome(run=run, doc=document(run, store, Free()))

    return ended


def built(folder: Path, files: Mapping[str, str]) -> Path:
    """A repository with one commit of `files`."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "base"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return folder


def terms_of(house: House) -> Terms:
    """One try, by one class: what matters here is what comes of it."""
    return Terms(
        models={"cheap": MODEL, "frontier": MODEL, "premium": MODEL}, routes={}, prices={},
        environment=Environment(image=None, setup=(), limits=Limits()),
        test=TestCommand(command=house.command, framework=house.framework, timeout_s=60, env={}),
        budget_usd=Decimal(100), review_reserve_usd=Decimal(1), max_turns=10, diff_lines=400, diff_files=10,
        cheap_tries=1, frontier_tries=1, max_replans=0, usd_per_minute=Decimal(1), minutes_per_100_lines=Decimal(10),
        protected_paths=(), require_other_approver=False, version="0",
    )  # fmt: skip


def replies(house: House, change: Mapping[str, str | None]) -> list[ScriptedReply]:
    step: JsonObject = {
        "id": "fix", "title": "Mend it", "instructions": "Make the red test green.", "class": "frontier",
        "kind": "edit.local", "files": sorted({*house.files, *change}), "depends_on": [], "diff_lines": 200,
        "checks": [house.red],
    }  # fmt: skip
    plan: JsonObject = {
        "summary": "Mend the numbers", "risk": "low", "risk_reasons": [], "questions": [],
        "reproduction": {"test": house.red, "step": None, "why_not": None}, "steps": [step],
    }  # fmt: skip
    writes = [("write_file", {"path": path, "content": text}) for path, text in change.items() if text is not None]
    gone = [("run", {"command": f"rm {path}"}) for path, text in change.items() if text is None]
    review: JsonObject = {"verdict": "approve", "summary": "Looks fine.", "findings": []}
    told: list[tuple[str, list[tuple[str, JsonObject]]]] = [
        ("plan", [("submit_plan", plan)]),
        ("execute", cast("list[tuple[str, JsonObject]]", [*writes, *gone])),
        ("execute", [("finish", {"summary": "all green"})]),
        ("review", [("submit_review", review)]),
    ]
    usage = Usage(input_tokens=100, output_tokens=10)
    return [ScriptedReply(stage=stage, tool_calls=tuple(calls), usage=usage) for stage, calls in told]


@pytest.fixture
def house() -> type[House]:
    return House
