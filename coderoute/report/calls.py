"""The calls a run was made with, wherever that was."""

from coderoute.domain.bundle import IMPORTED_CALLS
from coderoute.domain.bundle_reading import imported_calls
from coderoute.domain.money import LedgerRow
from coderoute.ports import RunStore


def calls_of(store: RunStore, run_id: str) -> tuple[LedgerRow, ...]:
    """Of this installation's ledger; for a run that came as a bundle those that were paid where it was made, which no
    sum over all runs and no budget here has in it."""
    return store.calls(run_id) or imported_calls(store.record(run_id, IMPORTED_CALLS), run_id)
