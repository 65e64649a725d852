"""Where routing goes wrong: each alarm with the number behind it, its limit, and what to do. Pure.

To add one: write `(Past) -> Iterable[Alarm]`, put it in RULES, and add its rows to tests/report/test_alarms.py.
The limits are the routing design's start values (section 4); too little data is `unknown`, never zero.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import fmean, median

from coderoute.domain.cost_model import GATE_USD, least_acceptance, retry_pays_from
from coderoute.domain.economics import AttemptOutcome, false_accept, rise
from coderoute.domain.money import LedgerRow
from coderoute.domain.plan import Class
from coderoute.report.past import Past, Try
from coderoute.report.plain import Json

QUIET, FIRING, UNKNOWN = "quiet", "firing", "unknown"

Z_80 = 1.2816
"""Of an interval that holds the true rate four times in five."""
MIN_FIRST_TRIES = 10
MIN_PRICED = 3
MIN_RETRIES = 30
MIN_ESCALATED = 3
LATE_SHARE = 0.5
"""Of a frontier attempt, spent on cheap ones before it."""
LATE_TRIES = 2
SHADOW_MARGIN = 0.15
MIN_SHADOW = 5
SMALL_USD = Decimal("0.20")
MIN_SMALL_RUNS = 3
MOST_OVERHEAD = 0.40
MOST_FALSE_ACCEPT = 0.10
MIN_JUDGED = 10
LEAST_CACHED = 0.60
MIN_LATER_CALLS = 20
CREEP = 2.0
MIN_SIZED = 5
MIN_TIMED = 5
SLOW = 2.0
DRIFT_SLACK = 0.1
"""Per attempt; a shift of twice this is found soonest."""
DRIFT_LIMIT = 4.0
"""Of the sum of deviations: about one false alarm in 450 attempts."""
MIN_BEFORE_DRIFT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """`value` against `limit`; None where `seen` observations are fewer than `needed`."""

    name: str
    about: str
    """A kind of step or a model, empty where it is about everything."""
    value: float | None
    limit: float | None
    fires: bool
    seen: int
    needed: int
    says: str
    remedy: str

    @property
    def state(self) -> str:
        return UNKNOWN if self.value is None else FIRING if self.fires else QUIET


def alarms(known: Past) -> tuple[Alarm, ...]:
    """All of them, those that fire first."""
    found = [alarm for name, rule in RULES.items() for alarm in told(name, rule, known)]
    order = (FIRING, QUIET, UNKNOWN)
    return tuple(sorted(found, key=lambda alarm: order.index(alarm.state)))


def told(name: str, rule: "Rule", known: Past) -> tuple[Alarm, ...]:
    """What the rule says; a rule with nothing to look at is unknown."""
    return tuple(rule(known)) or (unknown(name, seen=0, needed=1, what="kinds of steps it is about"),)


def unknown(name: str, *, seen: int, needed: int, what: str, about: str = "") -> Alarm:
    return Alarm(
        name=name, about=about, value=None, limit=None, fires=False, seen=seen, needed=needed,
        says=f"too little is known: {seen} of {needed} {what}", remedy="",
    )  # fmt: skip


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 80 % interval of a rate."""
    rate, zz = hits / trials, Z_80 * Z_80
    centre = rate + zz / (2 * trials)
    half = Z_80 * sqrt(rate * (1 - rate) / trials + zz / (4 * trials * trials))
    return (centre - half) / (1 + zz / trials), (centre + half) / (1 + zz / trials)


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def first_usd(tries: Iterable[Try], cls: str) -> Decimal | None:
    """What a first attempt of the class costs, later ones brought down to it; None where too few were billed."""
    known = [t.cost_usd / rise(t.own_failures, t.other_failures) for t in tries if t.cls == cls and t.cost_usd > 0]
    return sum(known, Decimal(0)) / len(known) if len(known) >= MIN_PRICED else None


def least_for(tries: Sequence[Try], kind: str) -> float | None:
    """The acceptance from which starting cheap pays at this kind, by what attempts really cost; None: nobody knows."""
    here = [t for t in tries if t.kind == kind]
    cheap = first_usd(here, Class.CHEAP) or first_usd(tries, Class.CHEAP)
    frontier = first_usd(here, Class.FRONTIER) or first_usd(tries, Class.FRONTIER)
    if not cheap or not frontier:
        return None
    return float(least_acceptance(frontier / cheap, gate_share=GATE_USD / frontier))


