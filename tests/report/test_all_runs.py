"""All runs together: sums with everything one run has, what a change costs, and the alarms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from coderoute.domain import places
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.reading import GATE, Reading
from coderoute.report import cost_json, cost_of_all
from coderoute.report.pace import month_usd

Story = Any
"""Of conftest.py: a run that is brought from stage to stage."""

AT = datetime(2026, 11, 1, tzinfo=UTC)
ROW = LedgerRow(
    id=1, run_id="r", at=AT.isoformat(), provider="openai", model="small", role="cheap", stage="execute", step="s",
    attempt=1, state=CallState.SETTLED, reserved_usd=Decimal(1), cost_usd=Decimal("0.5"),
)  # fmt: skip


def costs(story: Story) -> dict[str, Any]:
    """Over all runs, priced as in the run's own document."""
    return cost_of_all(story.store, lambda _: story.prices)


def test_over_all_runs_everything_one_run_tells_is_summed(story: Story) -> None:
    story.whole()
    one, everything = story.document()["cost"], costs(story)
    for key in one.keys() - {"budget_usd", "variance", "each_call"}:
        assert everything[key] == one[key], key
    assert everything["retry_tax_usd"] == "0.02"
    assert (everything["runs"], everything["resolved"], everything["budget_usd"]) == (1, 1, None)
    assert Decimal(everything["usd_per_resolved"]) == Decimal(everything["total_usd"])


def test_rows_of_a_run_whose_records_are_gone_count_in_the_sums_only(story: Story) -> None:
    story.whole()
    row = story.store.calls()[0]
    assert story.store.open_call(replace(row, run_id="gone", reserved_usd=Decimal(5)), budget_usd=None)
    one, everything = story.document()["cost"], costs(story)
    assert Decimal(everything["total_usd"]) == Decimal(one["total_usd"]) + 5
    assert (everything["runs"], everything["runs_unreadable"]) == (2, 1)
    assert everything["by_cause"] == one["by_cause"]


def test_a_record_of_another_version_does_not_hide_the_sums(story: Story) -> None:
    story.store.put_record("run-1", places.TERMS, "Terms", '{"of": "another version"}')
    story.call("execute", "fix", cost="0.01")
    everything = costs(story)
    assert (everything["total_usd"], everything["runs_unreadable"]) == ("0.01", 1)


def test_without_any_run_all_is_empty_and_every_alarm_unknown(story: Story) -> None:
    everything = costs(story)
    assert (everything["total_usd"], everything["calls"], everything["runs"]) == ("0", 0, 0)
    assert everything["usd_per_resolved"] is None
    assert {alarm["state"] for alarm in everything["alarms"]} == {"unknown"}


def test_peoples_minutes_are_priced_beside_the_models_and_never_in_the_total(story: Story) -> None:
    story.whole()
    before = story.document()["cost"]
    assert (before["review_min"], before["review_usd"]) == (None, None)
    for number, seconds in ((1, 90.0), (2, 30.0)):
        look = Reading(patch_sha256="f" * 64, seconds=seconds, how=GATE, until=AT.isoformat())
        story.journal.put(places.reading(number), Reading, look)
    after = story.document()["cost"]
    assert (after["review_min"], Decimal(after["review_usd"])) == (2.0, Decimal(3))
    assert after["total_usd"] == before["total_usd"]
    burden = story.document()["review_burden"]
    assert (burden["measured_min"], burden["measured_by"]) == (2.0, ["gate"])
    assert costs(story)["review_min"] == 2.0


def test_the_quote_is_held_against_what_was_spent_after_it(story: Story) -> None:
    story.begin()
    story.plan()
    story.execute()
    assert story.document()["cost"]["variance"] is None, "the work is not done"
    story.come_to_the_gate()
    variance = story.document()["cost"]["variance"]
    assert Decimal(variance["actual_usd"]) == Decimal("0.09"), "four attempts and the review, not the plan"
    assert (variance["likely_usd"], variance["actual_over_likely"]) == ("0.2", 0.45)
    assert variance["within_low_and_high"] is None, "the high price is not known"
    assert variance["steps"]["fix"]["actual_usd"] == "0.03"


def test_a_second_plan_counts_against_the_first_quote(story: Story) -> None:
    story.begin()
    story.plan()
    story.plan(number=2)
    story.come_to_the_gate(reviewed=False)
    assert story.document()["cost"]["variance"]["actual_usd"] == "0.2"


@pytest.mark.parametrize(
    ("what", "days", "usd"),
    [
        ("two runs in an hour are no pace", [0, 0.04], None),
        ("a dollar in ten days is three a month", [0, 10], "3.000000"),
        ("what is older than thirty days is left out", [0, 40, 50], "1.000000"),
    ],
)
def test_a_month_at_the_pace_of_the_newest_days(what: str, days: list[float], usd: str | None) -> None:
    rows = [
        replace(ROW, run_id=f"r{n}", at=(AT + timedelta(days=day)).isoformat()) for n, day in enumerate(days)
    ]  # fmt: skip
    found = month_usd(rows)
    assert (None if found is None else f"{found:f}") == usd, what


def test_without_a_journal_only_the_ledgers_sums_are_known(story: Story) -> None:
    story.begin()
    story.call("execute", "fix", cost="0.01")
    cost = cost_json(story.store.calls(), None, None, None)
    for key in ("by_cause", "code_could_answer", "variance", "routing", "review_usd"):
        assert cost[key] is None, key
    assert all(row["usd"] is None for row in cost["counterfactuals"])  # type: ignore[attr-defined]
