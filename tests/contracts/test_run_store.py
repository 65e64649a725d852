"""What every RunStore promises, for each of them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.adapters.store_sqlite import SqliteStore
from coderoute.domain.conversation import Usage
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import Approval, Event, RunRecord, Status
from coderoute.ports import RunStore
from coderoute.sinks import RedactingStore

STORES: dict[str, Callable[[Path], AbstractContextManager[RunStore]]] = {
    "in memory": lambda _: nullcontext(InMemoryStore()),
    "sqlite": lambda folder: SqliteStore(folder / "state"),
    "redacting": lambda _: nullcontext(RedactingStore(InMemoryStore(), lambda text: text)),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    with STORES[request.param](tmp_path) as store:
        yield store


RUN = RunRecord(
    id="r1",
    created_at="2026-11-22T10:00:00+00:00",
    repository="/repos/größe \udcff",
    status=Status.RUNNING,
    reason=None,
    problem=None,
    remedy=None,
    questions=(),
    title="Divide by zero\nin \N{SNOWMAN}",
)

CALL = LedgerRow(
    id=0,
    run_id="r1",
    at="2026-11-22T10:00:01+00:00",
    provider="openai",
    model="gpt-x",
    role="cheap",
    stage="execute",
    step="step-1",
    attempt=1,
    state=CallState.OPEN,
    reserved_usd=Decimal("0.10"),
    cost_usd=Decimal(0),
)

APPROVAL = Approval(
    run_id="r1",
    repository_id="repo",
    target="refs/heads/main",
    base_commit="b",
    base_tree="bt",
    tree="t",
    patch_sha256="p",
    plan_sha256="pl",
    evidence_sha256="e",
    version="0.1.0",
    acknowledged=("protected_path:setup.py", "test_weakened:tests/a.py:3"),
    by="ann",
    claimed_as=None,
    note="fine",
    channel="command",
    at="2026-11-22T10:00:00+00:00",
    expires_at="2026-11-23T10:00:00+00:00",
    nonce="n",
    signature="s",
)


def opened(store: RunStore, row: LedgerRow = CALL, *, budget_usd: Decimal | None = None) -> int:
    row_id = store.open_call(row, budget_usd=budget_usd)
    assert row_id is not None
    return row_id


def settle(store: RunStore, row_id: int, cost_usd: str, record: tuple[str, str, str] | None = None) -> None:
    store.settle_call(
        row_id,
        state=CallState.SETTLED,
        cost_usd=Decimal(cost_usd),
        usage=Usage(input_tokens=10, output_tokens=2, cached_input_tokens=4),
        latency_s=1.5,
        problem=None,
        record=record,
    )


class TestRuns:
    def test_a_run_comes_back_as_it_was_made(self, store: RunStore) -> None:
        store.create(RUN)
        assert store.get("r1") == RUN

    def test_an_unknown_run_is_none(self, store: RunStore) -> None:
        assert store.get("r1") is None

    def test_a_run_is_made_once(self, store: RunStore) -> None:
        store.create(RUN)
        with pytest.raises(ValueError, match="r1 exists already"):
            store.create(replace(RUN, title="another"))
        assert store.get("r1") == RUN

    def test_runs_are_listed_newest_first_and_of_one_instant_the_last_made_first(self, store: RunStore) -> None:
        for run_id, created_at in (("b", "2026-11-22"), ("c", "2026-11-23"), ("a", "2026-11-22"), ("d", "2026-11-21")):
            store.create(replace(RUN, id=run_id, created_at=created_at))
        assert [run.id for run in store.runs()] == ["c", "a", "b", "d"]

    def test_a_new_status_brings_its_own_explanation(self, store: RunStore) -> None:
        store.create(RUN)
        store.set_status(
            "r1", Status.BLOCKED, reason="question", problem="Which one?", remedy="answer", questions=["Which one?"]
        )
        assert store.get("r1") == replace(
            RUN,
            status=Status.BLOCKED,
            reason="question",
            problem="Which one?",
            remedy="answer",
            questions=("Which one?",),
        )

    def test_the_explanation_of_the_status_before_is_gone_and_the_title_stays(self, store: RunStore) -> None:
        store.create(RUN)
        store.set_status("r1", Status.BLOCKED, reason="question", problem="?", remedy="!", questions=("a", "b"))
        store.set_status("r1", Status.RUNNING)
        assert store.get("r1") == RUN

    def test_a_title_may_be_given_later(self, store: RunStore) -> None:
        store.create(RUN)
        store.set_status("r1", Status.RUNNING, title="Better")
        assert store.get("r1") == replace(RUN, title="Better")

    def test_an_unknown_run_has_no_status_to_set(self, store: RunStore) -> None:
        with pytest.raises(ValueError, match="no run r1"):
            store.set_status("r1", Status.RUNNING)


class TestRecords:
    def test_a_record_comes_back_as_it_was_put(self, store: RunStore) -> None:
        store.put_record("r1", "plan/1", "Plan", '{"a": "ü"}')
        assert store.record("r1", "plan/1") == '{"a": "ü"}'

    def test_nothing_recorded_is_none(self, store: RunStore) -> None:
        store.put_record("r2", "plan/1", "Plan", "1")
        assert store.record("r1", "plan/1") is None

    def test_a_record_is_never_overwritten(self, store: RunStore) -> None:
        store.put_record("r1", "plan/1", "Plan", "1")
        with pytest.raises(ValueError, match="r1 has a record 'plan/1' already"):
            store.put_record("r1", "plan/1", "Plan", "2")
        assert store.record("r1", "plan/1") == "1"

    def test_two_runs_have_each_their_own_records(self, store: RunStore) -> None:
        store.put_record("r1", "plan/1", "Plan", "1")
        store.put_record("r2", "plan/1", "Plan", "2")
        assert store.records("r2") == (("plan/1", "2"),)

    def test_records_come_in_the_order_they_were_made(self, store: RunStore) -> None:
        for key in ("z", "a", "m"):
            store.put_record("r1", key, "str", key)
        assert store.records("r1") == (("z", "z"), ("a", "a"), ("m", "m"))

    @pytest.mark.parametrize(
        ("prefix", "keys"),
        [
            ("execute/", ["execute/step_1", "execute/stepX1", "execute/STEP_1"]),
            ("execute/step_1", ["execute/step_1"]),
            ("execute/%", []),
            ("Execute/", []),
        ],
    )
    def test_a_prefix_is_taken_literally(self, store: RunStore, prefix: str, keys: list[str]) -> None:
        for key in ("execute/step_1", "execute/stepX1", "execute/STEP_1", "plan"):
            store.put_record("r1", key, "str", "1")
        assert [key for key, _ in store.records("r1", prefix)] == keys

    def test_of_many_writers_of_one_key_one_wins(self, store: RunStore) -> None:
        def put(number: int) -> int | None:
            try:
                store.put_record("r1", "plan/1", "int", str(number))
            except ValueError:
                return None
            return number

        with ThreadPoolExecutor(8) as threads:
            winners = [number for number in threads.map(put, range(24)) if number is not None]
        assert [store.record("r1", "plan/1")] == [str(winner) for winner in winners]


class TestCalls:
    def test_an_open_call_counts_with_its_reservation(self, store: RunStore) -> None:
        row_id = opened(store)
        assert store.calls("r1") == (replace(CALL, id=row_id, cost_usd=Decimal("0.10")),)

    def test_a_settled_call_keeps_its_reservation_beside_its_cost(self, store: RunStore) -> None:
        row_id = opened(store)
        settle(store, row_id, "0.0123")
        assert store.calls("r1") == (
            replace(
                CALL,
                id=row_id,
                state=CallState.SETTLED,
                cost_usd=Decimal("0.0123"),
                usage=Usage(input_tokens=10, output_tokens=2, cached_input_tokens=4),
                latency_s=1.5,
            ),
        )

    def test_a_call_without_usage_is_settled_with_its_problem(self, store: RunStore) -> None:
        row_id = opened(store)
        store.settle_call(
            row_id,
            state=CallState.ESTIMATED,
            cost_usd=Decimal("0.1"),
            usage=None,
            latency_s=None,
            problem="cut off \ud800",
        )
        (row,) = store.calls()
        assert (row.state, row.usage, row.latency_s, row.problem) == (CallState.ESTIMATED, None, None, "cut off \ud800")

    def test_calls_come_in_the_order_they_were_opened_of_one_run_or_of_all(self, store: RunStore) -> None:
        first, second, third = opened(store), opened(store, replace(CALL, run_id="r2")), opened(store)
        assert [row.id for row in store.calls("r1")] == [first, third]
        assert [row.id for row in store.calls()] == [first, second, third]

    @pytest.mark.parametrize(
        ("budget", "fits"), [("0.2499", False), ("0.25", True), ("1", True), ("0", False), (None, True)]
    )
    def test_a_call_is_opened_only_if_costs_and_reservations_stay_within_the_budget(
        self, store: RunStore, budget: str | None, fits: bool
    ) -> None:
        settle(store, opened(store, replace(CALL, reserved_usd=Decimal(1))), "0.05")
        opened(store)
        opened(store, replace(CALL, run_id="r2", reserved_usd=Decimal(99)))
        row_id = store.open_call(CALL, budget_usd=None if budget is None else Decimal(budget))
        assert (row_id is not None) is fits
        assert len(store.calls("r1")) == (3 if fits else 2)

    def test_a_call_that_turned_out_free_leaves_its_budget_to_others(self, store: RunStore) -> None:
        row_id = opened(store, budget_usd=Decimal("0.10"))
        assert store.open_call(CALL, budget_usd=Decimal("0.10")) is None
        store.settle_call(
            row_id, state=CallState.FREE, cost_usd=Decimal(0), usage=None, latency_s=0.1, problem="HTTP 429"
        )
        opened(store, budget_usd=Decimal("0.10"))

    def test_a_settlement_brings_its_record_along(self, store: RunStore) -> None:
        settle(store, opened(store), "0.01", ("execute/1/turn-1", "ModelReply", "{}"))
        assert store.records("r1") == (("execute/1/turn-1", "{}"),)

    def test_a_settlement_whose_record_exists_changes_nothing(self, store: RunStore) -> None:
        store.put_record("r1", "turn-1", "ModelReply", "1")
        row_id = opened(store)
        with pytest.raises(ValueError, match="r1 has a record 'turn-1' already"):
            settle(store, row_id, "0.01", ("turn-1", "ModelReply", "2"))
        assert [row.state for row in store.calls()] == [CallState.OPEN]
        assert store.record("r1", "turn-1") == "1"

    def test_a_call_is_settled_once(self, store: RunStore) -> None:
        row_id = opened(store)
        settle(store, row_id, "0.01")
        with pytest.raises(ValueError, match=f"row {row_id} is not open"):
            settle(store, row_id, "0")
        assert [row.cost_usd for row in store.calls()] == [Decimal("0.01")]

    def test_a_call_that_was_never_opened_is_not_settled(self, store: RunStore) -> None:
        with pytest.raises(ValueError, match="row 7 is not open"):
            settle(store, 7, "0.01", ("turn-1", "ModelReply", "1"))
        assert store.records("r1") == ()

    def test_many_threads_together_stay_within_the_budget(self, store: RunStore) -> None:
        with ThreadPoolExecutor(8) as threads:
            ids = list(threads.map(lambda _: store.open_call(CALL, budget_usd=Decimal("1.05")), range(40)))
        assert len([row_id for row_id in ids if row_id is not None]) == 10
        assert len(store.calls("r1")) == 10

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False))
    def test_money_comes_back_to_the_last_digit(self, store: RunStore, cost: Decimal) -> None:
        row_id = opened(store, replace(CALL, reserved_usd=cost))
        settle(store, row_id, str(cost))
        row = next(row for row in store.calls() if row.id == row_id)
        assert (str(row.reserved_usd), str(row.cost_usd)) == (str(cost), str(cost))


class TestEventsAndApprovals:
    def test_events_come_in_the_order_they_happened(self, store: RunStore) -> None:
        for name in ("b", "a"):
            store.add_event(Event(at="2026-11-22", run_id="r1", event=name, data={"steps": [1, None], "of": {"x": 2}}))
        store.add_event(Event(at="2026-11-22", run_id="r2", event="c", data={}))
        assert [event.event for event in store.events("r1")] == ["b", "a"]
        assert store.events("r1")[0].data == {"steps": [1, None], "of": {"x": 2}}

    def test_what_is_no_json_is_no_event(self, store: RunStore) -> None:
        with pytest.raises(TypeError):
            store.add_event(Event(at="2026-11-22", run_id="r1", event="x", data={"cost": Decimal(1)}))
        assert store.events("r1") == ()

    def test_an_approval_comes_back_as_it_was_given(self, store: RunStore) -> None:
        store.put_approval(APPROVAL)
        assert store.approvals("r1") == (APPROVAL,)

    def test_approvals_come_oldest_first_and_by_run(self, store: RunStore) -> None:
        for note, run_id in (("z", "r1"), ("other", "r2"), ("a", "r1")):
            store.put_approval(replace(APPROVAL, note=note, run_id=run_id))
        assert [approval.note for approval in store.approvals("r1")] == ["z", "a"]


class TestOutcomes:
    def test_outcomes_of_all_runs_come_in_the_order_they_were_added(self, store: RunStore) -> None:
        for run_id, place in (("r2", "attempt/b/1"), ("r1", "attempt/a/1"), ("r1", "review/1")):
            store.add_outcome(run_id, place, f'"{run_id} größe"')
        assert store.outcomes(10) == (
            ("attempt/b/1", '"r2 größe"'), ("attempt/a/1", '"r1 größe"'), ("review/1", '"r1 größe"'),
        )  # fmt: skip

    def test_the_first_value_of_a_place_in_a_run_stays(self, store: RunStore) -> None:
        store.add_outcome("r1", "attempt/a/1", "1")
        store.add_outcome("r2", "attempt/a/1", "2")
        store.add_outcome("r1", "attempt/a/1", "3")
        assert store.outcomes(10) == (("attempt/a/1", "1"), ("attempt/a/1", "2"))

    def test_of_too_many_the_newest_come(self, store: RunStore) -> None:
        for number in range(5):
            store.add_outcome("r1", f"attempt/a/{number}", str(number))
        assert [value for _, value in store.outcomes(2)] == ["3", "4"]
        assert store.outcomes(0) == ()

    def test_what_comes_again_keeps_its_age(self, store: RunStore) -> None:
        for place in ("a", "b", "a"):
            store.add_outcome("r1", place, "1")
        assert [place for place, _ in store.outcomes(1)] == ["b"]


class TestProblems:
    def test_what_was_only_written_through_the_port_is_sound(self, store: RunStore) -> None:
        store.create(RUN)
        store.put_record("r1", "k", "str", '"v"')
        store.add_event(Event(at="now", run_id="r1", event="e", data={"a": [1, None]}))
        store.put_approval(APPROVAL)
        first, second = (store.open_call(CALL, budget_usd=None) for _ in range(2))
        assert first is not None
        assert second is not None
        store.settle_call(first, state=CallState.FREE, cost_usd=Decimal(0), usage=None, latency_s=None, problem="no")
        store.purge("r1")
        store.create(RUN)
        assert store.problems() == ()


class TestLocks:
    def test_a_lock_has_one_holder(self, store: RunStore) -> None:
        with store.lock("run:r1") as first, store.lock("run:r1") as second:
            assert (first, second) == (True, False)

    def test_a_loser_leaves_the_lock_to_its_holder(self, store: RunStore) -> None:
        with store.lock("run:r1"):
            with store.lock("run:r1"):
                pass
            with store.lock("run:r1") as held:
                assert not held

    def test_a_lock_is_free_again_after_its_block_however_that_ended(self, store: RunStore) -> None:
        with pytest.raises(KeyboardInterrupt), store.lock("run:r1"):
            raise KeyboardInterrupt
        with store.lock("run:r1") as held:
            assert held

    def test_locks_of_different_names_do_not_meet(self, store: RunStore) -> None:
        long = "merge:" + "x" * 300
        names = ("a/b", "a b", "a:b", "", long, long + "/refs/heads/größe")
        with store.lock("a-b"):
            for name in names:
                with store.lock(name) as held:
                    assert held, name

    def test_another_thread_does_not_get_a_held_lock(self, store: RunStore) -> None:
        answers: list[bool] = []

        def try_it() -> None:
            with store.lock("run:r1") as held:
                answers.append(held)

        with store.lock("run:r1"):
            thread = threading.Thread(target=try_it)
            thread.start()
            thread.join()
        assert answers == [False]


class TestFacts:
    def test_a_fact_is_remembered(self, store: RunStore) -> None:
        store.remember("consent:abc", "yes")
        assert store.recall("consent:abc") == "yes"

    def test_an_unknown_fact_is_none(self, store: RunStore) -> None:
        assert store.recall("consent:abc") is None

    def test_the_last_value_stays(self, store: RunStore) -> None:
        store.remember("k", "1")
        store.remember("k", "2")
        assert store.recall("k") == "2"

    def test_a_forgotten_fact_is_gone(self, store: RunStore) -> None:
        store.remember("k", "1")
        store.remember("l", "2")
        store.forget("k")
        store.forget("never there")
        assert (store.recall("k"), store.recall("l")) == (None, "2")


class TestPurge:
    @pytest.fixture(autouse=True)
    def _two_runs(self, store: RunStore) -> None:
        for run_id in ("r1", "r2"):
            store.create(replace(RUN, id=run_id))
            store.put_record(run_id, "plan/1", "Plan", "1")
            store.add_event(Event(at="2026-11-22", run_id=run_id, event="e", data={}))
            store.put_approval(replace(APPROVAL, run_id=run_id))
            store.add_outcome(run_id, "attempt/a/1", f'"{run_id}"')
            settle(store, opened(store, replace(CALL, run_id=run_id)), "0.25")

    def test_a_purged_run_leaves_nothing_to_read(self, store: RunStore) -> None:
        store.purge("r1")
        assert store.get("r1") is None
        assert (store.records("r1"), store.events("r1"), store.approvals("r1")) == ((), (), ())
        assert [run.id for run in store.runs()] == ["r2"]

    def test_what_it_cost_and_taught_stays(self, store: RunStore) -> None:
        store.purge("r1")
        assert [(row.run_id, row.cost_usd) for row in store.calls()] == [
            ("r1", Decimal("0.25")),
            ("r2", Decimal("0.25")),
        ]
        assert [value for _, value in store.outcomes(9)] == ['"r1"', '"r2"']

    def test_other_runs_are_whole(self, store: RunStore) -> None:
        store.purge("r1")
        assert store.record("r2", "plan/1") == "1"
        assert (len(store.events("r2")), len(store.approvals("r2"))) == (1, 1)

    def test_twice_is_once_and_an_unknown_run_is_nothing(self, store: RunStore) -> None:
        for run_id in ("r1", "r1", "never there"):
            store.purge(run_id)
        assert [run.id for run in store.runs()] == ["r2"]

    def test_a_run_is_purged_while_its_lock_is_held(self, store: RunStore) -> None:
        with store.lock("run-r1") as held:
            store.purge("r1")
        with store.lock("run-r1") as again:
            assert (held, again) == (True, True)