def first_cheap(tries: Iterable[Try], kind: str) -> list[Try]:
    return [t for t in tries if t.kind == kind and t.cls == Class.CHEAP and not (t.own_failures or t.other_failures)]


def over_routed_to_cheap(known: Past) -> Iterable[Alarm]:
    name = "over_routed_to_cheap"
    for kind in sorted({t.kind for t in known.tries if t.cls == Class.CHEAP}):
        firsts, limit = first_cheap(known.tries, kind), least_for(known.tries, kind)
        if len(firsts) < MIN_FIRST_TRIES or limit is None:
            what = "first cheap attempts" if len(firsts) < MIN_FIRST_TRIES else "first cheap attempts; no price ratio"
            yield unknown(name, about=kind, seen=len(firsts), needed=MIN_FIRST_TRIES, what=what)
            continue
        accepted = sum(t.accepted for t in firsts)
        share = accepted / len(firsts)
        yield Alarm(
            name=name, about=kind, value=share, limit=limit, fires=wilson(accepted, len(firsts))[1] < limit,
            seen=len(firsts), needed=MIN_FIRST_TRIES,
            says=f"{percent(share)} of {len(firsts)} first cheap attempts were accepted; starting cheap pays from "
            f"{percent(limit)} on, at what attempts cost here",
            remedy=f'send these steps to the frontier model: routes."{kind}" = "frontier"',
        )  # fmt: skip


def over_routed_to_frontier(known: Past) -> Iterable[Alarm]:
    name = "over_routed_to_frontier"
    for kind in sorted({t.kind for t in known.tries}):
        begun = [t for t in known.tries if t.kind == kind and not (t.own_failures or t.other_failures)]
        cheap = first_cheap(known.tries, kind)
        if len(begun) < MIN_FIRST_TRIES or len(cheap) * 2 > len(begun):
            continue  # the frontier model is not the rule here
        limit = least_for(known.tries, kind)
        if len(cheap) < MIN_SHADOW or limit is None:
            yield unknown(name, about=kind, seen=len(cheap), needed=MIN_SHADOW, what="cheap attempts to compare with")
            continue
        accepted = sum(t.accepted for t in cheap)
        upper = wilson(accepted, len(cheap))[1]
        yield Alarm(
            name=name, about=kind, value=upper, limit=limit + SHADOW_MARGIN, fires=upper > limit + SHADOW_MARGIN,
            seen=len(cheap), needed=MIN_SHADOW,
            says=f"most of these steps begin with the frontier model, yet {accepted} of {len(cheap)} cheap attempts "
            f"were accepted; starting cheap pays from {percent(limit)} on",
            remedy=f'let the cheap model begin: routes."{kind}" = "cheap"',
        )  # fmt: skip


def retry_yield(known: Past) -> Iterable[Alarm]:
    retries = [t for t in known.tries if t.cls == Class.CHEAP and t.own_failures][-MIN_RETRIES:]
    cheap, frontier = first_usd(known.tries, Class.CHEAP), first_usd(known.tries, Class.FRONTIER)
    if len(retries) < MIN_RETRIES or not cheap or not frontier:
        yield unknown("retry_yield", seen=len(retries), needed=MIN_RETRIES, what="cheap retries with known prices")
        return
    share = fmean(t.accepted for t in retries)
    limit = float(
        retry_pays_from(retry_usd=cheap * rise(1, 0), gate_usd=GATE_USD, stronger_usd=frontier * rise(0, 1))
    )  # fmt: skip
    yield Alarm(
        name="retry_yield", about="", value=share, limit=limit, fires=share < limit, seen=len(retries),
        needed=MIN_RETRIES,
        says=f"{percent(share)} of the last {len(retries)} cheap retries were accepted; one pays from "
        f"{percent(limit)} on",
        remedy="escalate after the first failure: a cheap model closer in price is not worth a second try",
    )  # fmt: skip


