"""A run as one JSON document with pinned keys; unknown is null, money an exact decimal string."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.judgement import Action, Admission, Decision, Outcome, Review, TestReport
from coderoute.domain.money import CallState, LedgerRow, add_up
from coderoute.domain.plan import Plan, Quote, Step
from coderoute.domain.run import Approval, Event, RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.domain.terms import Terms
from coderoute.domain.work import Attempt
from coderoute.journal import Journal
from coderoute.ports import MergeResult, PriceList, RunStore

Json = dict[str, object]

MINUTES_TO_START = 2
"""What reading the issue and the evidence takes before the first line of the patch."""


def document(run: RunRecord, store: RunStore, prices: PriceList | None) -> Json:
    """Everything known about a run, with the keys of DESIGN 5.3."""
    journal = Journal(store, run.id)
    terms = journal.get(places.TERMS, Terms)
    task, base = journal.get(places.TASK, Task), journal.get(places.BASE, Base)
    candidate = newest(journal, "candidate/", Candidate)
    plan_number = last_number(journal, "plan/")
    plan = journal.get(places.plan(plan_number), Plan) if plan_number else None
    quoted = journal.get(places.quote(plan_number), Quote) if plan_number else None
    review = journal.get(places.review(candidate.number), Review) if candidate else None
    rows = store.calls(run.id)
    merged = journal.get(places.MERGED, MergeResult)
    approval = current_approval(store.approvals(run.id), candidate, run.status)
    steps = [step_json(step, run.status, journal, rows) for step in steps_of(plan, journal)]
    return {
        "run_id": run.id,
        "status": run.status.value,
        "reason": run.reason,
        "problem": run.problem,
        "remedy": run.remedy,
        "questions": list(run.questions),
        "task": None if task is None else {"source": task.source, "title": task.title, "url": task.url},
        "repo": run.repository,
        "base_commit": base.commit if base else None,
        "target": base.target if base else None,
        "branch": merged.branch if merged else None,
        "created_at": run.created_at,
        "plan": plan_json(plan),
        "quote": quote_json(quoted),
        "steps": steps,
        "escalations": escalations(journal),
        "tests": tests_json(journal.get(places.BASELINE, TestReport), candidate),
        "reproduction": reproduction_json(plan, candidate),
        "admission": None if candidate is None else admission_json(candidate.admission, approval),
        "review": review_json(review),
        "approval": approval_json(approval),
        "patch": patch_json(candidate),
        "commit": merged.commit if merged else None,
        "pull_request": None,
        "cost": cost_json(rows, journal, terms, prices),
        "review_burden": {"predicted_min": predicted_minutes(candidate, terms), "measured_min": None},
        "timing": timing_json(rows, store.events(run.id)),
    }


def last_number(journal: Journal, prefix: str) -> int:
    return max((int(key.rsplit("/", 1)[1]) for key in journal.keys(prefix)), default=0)


def newest(journal: Journal, prefix: str, kind: type[Candidate]) -> Candidate | None:
    number = last_number(journal, prefix)
    return journal.get(f"{prefix}{number}", kind) if number else None


def steps_of(plan: Plan | None, journal: Journal) -> list[tuple[str, str, str]]:
    """(id, title, class) of the plan's steps, then of the reworks that were attempted."""
    planned = [(step.id, step.title, step.cls.value) for step in plan.steps] if plan else []
    attempted = dict.fromkeys(key.split("/")[1] for key in journal.keys("attempt/"))
    known = {step_id for step_id, _, _ in planned}
    extra = [
        (i, "Mend the change after review", "frontier") for i in attempted if i not in known and i.startswith("rework")
    ]
    return planned + extra


def step_json(step: tuple[str, str, str], status: Status, journal: Journal, rows: Iterable[LedgerRow]) -> Json:
    step_id, title, cls = step
    attempts: list[Json] = []
    last: Attempt | None = None
    decision: Decision | None = None
    for key in journal.keys(f"attempt/{step_id}/"):
        attempt = journal.get(key, Attempt)
        if attempt is None:
            continue
        last = attempt
        decision = journal.get(places.decision(step_id, attempt.number), Decision)
        calls = [r for r in rows if r.stage == "execute" and r.step == step_id and r.attempt == attempt.number]
        size = journal.get(places.size(step_id, attempt.number), tuple[int, int])
        attempts.append(
            {
                "number": attempt.number,
                "class": attempt.cls,
                "model": attempt.model,
                "cause": decision.cause.value if decision and decision.cause else None,
                "trigger": decision.trigger if decision else None,
                "decision": decision.action.value if decision else None,
                "reason": decision.reason if decision else None,
                "diff_lines": size[0] if size else None,
                "diff_files": size[1] if size else None,
                "cost_usd": money(sum((r.cost_usd for r in calls), Decimal(0))),
                "latency_s": seconds(calls),
            }
        )
    return {
        "id": step_id, "title": title, "status": step_status(decision, status, bool(attempts)),
        "class": last.cls if last else cls, "model": last.model if last else None, "attempts": attempts,
    }  # fmt: skip


