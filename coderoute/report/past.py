"""What all runs together tell about models, prices and the gate: rows of values for the alarms, read from the store."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain import places
from coderoute.domain.bundle import IMPORTED
from coderoute.domain.economics import AttemptOutcome, ReviewOutcome
from coderoute.domain.judgement import Decision
from coderoute.domain.money import LedgerRow
from coderoute.domain.plan import Class, Plan, Quote, Step
from coderoute.domain.run import RunRecord, Status, UnreadableRun
from coderoute.domain.work import Attempt
from coderoute.errors import CoderouteError
from coderoute.journal import Journal, from_json
from coderoute.ports import RunStore
from coderoute.report.timing import worked_seconds
from coderoute.stages.escalate.decide import says_of_model

NEWEST_OUTCOMES = 5_000
GATE_REACHED = frozenset({Status.AWAITING_APPROVAL, Status.APPROVED, Status.MERGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt by a model that counts for or against it."""

    run_id: str
    step: str
    kind: str
    cls: str
    own_failures: int
    other_failures: int
    accepted: bool
    cost_usd: Decimal
    lines: int | None
    planned_lines: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run. `direct_usd`: what one frontier attempt at each step was quoted at, None where nobody knows."""

    run_id: str
    resolved: bool
    """It reached the gate and was not sent away there."""
    frontier_only: bool
    worked_s: float | None
    total_usd: Decimal
    overhead_usd: Decimal
    """Of everything but execution: triage, locate, plan, review."""
    direct_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    tries: tuple[Try, ...]
    """In the order they were made, run by run."""
    runs: tuple[RunFacts, ...]
    outcomes: tuple[AttemptOutcome, ...]
    reviews: tuple[ReviewOutcome, ...]
    calls: tuple[LedgerRow, ...]


def past_of(store: RunStore) -> Past:
    """Everything the store still knows, oldest run first. A run that this version cannot read is left out."""
    calls = store.calls()
    by_run: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in calls:
        by_run[row.run_id].append(row)
    tries: list[Try] = []
    runs: list[RunFacts] = []
    for run in reversed(store.runs()):
        if isinstance(run, UnreadableRun) or store.record(run.id, IMPORTED) is not None:
            continue  # the latter was made elsewhere, and there is only its bundle's word for it
        rows = by_run[run.id]
        try:
            made = tries_of(Journal(store, run.id), rows, run.id)
            facts = facts_of(store, run, rows, made)
        except CoderouteError:
            continue
        tries += made
        runs.append(facts)
    attempts, reviews = outcomes_of(store)
    return Past(tries=tuple(tries), runs=tuple(runs), outcomes=attempts, reviews=reviews, calls=calls)


def outcomes_of(store: RunStore) -> tuple[tuple[AttemptOutcome, ...], tuple[ReviewOutcome, ...]]:
    """Those this version can read, oldest first."""
    attempts: list[AttemptOutcome] = []
    reviews: list[ReviewOutcome] = []
    for place, value in store.outcomes(NEWEST_OUTCOMES):
        with suppress(ValueError):
            if place.startswith("review/"):
                reviews.append(from_json(ReviewOutcome, value))
            else:
                attempts.append(from_json(AttemptOutcome, value))
    return tuple(attempts), tuple(reviews)


def tries_of(journal: Journal, rows: Sequence[LedgerRow], run_id: str) -> list[Try]:
    """A run's attempts by models, with what had failed before each."""
    steps = steps_by_id(journal)
    failures: dict[tuple[str, str], int] = {}
    found: list[Try] = []
    for key in journal.keys("attempt/"):
        _, step_id, number = key.split("/")
        attempt = journal.get(key, Attempt)
        decision = journal.get(places.decision(step_id, int(number)), Decision)
        if attempt is None or decision is None or attempt.cls == Class.CODE:
            continue
        accepted = says_of_model(decision)
        if accepted is None:
            continue
        other = Class.FRONTIER if attempt.cls == Class.CHEAP else Class.CHEAP
        size = journal.get(places.size(step_id, int(number)), tuple[int, int])
        step = steps.get(step_id)
        bill = [row for row in rows if (row.stage, row.step, row.attempt) == ("execute", step_id, int(number))]
        found.append(
            Try(
                run_id=run_id, step=step_id, kind=step.kind.value if step else "edit.cross", cls=attempt.cls,
                own_failures=failures.get((step_id, attempt.cls), 0), other_failures=failures.get((step_id, other), 0),
                accepted=accepted, cost_usd=sum((row.cost_usd for row in bill), Decimal(0)),
                lines=size[0] if size else None, planned_lines=step.diff_lines if step else None,
            )
        )  # fmt: skip
        if not accepted:
            failures[step_id, attempt.cls] = failures.get((step_id, attempt.cls), 0) + 1
    return found


def steps_by_id(journal: Journal) -> dict[str, Step]:
    """Of all plans, a newer plan's step in the place of an older one's."""
    plans = [journal.get(key, Plan) for key in journal.keys("plan/")]
    return {step.id: step for plan in plans if plan for step in plan.steps}


def facts_of(store: RunStore, run: RunRecord, rows: Sequence[LedgerRow], tries: Sequence[Try]) -> RunFacts:
    quoted = Journal(store, run.id).get(places.quote(1), Quote)
    return RunFacts(
        run_id=run.id,
        resolved=run.status in GATE_REACHED,
        frontier_only=bool(tries) and all(t.cls == Class.FRONTIER for t in tries),
        worked_s=worked_seconds(store.events(run.id)),
        total_usd=sum((row.cost_usd for row in rows), Decimal(0)),
        overhead_usd=sum((row.cost_usd for row in rows if row.stage != "execute"), Decimal(0)),
        direct_usd=direct_usd(quoted),
    )


def direct_usd(quoted: Quote | None) -> Decimal | None:
    if quoted is None or quoted.all_frontier_usd is None:
        return None
    return quoted.all_frontier_usd - (quoted.steps.get("review") or Decimal(0))
