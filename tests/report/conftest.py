"""A run that can be brought, record by record, to any stage of its story."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.judgement import (
    Action,
    Admission,
    AdmissionItem,
    Cause,
    Decision,
    Finding,
    Outcome,
    Review,
    TestReport,
    Verdicts,
    Verification,
)
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.plan import Class, Kind, Plan, Quote, Reproduction, Step, StepQuote
from coderoute.domain.run import Approval, Event, RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.domain.work import Attempt, AttemptEnd, FileChange, Patch
from coderoute.journal import Journal
from coderoute.ports import MergeResult
from coderoute.report import document

RUN_ID = "run-1"
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)

TERMS = Terms(
    models={
        "cheap": ModelRef(provider="openai", model="small"), "frontier": ModelRef(provider="anthropic", model="large"),
        "premium": ModelRef(provider="anthropic", model="largest"),
    },
    routes={}, prices={}, environment=Environment(image=None, setup=(), limits=Limits()),
    test=TestCommand(command="pytest -q", framework="pytest", timeout_s=60, env={}), budget_usd=Decimal("3.00"),
    review_reserve_usd=Decimal("0.5"), max_turns=40, diff_lines=400, diff_files=10, cheap_tries=2, frontier_tries=1,
    max_replans=1, usd_per_minute=Decimal("1.5"), minutes_per_100_lines=Decimal(4), protected_paths=(),
    require_other_approver=False, version="0.1.0",
)  # fmt: skip


def step(step_id: str, cls: Class = Class.CHEAP, kind: Kind = Kind.EDIT_LOCAL) -> Step:
    return Step(
        id=step_id, title=f"Do {step_id}", instructions="i", cls=cls, kind=kind, files=("a.py",), depends_on=(),
        diff_lines=5, checks=("t.py::test_a",), command="make" if cls is Class.CODE else None,
    )  # fmt: skip


PLAN = Plan(
    summary="Mend f", risk="low", risk_reasons=(), questions=(), steps=(step("test"), step("fix")),
    reproduction=Reproduction(test="t.py::test_a", step="test", why_not=None),
)  # fmt: skip
BASELINE = TestReport(
    framework="pytest", granularity="test", exit_code=0, problem=None, output_tail="", failures={}, duration_s=1.0,
    outcomes={"t.py::test_old": Outcome.PASSED, "t.py::test_red": Outcome.FAILED},
)  # fmt: skip
AFTER = replace(BASELINE, outcomes={"t.py::test_old": Outcome.PASSED, "t.py::test_red": Outcome.PASSED})
PATCH = Patch(
    base_tree="bt", tree="t", sha256="f" * 64, path="/state/f.patch",
    changes=(
        FileChange(
            path="a.py", old_mode="100644", new_mode="100644", old_oid="0", new_oid="1", added=40, removed=10,
            binary=False,
        ),
    ),
)  # fmt: skip
CANDIDATE = Candidate(
    number=1, plan_number=1, patch=PATCH, reproduction_red_on_base=True, unverified=False,
    admission=Admission(
        items=(AdmissionItem(id="ci:a", rule="ci", path="a", line=3, detail="changes CI", refuses=False),)
    ),
    verification=Verification(
        tree="t", report=AFTER, checks=(), reproduction_red_on_base=None, reproduction_green=True, feedback="",
        verdicts=Verdicts(
            fixed=("t.py::test_red",), new_failures=(), pre_existing=(), flaky=(), vanished=(), new_tests=(),
            failing_new_tests=(),
        ),
    ),
)  # fmt: skip
REVIEW = Review(
    verdict="approve", summary="It is right.", dropped=1, coverage=1.0, patch_sha256=PATCH.sha256,
    model="anthropic:largest",
    findings=(Finding(severity="low", path="a.py", line=2, title="t", detail="d"),),
)  # fmt: skip
APPROVAL = Approval(
    run_id=RUN_ID, repository_id="r", target="refs/heads/main", base_commit="c0", base_tree="bt", tree="t",
    patch_sha256=PATCH.sha256, plan_sha256="p", evidence_sha256="e", version="0.1.0", acknowledged=("ci:a",), by="ada",
    claimed_as=None, note=None, channel="command", at=AT.isoformat(), expires_at="later", nonce="n", signature="s",
)  # fmt: skip


class Prices:
    """A dollar per million tokens of `small`, ten of all others; None for a model nobody knows."""

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        if model.model == "unknown":
            return None
        rate = 1 if model.model == "small" else 10
        return Decimal(rate * (usage.input_tokens + usage.output_tokens)) / 1_000_000


class Story:
    def __init__(self) -> None:
        self.store = InMemoryStore()
        self.prices = Prices()
        self.journal = Journal(self.store, RUN_ID)
        self.store.create(
            RunRecord(
                id=RUN_ID, created_at=AT.isoformat(), repository="/home/ada/thing", status=Status.RUNNING, reason=None,
                problem=None, remedy=None, questions=(), title="f is wrong",
            )
        )  # fmt: skip

    def document(self) -> dict[str, object]:
        run = self.store.get(RUN_ID)
        assert run is not None
        return document(run, self.store, self.prices)

    def status(self, status: Status, reason: str | None = None, questions: tuple[str, ...] = ()) -> None:
        self.store.set_status(RUN_ID, status, reason=reason, questions=questions)

    def event(self, name: str, at: str, **data: object) -> None:
        self.store.add_event(Event(at=at, run_id=RUN_ID, event=name, data=data))

    def call(
        self, stage: str, step_id: str = "-", attempt: int = 1, *, role: str = "cheap", cost: str = "0.01",
        state: CallState = CallState.SETTLED, model: str = "small", usage: Usage | None = None,
    ) -> None:  # fmt: skip
        usd = Decimal(cost)
        row = LedgerRow(
            id=0, run_id=RUN_ID, at=AT.isoformat(), provider="openai", model=model, role=role, stage=stage,
            step=step_id, attempt=attempt, state=CallState.OPEN, reserved_usd=usd, cost_usd=usd,
        )  # fmt: skip
        row_id = self.store.open_call(row, budget_usd=None)
        assert row_id is not None
        if state is not CallState.OPEN:
            known = usage or Usage(input_tokens=1000, output_tokens=100, cached_input_tokens=400)
            self.store.settle_call(
                row_id, state=state, cost_usd=usd, usage=known if state is CallState.SETTLED else None, latency_s=1.5,
                problem=None,
            )  # fmt: skip

    def begin(self) -> None:
        self.journal.put(places.TERMS, Terms, TERMS)
        self.journal.put(
            places.TASK, Task, Task(source="file", title="f is wrong", body="b", url=None, number=None, sha256="0")
        )
        base = Base(commit="c0", tree="bt", target="refs/heads/main", repository_id="r")
        self.journal.put(places.BASE, Base, base)

    def measure(self, baseline: TestReport = BASELINE) -> None:
        self.journal.put(places.BASELINE, TestReport, baseline)

    def plan(self, plan: Plan = PLAN, number: int = 1) -> None:
        self.call("plan", attempt=number, role="frontier", model="large", cost="0.2")
        self.journal.put(places.plan(number), Plan, plan)
        quote = Quote(
            low_usd=Decimal("0.1"), likely_usd=Decimal("0.2"), high_usd=None, steps={"fix": Decimal("1E-7"), "x": None},
            all_frontier_usd=Decimal(1), all_cheap_usd=None,
            by_step={
                "fix": StepQuote(
                    role="cheap", low_usd=Decimal("0.05"), likely_usd=Decimal("1E-7"), high_usd=None
                ),
                "review": StepQuote(role="premium", low_usd=None, likely_usd=None, high_usd=None),
                "ask": StepQuote(role=None, low_usd=Decimal(0), likely_usd=Decimal(0), high_usd=Decimal(0)),
                "make": StepQuote(role=None, low_usd=Decimal(0), likely_usd=Decimal(0), high_usd=Decimal(0)),
            },
        )  # fmt: skip
        self.journal.put(places.quote(number), Quote, quote)

    def attempt(
        self, step_id: str, number: int, action: Action | None, *, cls: str = "cheap", to: str | None = None,
        trigger: str = "target_still_red", called: bool = True,
    ) -> None:  # fmt: skip
        if called:
            self.call("execute", step_id, number, role=cls)
        model = "-" if cls == "code" else "openai:small"
        self.journal.put(
            places.attempt(step_id, number), Attempt,
            Attempt(
                number=number, cls=cls, model=model, end=AttemptEnd.FINISHED, summary="", give_up_kind=None, tree="t",
                refused=None, turns=1, commands=0,
            ),
        )  # fmt: skip
        self.journal.put(places.size(step_id, number), tuple[int, int], (12, 2))
        if action is not None:
            accepted = action is Action.ACCEPT
            decision = Decision(
                action=action, trigger=None if accepted else trigger, reason="because", to=to,
                cause=None if accepted else Cause.MODEL,
            )  # fmt: skip
            self.journal.put(places.decision(step_id, number), Decision, decision)

    def admit(self, step_id: str, number: int, admission: Admission) -> None:
        self.journal.put(places.admission(step_id, number), Admission, admission)

    def execute(self) -> None:
        self.attempt("test", 1, Action.ACCEPT)
        self.attempt("fix", 1, Action.RETRY, to="cheap")
        self.attempt("fix", 2, Action.ESCALATE, to="frontier")
        self.attempt("fix", 3, Action.ACCEPT, cls="frontier")

    def come_to_the_gate(self, candidate: Candidate = CANDIDATE, *, reviewed: bool = True) -> None:
        self.journal.put(places.candidate(candidate.number), Candidate, candidate)
        if reviewed:
            self.call("review", role="premium", model="largest", cost="0.05")
            self.journal.put(places.review(candidate.number), Review, REVIEW)
        self.status(Status.AWAITING_APPROVAL)

    def approve(self, approval: Approval = APPROVAL) -> None:
        self.store.put_approval(approval)
        self.status(Status.APPROVED)

    def merge(self) -> None:
        result = MergeResult(branch="coderoute/f-run-1", commit="c1", target_moved=True, why=None, command=None)
        self.journal.put(places.MERGED, MergeResult, result)
        self.status(Status.MERGED)

    def whole(self) -> None:
        """From the beginning to the merge."""
        self.begin()
        self.measure()
        self.plan()
        self.execute()
        self.come_to_the_gate()
        self.approve()
        self.merge()


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def plan() -> Plan:
    return PLAN


@pytest.fixture
def candidate() -> Candidate:
    return CANDIDATE


@pytest.fixture
def approval() -> Approval:
    return APPROVAL