def step_status(decision: Decision | None, status: Status, tried: bool) -> str:
    if decision is None:
        return "running" if status is Status.RUNNING and tried else "pending"
    match decision.action:
        case Action.ACCEPT:
            return "accepted"
        case Action.ESCALATE:
            return "escalated"
        case Action.RETRY:
            return "running"
        case Action.REPLAN | Action.ASK_HUMAN:
            return "failed"


def escalations(journal: Journal) -> list[Json]:
    """Every decision that left the class that made the attempt, and every review that sent work back."""
    found: list[Json] = []
    for key in journal.keys("decision/"):
        decision = journal.get(key, Decision)
        _, step_id, number = key.split("/")
        attempt = journal.get(places.attempt(step_id, int(number)), Attempt)
        if decision is None or decision.action in (Action.ACCEPT, Action.RETRY):
            continue
        to = {Action.REPLAN: "plan", Action.ASK_HUMAN: "human"}.get(decision.action, decision.to or "frontier")
        found.append(
            {
                "step": step_id, "trigger": decision.trigger, "from": attempt.cls if attempt else None, "to": to,
                "reason": decision.reason,
            }
        )  # fmt: skip
    for key in journal.keys("rework/"):
        decision = journal.get(key, Decision)
        if decision is not None and decision.action is not Action.ACCEPT:
            to = "human" if decision.action is Action.ASK_HUMAN else "frontier"
            found.append(
                {"step": "review", "trigger": decision.trigger, "from": "frontier", "to": to, "reason": decision.reason}
            )
    return found


def plan_json(plan: Plan | None) -> Json | None:
    if plan is None:
        return None
    return {
        "summary": plan.summary,
        "risk": plan.risk,
        "risk_reasons": list(plan.risk_reasons),
        "steps": [planned_step_json(step) for step in plan.steps],
    }


def planned_step_json(step: Step) -> Json:
    return {
        "id": step.id, "title": step.title, "class": step.cls.value, "kind": step.kind.value,
        "files": list(step.files), "depends_on": list(step.depends_on), "diff_lines": step.diff_lines,
        "checks": list(step.checks), "instructions": step.instructions, "command": step.command,
    }  # fmt: skip


def quote_json(quoted: Quote | None) -> Json | None:
    if quoted is None:
        return None
    return {
        "low_usd": money(quoted.low_usd), "likely_usd": money(quoted.likely_usd), "high_usd": money(quoted.high_usd),
        "steps": {step: money(cost) for step, cost in quoted.steps.items()},
        "all_frontier_usd": money(quoted.all_frontier_usd), "all_cheap_usd": money(quoted.all_cheap_usd),
    }  # fmt: skip


def tests_json(baseline: TestReport | None, candidate: Candidate | None) -> Json | None:
    if baseline is None:
        return None
    verification = candidate.verification if candidate else None
    head = verification.report if verification else None
    verdicts = verification.verdicts if verification else None
    lists: Json = {
        name: None if verdicts is None else list(getattr(verdicts, name))
        for name in ("fixed", "new_failures", "pre_existing", "flaky", "vanished", "new_tests")
    }
    return {
        "framework": baseline.framework, "granularity": baseline.granularity,
        "baseline": counts_json(baseline), "after": counts_json(head), **lists,
    }  # fmt: skip


def counts_json(report: TestReport | None) -> Json | None:
    if report is None:
        return None
    if report.granularity != "test":
        return {"passed": None, "failed": None, "skipped": None, "exit_code": report.exit_code}
    return {
        "passed": report.count(Outcome.PASSED), "failed": report.count(Outcome.FAILED),
        "skipped": report.count(Outcome.SKIPPED),
    }  # fmt: skip


def reproduction_json(plan: Plan | None, candidate: Candidate | None) -> Json | None:
    if plan is None:
        return None
    verification = candidate.verification if candidate else None
    return {
        "test": plan.reproduction.test,
        "red_before": candidate.reproduction_red_on_base if candidate else None,
        "green_after": verification.reproduction_green if verification else None,
        "why_not": plan.reproduction.why_not,
    }


def admission_json(admission: Admission, approval: Approval | None) -> Json:
    acknowledged = set(approval.acknowledged) if approval else set()
    return {
        "verdict": admission.verdict.value,
        "items": [
            {
                "id": item.id, "rule": item.rule, "path": item.path, "line": item.line, "detail": item.detail,
                "acknowledged": item.id in acknowledged,
            }
            for item in admission.items
        ],
    }  # fmt: skip


def review_json(review: Review | None) -> Json | None:
    if review is None:
        return None
    return {
        "verdict": review.verdict, "summary": review.summary, "dropped": review.dropped, "coverage": review.coverage,
        "model": review.model,
        "findings": [
            {"severity": f.severity, "path": f.path, "line": f.line, "title": f.title, "detail": f.detail}
            for f in review.findings
        ],
    }  # fmt: skip


