"""Nothing that is kept, and nothing that is sent to a model, has a key in it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.conversation import (
    CallTags,
    Exchange,
    ModelRef,
    ModelReply,
    ModelRequest,
    Stop,
    ToolResult,
    Usage,
)
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import Event, RunRecord, Status
from coderoute.keys import Keys
from coderoute.sinks import RedactingProvider, RedactingStore

KEY = "sk-ant-canary-4711-Qm9yZUtleQ"
KEYS = Keys({"ANTHROPIC_API_KEY": KEY})
MARK = "[redacted: ANTHROPIC_API_KEY]"
RUN = RunRecord(
    id="r1", created_at="2026-03-01", repository="/r", status=Status.RUNNING, reason=None, problem=None, remedy=None,
    questions=(), title="t",
)  # fmt: skip
CALL = LedgerRow(
    id=0, run_id="r1", at="now", provider="p", model="m", role="cheap", stage="execute", step="s", attempt=1,
    state=CallState.OPEN, reserved_usd=Decimal(1), cost_usd=Decimal(1),
)  # fmt: skip


def settled(store: RedactingStore) -> None:
    row_id = store.open_call(CALL, budget_usd=None)
    assert row_id is not None
    store.settle_call(
        row_id, state=CallState.ESTIMATED, cost_usd=Decimal(1), usage=None, latency_s=None,
        problem=f"the provider said {KEY}", record=("turn/1", "ModelReply", f'{{"text": "{KEY}"}}'),
    )  # fmt: skip


WRITES: dict[str, Callable[[RedactingStore], None]] = {
    "a new run": lambda s: s.create(replace(RUN, id="r2", title=KEY, problem=KEY, remedy=KEY, questions=(KEY,))),
    "a status": lambda s: s.set_status("r1", Status.BLOCKED, problem=KEY, remedy=KEY, questions=(KEY, "b"), title=KEY),
    "a record": lambda s: s.put_record("r1", "plan/1", "Plan", f'{{"summary": "{KEY}"}}'),
    "a settled call": settled,
    "an event": lambda s: s.add_event(Event(at="now", run_id="r1", event="bug", data={"a": [{"b": f"x{KEY}"}, 1]})),
    "an outcome": lambda s: s.add_outcome("r1", "attempt/1", f'"{KEY}"'),
    "a fact": lambda s: s.remember("baseline/1", f'"{KEY}"'),
}


@pytest.mark.parametrize("what", WRITES)
def test_nothing_that_is_written_has_a_key(what: str) -> None:
    plain = InMemoryStore()
    plain.create(RUN)

    WRITES[what](RedactingStore(plain, KEYS.redacted))

    kept = repr(vars(plain))
    assert KEY not in kept
    assert MARK in kept


def test_what_is_no_text_stays_as_it_is() -> None:
    plain = InMemoryStore()
    data: dict[str, object] = {"steps": [1, None, True, 2.5], "of": {"x": {"y": "z"}}}
    RedactingStore(plain, KEYS.redacted).add_event(Event(at="now", run_id="r1", event="e", data=data))
    assert plain.events("r1")[0].data == data


class Listening:
    """A provider that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ModelRequest] = []

    def complete(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request)
        return REPLY


REPLY = ModelReply(
    text="so", tool_calls=(), stop=Stop.END, usage=Usage(input_tokens=1, output_tokens=1), opaque=[{"signature": "abc"}]
)
OTHERS = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"


def request(text: str) -> ModelRequest:
    exchange = Exchange(reply=REPLY, results=(ToolResult(call_id="1", text=f"$ env\n{text}"),), remark=f"remark {text}")
    return ModelRequest(
        model=ModelRef(provider="p", model="m"), system=f"system {text}", opening=f"opening {text}",
        exchanges=(exchange,), tags=CallTags(run="r1", stage="execute"),
    )  # fmt: skip


@pytest.mark.parametrize("secret", [KEY, KEY.encode().hex(), OTHERS], ids=["ours", "ours as hex", "anybody's"])
def test_no_model_is_sent_a_key(secret: str) -> None:
    model = Listening()

    reply = RedactingProvider(model, KEYS.redacted).complete(request(secret))

    assert reply is REPLY
    (asked,) = model.asked
    assert secret not in repr(asked)
    assert repr(asked).count("[redacted: ") == 4


def test_what_has_no_key_is_sent_as_it_is() -> None:
    model = Listening()
    RedactingProvider(model, KEYS.redacted).complete(request("nothing"))
    assert model.asked == [request("nothing")]
