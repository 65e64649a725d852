"""An approval that was taken back stays so, whatever becomes of the run's status."""

from datetime import UTC, datetime

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.run import Approval, RunRecord, Status
from coderoute.flow.ending import cancel
from coderoute.flow.withdrawing import CANCELLED, REJECTED, SENT_BACK, void, withdraw
from coderoute.journal import Journal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = RunRecord(
    id="r1", created_at=NOW.isoformat(), repository="/r", status=Status.APPROVED, reason=None, problem=None,
    remedy=None, questions=(), title="t",
)  # fmt: skip


def store_with(*nonces: str) -> InMemoryStore:
    store = InMemoryStore()
    store.create(RUN)
    for nonce in nonces:
        give(store, nonce)
    return store


def give(store: InMemoryStore, nonce: str) -> None:
    store.put_approval(
        Approval(
            run_id="r1", repository_id="repo", target=None, base_commit="c", base_tree="b", tree="t", patch_sha256="p",
            plan_sha256="q", evidence_sha256="e", version="1", acknowledged=(), by="ada", claimed_as=None, note=None,
            channel="command", at=NOW.isoformat(), expires_at=NOW.isoformat(), nonce=nonce, signature="s",
        )
    )  # fmt: skip


def test_all_approvals_of_that_moment_are_void_and_no_later_one() -> None:
    store = store_with("a", "b")
    withdraw(store, "r1", SENT_BACK, NOW)
    give(store, "c")
    assert void(Journal(store, "r1")) == {nonce: f"{SENT_BACK} at {NOW.isoformat()}" for nonce in ("a", "b")}


def test_without_an_approval_there_is_nothing_to_take_back() -> None:
    store = store_with()
    withdraw(store, "r1", REJECTED, NOW)
    assert store.records("r1") == ()


def test_it_can_be_done_again_for_a_later_approval() -> None:
    store = store_with("a")
    withdraw(store, "r1", SENT_BACK, NOW)
    give(store, "b")
    withdraw(store, "r1", REJECTED, NOW)
    assert {nonce: why.split(" at ")[0] for nonce, why in void(Journal(store, "r1")).items()} == {
        "a": SENT_BACK, "b": REJECTED,
    }  # fmt: skip


def test_a_cancelled_run_keeps_no_approval_that_a_status_could_revive() -> None:
    store = store_with("a")
    cancel(store, RUN, NOW)
    store.set_status("r1", Status.APPROVED)
    assert void(Journal(store, "r1")) == {"a": f"{CANCELLED} at {NOW.isoformat()}"}