def current_approval(approvals: Iterable[Approval], candidate: Candidate | None, status: Status) -> Approval | None:
    """The last approval, if it is of the change that stands now and the run has not left it behind."""
    if candidate is None or status not in (Status.APPROVED, Status.MERGED):
        return None
    fitting = [approval for approval in approvals if approval.patch_sha256 == candidate.patch.sha256]
    return fitting[-1] if fitting else None


def approval_json(approval: Approval | None) -> Json | None:
    if approval is None:
        return None
    return {
        "by": approval.by, "claimed_as": approval.claimed_as, "note": approval.note, "at": approval.at,
        "channel": approval.channel, "patch_sha256": approval.patch_sha256, "plan_sha256": approval.plan_sha256,
        "evidence_sha256": approval.evidence_sha256, "base_commit": approval.base_commit, "tree": approval.tree,
        "expires_at": approval.expires_at,
    }  # fmt: skip


def patch_json(candidate: Candidate | None) -> Json | None:
    if candidate is None:
        return None
    patch = candidate.patch
    return {
        "sha256": patch.sha256, "files": [change.path for change in patch.changes], "added": patch.added,
        "removed": patch.removed, "path": patch.path, "tree": patch.tree,
    }  # fmt: skip


def cost_json(
    rows: Iterable[LedgerRow], journal: Journal | None, terms: Terms | None, prices: PriceList | None
) -> Json:
    """The cost object. The two counterfactuals price the same tokens at one class's model: estimates, no more."""
    rows = tuple(rows)
    cost = add_up(rows)
    return {
        "total_usd": money(cost.total_usd),
        "estimated_usd": money(cost.estimated_usd),
        "by_class": moneys(cost.by_class),
        "by_stage": moneys(cost.by_stage),
        "by_model": moneys(cost.by_model),
        "retry_tax_usd": money(retry_tax(rows, journal)) if journal else None,
        "all_frontier_estimate_usd": money(at_one_price(rows, terms, "frontier", prices)),
        "all_cheap_estimate_usd": money(at_one_price(rows, terms, "cheap", prices)),
        "calls": cost.calls,
        "input_tokens": cost.input_tokens,
        "cached_input_tokens": cost.cached_input_tokens,
        "output_tokens": cost.output_tokens,
        "budget_usd": money(terms.budget_usd) if terms else None,
    }


def retry_tax(rows: Iterable[LedgerRow], journal: Journal) -> Decimal:
    """What was paid for attempts whose output was thrown away, and for plans that did not hold."""
    tax = Decimal(0)
    plans = last_number(journal, "plan/")
    for row in rows:
        if row.stage == "plan" and row.attempt < plans:
            tax += row.cost_usd
        elif row.stage == "execute":
            decision = journal.get(places.decision(row.step, row.attempt), Decision)
            if decision is not None and decision.action is not Action.ACCEPT:
                tax += row.cost_usd
    return tax


def at_one_price(rows: Iterable[LedgerRow], terms: Terms | None, role: str, prices: PriceList | None) -> Decimal | None:
    """The same tokens, every call at `role`'s price; None where a price or a usage is unknown."""
    if terms is None or prices is None:
        return None
    total = Decimal(0)
    for row in rows:
        if row.state is CallState.FREE:
            continue
        cost = reprice(row, terms.models[role], prices)
        if cost is None:
            return None
        total += cost
    return total


def reprice(row: LedgerRow, model: ModelRef, prices: PriceList) -> Decimal | None:
    if row.usage is None:
        return None
    plain = Usage(
        input_tokens=row.usage.input_tokens, output_tokens=row.usage.output_tokens,
        cached_input_tokens=row.usage.cached_input_tokens,
    )  # fmt: skip
    return prices.cost_usd(model, plain, datetime.fromisoformat(row.at))


def predicted_minutes(candidate: Candidate | None, terms: Terms | None) -> str | None:
    """Minutes a person needs for the patch: a start, and so many per 100 changed lines."""
    if candidate is None or terms is None:
        return None
    minutes = MINUTES_TO_START + terms.minutes_per_100_lines * candidate.patch.lines / 100
    return str(minutes.quantize(Decimal("0.1")))


def timing_json(rows: Iterable[LedgerRow], events: Iterable[Event]) -> Json:
    """Seconds of work and of models; what was not measured is null."""
    spans: list[float] = []
    begun: datetime | None = None
    for event in events:
        at = datetime.fromisoformat(event.at)
        if event.event == "run.working":
            begun = at
        elif event.event == "run.waiting" and begun is not None:
            spans.append((at - begun).total_seconds())
            begun = None
    return {
        "total_s": round(sum(spans), 3) if spans else None, "model_s": seconds(rows), "sandbox_s": None,
        "waiting_s": None, "overhead_s": None,
    }  # fmt: skip


def seconds(rows: Iterable[LedgerRow]) -> float | None:
    known = [row.latency_s for row in rows if row.latency_s is not None]
    return round(sum(known), 3) if known else None


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def moneys(table: dict[str, Decimal]) -> Json:
    return {key: money(amount) for key, amount in sorted(table.items())}
