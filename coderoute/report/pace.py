"""How much a change costs, and a month at the pace of the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from coderoute.domain.cost_model import monthly_usd
from coderoute.domain.money import LedgerRow
from coderoute.report.past import RunFacts
from coderoute.report.plain import Json, money

WINDOW = timedelta(days=30)
MICRODOLLAR = Decimal("0.000001")


def pace_json(rows: Sequence[LedgerRow], runs: Sequence[RunFacts]) -> Json:
    """Dollars for each change that reached the gate, those of runs that did not included; and a month like the newest
    days of the ledger, None where it covers less than a day."""
    resolved = sum(run.resolved for run in runs)
    total = sum((row.cost_usd for row in rows), Decimal(0))
    return {
        "resolved": resolved,
        "usd_per_resolved": money((total / resolved).quantize(MICRODOLLAR)) if resolved else None,
        "usd_per_month": money(month_usd(rows)),
    }


def month_usd(rows: Sequence[LedgerRow]) -> Decimal | None:
    at = [datetime.fromisoformat(row.at) for row in rows]
    if not at:
        return None
    begin = max(min(at), max(at) - WINDOW)
    days = Decimal((max(at) - begin).total_seconds()) / 86_400
    recent = [row for row, when in zip(rows, at, strict=True) if when >= begin]
    tasks = len({row.run_id for row in recent})
    if days < 1:
        return None
    task_usd = sum((row.cost_usd for row in recent), Decimal(0)) / tasks
    return monthly_usd(task_usd, tasks / days).quantize(MICRODOLLAR)
