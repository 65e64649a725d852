"""The calls a run was made with, wherever that was."""

from collections.abc import Iterable

from coderoute.domain.bundle import IMPORTED_CALLS
from coderoute.domain.money import LedgerRow
from coderoute.ports import RunStore
from coderoute.report.plain import Json, money


def calls_of(store: RunStore, run_id: str) -> tuple[LedgerRow, ...]:
    """Of this installation's ledger; for a run that came as a bundle those that were paid where it was made, which no
    sum over all runs and no budget here has in it."""
    rows = store.calls(run_id)
    if rows:
        return rows
    from coderoute.domain.bundle_reading import imported_calls

    return imported_calls(store.record(run_id, IMPORTED_CALLS), run_id)


def calls_json(rows: Iterable[LedgerRow]) -> list[Json]:
    """One entry a request, in the order in which they were sent: a bill to compare with a provider's, line by line.

    `state` is settled (the cost is exact), estimated or open (an upper bound: no usage arrived), or free.
    """
    return [
        {
            "at": row.at, "provider": row.provider, "model": row.model, "role": row.role, "stage": row.stage,
            "step": row.step, "attempt": row.attempt, "state": row.state.value, "cost_usd": money(row.cost_usd),
            "input_tokens": row.usage.input_tokens if row.usage else None,
            "cached_input_tokens": row.usage.cached_input_tokens if row.usage else None,
            "cache_write_tokens": row.usage.cache_write_tokens if row.usage else None,
            "output_tokens": row.usage.output_tokens if row.usage else None,
            "reasoning_tokens": row.usage.reasoning_tokens if row.usage else None,
            "latency_s": row.latency_s, "problem": row.problem,
        }
        for row in sorted(rows, key=lambda row: row.id)
    ]  # fmt: skip