def late_escalation(known: Past) -> Iterable[Alarm]:
    """What was spent on cheap tries before the frontier model solved the step."""
    by_step: dict[tuple[str, str], list[Try]] = defaultdict(list)
    for t in known.tries:
        by_step[t.run_id, t.step].append(t)
    solved = [ts for ts in by_step.values() if ts[0].cls == Class.CHEAP and (ts[-1].cls, ts[-1].accepted) == STRONG]
    frontier = first_usd(known.tries, Class.FRONTIER)
    if len(solved) < MIN_ESCALATED or not frontier:
        yield unknown("late_escalation", seen=len(solved), needed=MIN_ESCALATED, what="steps the frontier model solved")
        return
    before = [[t for t in ts if t.cls == Class.CHEAP] for ts in solved]
    share = fmean(float(sum((t.cost_usd for t in ts), Decimal(0)) / frontier) for ts in before)
    tries = fmean(len(ts) for ts in before)
    yield Alarm(
        name="late_escalation", about="", value=share, limit=LATE_SHARE, seen=len(solved), needed=MIN_ESCALATED,
        fires=share > LATE_SHARE or tries > LATE_TRIES,
        says=f"{len(solved)} steps were solved by the frontier model after {tries:.1f} cheap tries that cost "
        f"{percent(share)} of a frontier attempt",
        remedy="escalate earlier: fewer cheap tries, or begin with the frontier model at these kinds of steps",
    )  # fmt: skip


STRONG = (Class.FRONTIER.value, True)


def tiny_overhead(known: Past) -> Iterable[Alarm]:
    small = [run for run in known.runs if run.direct_usd is not None and run.direct_usd < SMALL_USD and run.total_usd]
    if len(small) < MIN_SMALL_RUNS:
        yield unknown("tiny_overhead", seen=len(small), needed=MIN_SMALL_RUNS, what=f"runs quoted under ${SMALL_USD}")
        return
    share = float(sum(run.overhead_usd for run in small) / sum(run.total_usd for run in small))
    yield Alarm(
        name="tiny_overhead", about="", value=share, limit=MOST_OVERHEAD, fires=share > MOST_OVERHEAD, seen=len(small),
        needed=MIN_SMALL_RUNS,
        says=f"{percent(share)} of the money of {len(small)} small runs went to plan and review",
        remedy="let a cheaper model plan or review (routes.plan, routes.review), or gather small issues into one",
    )  # fmt: skip


def weak_gate(known: Past) -> Iterable[Alarm]:
    wrong = sum(not review.accepted for review in known.reviews) + sum(not o.accepted for o in known.outcomes)
    if wrong < MIN_JUDGED or not known.reviews:
        yield unknown("weak_gate", seen=wrong, needed=MIN_JUDGED, what="changes that were found wrong, before or after")
        return
    share = false_accept(known.outcomes, known.reviews)
    later = sum(not review.accepted for review in known.reviews)
    yield Alarm(
        name="weak_gate", about="", value=share, limit=MOST_FALSE_ACCEPT, fires=share > MOST_FALSE_ACCEPT, seen=wrong,
        needed=MIN_JUDGED,
        says=f"the tests let about {percent(share)} of wrong changes through: reviewers or people rejected {later} "
        "that they had accepted",
        remedy="ask for a reproduction in the issue, set verify.mutation = true, and begin with the frontier model",
    )  # fmt: skip


def cache_loss(known: Past) -> Iterable[Alarm]:
    """Of the tokens sent after the first call of a conversation, how many the provider had kept."""
    talks: dict[tuple[str, str, str, int], list[LedgerRow]] = defaultdict(list)
    for row in known.calls:
        if row.usage is not None:
            talks[row.run_id, row.stage, row.step, row.attempt].append(row)
    later = [row.usage for rows in talks.values() for row in rows[1:] if row.usage is not None]
    sent = sum(usage.input_tokens for usage in later)
    if len(later) < MIN_LATER_CALLS or not sent:
        yield unknown("cache_loss", seen=len(later), needed=MIN_LATER_CALLS, what="later calls of a conversation")
        return
    share = sum(usage.cached_input_tokens for usage in later) / sent
    yield Alarm(
        name="cache_loss", about="", value=share, limit=LEAST_CACHED, fires=share < LEAST_CACHED, seen=len(later),
        needed=MIN_LATER_CALLS,
        says=f"{percent(share)} of the tokens sent in {len(later)} later calls came from the provider's cache",
        remedy="look at by_model: a provider or gateway without prompt caching, or pauses beyond its five minutes",
    )  # fmt: skip


