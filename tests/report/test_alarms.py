"""Each alarm with the number behind it: firing beyond its limit, quiet within it, unknown on too little data."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.conversation import Usage
from coderoute.domain.economics import AttemptOutcome, ReviewOutcome
from coderoute.domain.money import CallState, LedgerRow
from coderoute.report.alarms import RULES, alarms, alarms_json, cusum, wilson
from coderoute.report.past import Past, RunFacts, Try

NOTHING = Past(tries=(), runs=(), outcomes=(), reviews=(), calls=())
CHEAP = Try(
    run_id="r", step="s", kind="edit.local", cls="cheap", own_failures=0, other_failures=0, accepted=True,
    cost_usd=Decimal("0.01"), lines=10, planned_lines=10,
)  # fmt: skip
STRONG = replace(CHEAP, cls="frontier", cost_usd=Decimal("0.20"))
RUN = RunFacts(
    run_id="r", resolved=True, frontier_only=False, worked_s=10.0, total_usd=Decimal("0.10"),
    overhead_usd=Decimal("0.03"), direct_usd=Decimal("0.15"),
)  # fmt: skip
OUTCOME = AttemptOutcome(
    at="2026-11-22T10:00:00+00:00", model="openai:small", prompt_sha256="old", kind="edit.local", own_failures=0,
    other_failures=0, accepted=True, cost_usd=Decimal("0.01"), latency_s=1.0, diff_lines=5,
)  # fmt: skip
REVIEW = ReviewOutcome(at="2026-11-22T10:00:00+00:00", accepted=True)


def tries(accepted: int, rejected: int, one: Try = CHEAP) -> list[Try]:
    return [one] * accepted + [replace(one, accepted=False)] * rejected


def outcomes(accepted: int, rejected: int, one: AttemptOutcome = OUTCOME) -> list[AttemptOutcome]:
    return [one] * accepted + [replace(one, accepted=False)] * rejected


def past(
    tries: Sequence[Try] = (), runs: Sequence[RunFacts] = (), outcomes: Sequence[AttemptOutcome] = (),
    reviews: Sequence[ReviewOutcome] = (), calls: Sequence[LedgerRow] = (),
) -> Past:  # fmt: skip
    return Past(
        tries=tuple(tries), runs=tuple(runs), outcomes=tuple(outcomes), reviews=tuple(reviews), calls=tuple(calls)
    )


def escalated(cheap_tries: int, usd: str) -> list[Try]:
    """Three steps that the frontier model solved after so many cheap tries at this price each."""
    return [
        made
        for step in "abc"
        for made in (
            *[replace(CHEAP, step=step, accepted=False, cost_usd=Decimal(usd))] * cheap_tries,
            replace(STRONG, step=step, other_failures=cheap_tries, cost_usd=Decimal("0.272")),
        )
    ]


def talk(cached: int, calls: int = 21) -> list[LedgerRow]:
    """One conversation; of the 1000 tokens of each call so many were cached."""
    return [
        LedgerRow(
            id=n, run_id="r", at="2026-11-22T10:00:00+00:00", provider="openai", model="small", role="cheap",
            stage="execute", step="s", attempt=1, state=CallState.SETTLED, reserved_usd=Decimal(1),
            cost_usd=Decimal("0.01"),
            usage=Usage(input_tokens=1000, output_tokens=10, cached_input_tokens=cached if n else 0),
        )
        for n in range(calls)
    ]  # fmt: skip


RETRY = replace(CHEAP, own_failures=1)
PRICED = [*tries(3, 0), *tries(3, 0, STRONG)]
CASES: list[tuple[str, str, Past, str]] = [
    ("nine cheap tries", "over_routed_to_cheap", past([*tries(0, 9), *PRICED[3:]]), "unknown"),
    ("ten, but no frontier price", "over_routed_to_cheap", past(tries(0, 10)), "unknown"),
    ("one of twenty", "over_routed_to_cheap", past([*tries(1, 19), *PRICED[3:]]), "firing"),
    ("twelve of twenty", "over_routed_to_cheap", past([*tries(12, 8), *PRICED[3:]]), "quiet"),
    ("a third of few is no proof", "over_routed_to_cheap", past([*tries(3, 7), *PRICED[3:]]), "quiet"),
    ("later tries do not count", "over_routed_to_cheap",
     past([*tries(12, 8), *tries(0, 30, RETRY), *PRICED[3:]]), "quiet"),
    ("mostly cheap", "over_routed_to_frontier", past([*tries(10, 10), *PRICED[3:]]), "unknown"),
    ("nobody tried cheap", "over_routed_to_frontier", past(tries(20, 0, STRONG)), "unknown"),
    ("cheap would do", "over_routed_to_frontier", past([*tries(5, 0), *tries(20, 0, STRONG)]), "firing"),
    ("cheap would not do", "over_routed_to_frontier", past([*tries(0, 9), *tries(20, 0, STRONG)]), "quiet"),
    ("few retries", "retry_yield", past([*PRICED, *tries(0, 29, RETRY)]), "unknown"),
    ("retries without yield", "retry_yield", past([*PRICED, *tries(1, 29, RETRY)]), "firing"),
    ("retries that pay", "retry_yield", past([*PRICED, *tries(6, 24, RETRY)]), "quiet"),
    ("only the newest retries", "retry_yield", past([*PRICED, *tries(0, 40, RETRY), *tries(15, 15, RETRY)]), "quiet"),
    ("two steps", "late_escalation", past(escalated(1, "0.01")[:4]), "unknown"),
    ("early", "late_escalation", past(escalated(1, "0.01")), "quiet"),
    ("half a frontier attempt", "late_escalation", past(escalated(1, "0.10")), "quiet"),
    ("more than half of one", "late_escalation", past(escalated(1, "0.11")), "firing"),
    ("three cheap tries", "late_escalation", past(escalated(3, "0.001")), "firing"),
    ("two small runs", "tiny_overhead", past(runs=[RUN] * 2), "unknown"),
    ("a third for the plan", "tiny_overhead", past(runs=[RUN] * 3), "quiet"),
    ("half for the plan", "tiny_overhead", past(runs=[replace(RUN, overhead_usd=Decimal("0.05"))] * 3), "firing"),
    ("not small", "tiny_overhead",
     past(runs=[replace(RUN, overhead_usd=Decimal("0.05"), direct_usd=Decimal("0.20"))] * 3), "unknown"),
    ("size unknown", "tiny_overhead", past(runs=[replace(RUN, direct_usd=None)] * 3), "unknown"),
    ("nine wrong", "weak_gate", past(outcomes=outcomes(50, 9), reviews=[REVIEW]), "unknown"),
    ("no review yet", "weak_gate", past(outcomes=outcomes(0, 30)), "unknown"),
    ("all wrong ones caught", "weak_gate", past(outcomes=outcomes(0, 30), reviews=[REVIEW] * 9), "quiet"),
    ("reviewers find what tests did not", "weak_gate",
     past(outcomes=outcomes(0, 10), reviews=[replace(REVIEW, accepted=False)] * 3), "firing"),
    ("short conversations", "cache_loss", past(calls=talk(0, 20)), "unknown"),
    ("nothing cached", "cache_loss", past(calls=talk(0)), "firing"),
    ("well cached", "cache_loss", past(calls=talk(600)), "quiet"),
    ("four steps", "scope_creep", past([replace(CHEAP, lines=90)] * 4), "unknown"),
    ("three times the plan", "scope_creep", past([replace(CHEAP, lines=30)] * 5), "firing"),
    ("twice the plan", "scope_creep", past([replace(CHEAP, lines=20)] * 5), "quiet"),
    ("nobody estimated", "scope_creep", past([replace(CHEAP, planned_lines=None)] * 5), "unknown"),
    ("nothing to compare with", "latency", past(runs=[RUN] * 9), "unknown"),
    ("as fast", "latency", past(runs=[RUN, replace(RUN, frontier_only=True)] * 5), "quiet"),
    ("slow", "latency",
     past(runs=[replace(RUN, worked_s=21.0), replace(RUN, frontier_only=True)] * 5), "firing"),
    ("ten of a kind", "drift", past(outcomes=outcomes(10, 0)), "unknown"),
    ("as before", "drift", past(outcomes=outcomes(10, 0) + outcomes(20, 0, replace(OUTCOME, prompt_sha256="new"))),
     "quiet"),
    ("worse with the new prompt", "drift",
     past(outcomes=outcomes(10, 0) + outcomes(0, 5, replace(OUTCOME, prompt_sha256="new"))), "firing"),
    ("better with it", "drift",
     past(outcomes=outcomes(0, 10) + outcomes(5, 0, replace(OUTCOME, prompt_sha256="new"))), "firing"),
    ("worse without any change of ours", "drift", past(outcomes=outcomes(10, 5)), "firing"),
    ("few trials before the change", "drift",
     past(outcomes=outcomes(9, 0) + outcomes(0, 9, replace(OUTCOME, prompt_sha256="new"))), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "known", "state"), CASES, ids=[f"{c[1]}: {c[0]}" for c in CASES])
def test_an_alarm(what: str, name: str, known: Past, state: str) -> None:
    found = list(RULES[name](known)) or [alarm for alarm in alarms(known) if alarm.name == name]
    assert [alarm.state for alarm in found] == [state], what


def test_there_is_a_case_for_each_state_of_each_alarm() -> None:
    seen = {(c[1], c[3]) for c in CASES}
    assert {(rule, s) for rule in RULES for s in ("firing", "quiet", "unknown")} <= seen


def test_what_fires_tells_its_number_its_limit_and_what_to_do() -> None:
    (alarm,) = RULES["cache_loss"](past(calls=talk(150)))
    assert (alarm.value, alarm.limit, alarm.seen) == (0.15, 0.6, 20)
    assert "15 %" in alarm.says
    assert alarm.remedy


def test_those_that_fire_come_first_and_each_alarm_is_always_named() -> None:
    found = alarms(past([*tries(1, 19), *PRICED[3:]], calls=talk(900)))
    assert [alarm.state for alarm in found][:2] == ["firing", "quiet"]
    assert {alarm.name for alarm in found} == set(RULES)
    assert {alarm.state for alarm in alarms(NOTHING)} == {"unknown"}


def test_too_little_data_is_null_and_never_zero() -> None:
    rows = alarms_json(alarms(NOTHING))
    assert all(row["value"] is None and row["threshold"] is None and row["remedy"] is None for row in rows)
    assert all("too little is known" in str(row["says"]) for row in rows)


@given(st.integers(0, 40), st.integers(1, 40))
def test_an_interval_holds_its_rate(hits: int, more: int) -> None:
    low, high = wilson(hits, hits + more)
    assert -1e-9 <= low <= hits / (hits + more) + 1e-9
    assert hits / (hits + more) <= high + 1e-9 <= 1 + 2e-9


@pytest.mark.parametrize(
    ("deviations", "total"), [([], 0.0), ([0.6, 0.6], 1.0), ([0.6, -2.0, 0.6], 0.5), ([0.1] * 9, 0.0)]
)
def test_a_sum_of_deviations_forgets_what_was_made_good(deviations: list[float], total: float) -> None:
    assert cusum(deviations) == pytest.approx(total)
