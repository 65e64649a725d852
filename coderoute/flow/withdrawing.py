"""Approvals taken back. The record of it stays in the journal: a status alone brings none of them back to life."""

from datetime import datetime

from coderoute.domain import places
from coderoute.domain.run import Withdrawal
from coderoute.journal import Journal
from coderoute.ports import RunStore
from coderoute.stages import approve as approving

REJECTED = "the run was rejected"
SENT_BACK = "the change was sent back"
CANCELLED = "the run was cancelled"


def withdraw(store: RunStore, run_id: str, why: str, now: datetime) -> None:
    """Every approval the run has is void from here on. To be recorded before the status that goes with it: a crash in
    between leaves a run that has to be approved anew."""
    given = store.approvals(run_id)
    if not given:
        return
    journal = Journal(store, run_id)
    number = len(journal.keys(places.WITHDRAWALS)) + 1
    journal.put(places.withdrawal(number), Withdrawal, approving.withdrawal(given, why=why, now=now))


def void(journal: Journal) -> dict[str, str]:
    """Nonce of each approval that was taken back -> why."""
    found = (journal.get(key, Withdrawal) for key in journal.keys(places.WITHDRAWALS))
    return approving.withdrawn([record for record in found if record is not None])