def scope_creep(known: Past) -> Iterable[Alarm]:
    ratios = [t.lines / t.planned_lines for t in known.tries if t.accepted and t.lines is not None and t.planned_lines]
    if len(ratios) < MIN_SIZED:
        yield unknown("scope_creep", seen=len(ratios), needed=MIN_SIZED, what="accepted steps with an estimate")
        return
    middle = median(ratios)
    yield Alarm(
        name="scope_creep", about="", value=middle, limit=CREEP, fires=middle > CREEP, seen=len(ratios),
        needed=MIN_SIZED,
        says=f"half of {len(ratios)} accepted steps changed at least {middle:.1f} times the lines the plan expected",
        remedy="ask for smaller issues; lower limits.diff_lines so that steps that grow are planned anew",
    )  # fmt: skip


def latency(known: Past) -> Iterable[Alarm]:
    timed = [run for run in known.runs if run.resolved and run.worked_s is not None]
    strong = [run.worked_s or 0.0 for run in timed if run.frontier_only]
    routed = [run.worked_s or 0.0 for run in timed if not run.frontier_only]
    fewer = min(len(strong), len(routed))
    if fewer < MIN_TIMED:
        yield unknown("latency", seen=fewer, needed=MIN_TIMED, what="resolved runs with and without cheap attempts")
        return
    ratio = p95(routed) / p95(strong) if p95(strong) else 0.0
    yield Alarm(
        name="latency", about="", value=ratio, limit=SLOW, fires=ratio > SLOW, seen=fewer, needed=MIN_TIMED,
        says=f"the slowest of {len(routed)} routed runs take {ratio:.1f} times as long as frontier-only ones",
        remedy="fewer cheap tries one after the other, or begin with the frontier model where somebody waits",
    )  # fmt: skip


def p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def drift(known: Past) -> Iterable[Alarm]:
    """First attempts since the prompt of a (model, kind) changed, against those before: a sum of deviations."""
    by_key: dict[tuple[str, str], list[AttemptOutcome]] = defaultdict(list)
    for outcome in known.outcomes:
        if not (outcome.own_failures or outcome.other_failures):
            by_key[outcome.model, outcome.kind].append(outcome)
    for (model, kind), rows in sorted(by_key.items()):
        newest = rows[-1].prompt_sha256
        since = next((n for n, row in enumerate(rows) if {r.prompt_sha256 for r in rows[n:]} == {newest}), len(rows))
        since = since or MIN_BEFORE_DRIFT  # never changed: the first ones are what is compared with
        before, after = rows[:since], rows[since:]
        about = f"{model} {kind}"
        if len(before) < MIN_BEFORE_DRIFT or not after:
            yield unknown("drift", about=about, seen=len(rows), needed=MIN_BEFORE_DRIFT + 1, what="first attempts")
            continue
        rate = fmean(row.accepted for row in before)
        value = max(cusum([rate - row.accepted for row in after]), cusum([row.accepted - rate for row in after]))
        yield Alarm(
            name="drift", about=about, value=value, limit=DRIFT_LIMIT, fires=value > DRIFT_LIMIT, seen=len(rows),
            needed=MIN_BEFORE_DRIFT + 1,
            says=f"{percent(fmean(row.accepted for row in after))} of {len(after)} newer first attempts were accepted, "
            f"{percent(rate)} before; the sum of deviations is {value:.1f}",
            remedy="what was learnt of this model before may mislead: look at what changed, model or prompts",
        )  # fmt: skip


def cusum(deviations: Iterable[float]) -> float:
    """The sum as it stands, where it may not fall below zero and each step has some slack."""
    total = 0.0
    for deviation in deviations:
        total = max(0.0, total + deviation - DRIFT_SLACK)
    return total


Rule = Callable[[Past], Iterable[Alarm]]

RULES: dict[str, Rule] = {
    "over_routed_to_cheap": over_routed_to_cheap,
    "over_routed_to_frontier": over_routed_to_frontier,
    "retry_yield": retry_yield,
    "late_escalation": late_escalation,
    "tiny_overhead": tiny_overhead,
    "weak_gate": weak_gate,
    "cache_loss": cache_loss,
    "scope_creep": scope_creep,
    "latency": latency,
    "drift": drift,
}


def alarms_json(found: Iterable[Alarm]) -> list[Json]:
    return [
        {
            "name": alarm.name, "about": alarm.about or None, "state": alarm.state,
            "value": None if alarm.value is None else round(alarm.value, 4),
            "threshold": None if alarm.limit is None else round(alarm.limit, 4), "seen": alarm.seen,
            "needed": alarm.needed, "says": alarm.says, "remedy": alarm.remedy or None,
        }
        for alarm in found
    ]  # fmt: skip
