"""The ledger against the provider's own account: 300 conversations with faults, all APIs, streamed or not."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from coderoute.adapters.model_anthropic import AnthropicProvider
from coderoute.adapters.model_openai import OpenAIProvider
from coderoute.adapters.prices_genai import GenaiPrices
from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.conversation import CallTags, Exchange, ModelRef, ModelRequest, Tool, ToolResult
from coderoute.domain.money import CallState, LedgerRow, add_up
from coderoute.ledger import Ledger, ProviderDown

if TYPE_CHECKING:
    from tests.providers.conftest import Act, Asked, FakeProviders, Speech

Json = dict[str, Any]

CONVERSATIONS = 300
TURNS = 4
MODELS = {
    "anthropic": ModelRef(provider="anthropic", model="claude-opus-5-5"),
    "openai": ModelRef(provider="openai", model="gpt-6.1-sol"),
    "chat": ModelRef(provider="openai", model="gpt-5.2", api="chat"),
}
USD_PER_MTOK = {
    "anthropic": {"fresh": "4", "cached": "0.2", "written": "5", "hour": "8", "output": "20"},
    "openai": {"fresh": "2", "cached": "0.1", "written": "2.5", "hour": "2.5", "output": "10"},
    "chat": {"fresh": "1.75", "cached": "0.175", "written": "1.75", "hour": "1.75", "output": "14"},
}
"""Vendors' lists of November 2026."""
LOOK = Tool(
    name="look",
    description="Look.",
    schema={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
FAULTS = (
    "no_usage",
    "lost",
    "never",
    "cut",
    "error_inside",
    "429",
    "500",
    "late_529",
    "late_504",
    "max_tokens",
    "empty",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One request in the provider's books. `told`: the client was sent the usage in full."""

    run: str
    tokens: dict[str, int]
    """What is billed; empty: nothing."""
    told: bool
    fault: str | None
    provider: str

    @property
    def usd(self) -> Decimal:
        rates = USD_PER_MTOK[self.provider]
        return sum((Decimal(rates[kind]) * n for kind, n in self.tokens.items()), Decimal(0)) / 1_000_000


@dataclass(kw_only=True)
class Provider:
    """What a provider does to requests, and its account of it."""

    speech: "Speech"
    chance: random.Random
    lines: list[Line] = field(default_factory=list)

    def act(self, asked: "Asked") -> "Act":
        fault = self.chance.choice(FAULTS) if self.chance.random() < 0.35 else None
        tokens = self.tokens(asked.provider)
        message = self.message(asked.provider, tokens, fault)
        act, billed, told = self.meet(asked, message, tokens, fault)
        run = asked.headers["x-coderoute-run"]
        self.lines.append(Line(run=run, tokens=billed, told=told, fault=fault, provider=asked.provider))
        return act

    def tokens(self, provider: str) -> dict[str, int]:
        of = self.chance.randint
        hour = of(0, 100) if provider == "anthropic" else 0
        return {
            "fresh": of(1, 400), "cached": of(0, 300), "written": of(0, 200), "hour": hour, "output": of(1, 900),
        }  # fmt: skip

    def meet(
        self, asked: "Asked", message: Json, tokens: dict[str, int], fault: str | None
    ) -> "tuple[Act, dict[str, int], bool]":
        """(what happens, what is billed, whether the usage was told)."""
        speech, nothing = self.speech, dict[str, int]()
        begun = {**tokens, "output": 1}
        error = b'{"error": {"message": "sorry"}}'
        match fault:
            case "429" | "500":
                return speech.answer(error, int(fault), retry_after="1"), nothing, False
            case "late_504":
                return speech.answer(b"<html>", 504), tokens, False
            case "late_529":  # with a stream, the status comes before the model begins
                return speech.answer(error, 529), nothing if asked.streamed else tokens, False
            case "never":
                return speech.act(chunks=[], then="reset"), nothing, False
            case "lost":
                return speech.act(chunks=[], then="reset"), tokens, False
            case "cut" | "error_inside" if not asked.streamed:
                return speech.answer(speech.json(message)[:-9]), tokens, False
            case "cut" | "error_inside":
                pieces = [speech.chunk(event) for event in speech.events_of(asked, message)]
                kept = pieces[: self.chance.randint(1, len(pieces) - 1)]
                if fault == "error_inside":
                    said = {"type": "api_error", "message": "sorry"}
                    chat = asked.provider == "chat"
                    event = speech.data({"error": said}) if chat else speech.sse("error", error=said)
                    kept.append(speech.chunk(event))
                return speech.act(chunks=[speech.stream_head, *kept], then="close"), begun, False
            case _:
                return speech.told(asked, message), tokens, fault != "no_usage"

    def message(self, provider: str, tokens: dict[str, int], fault: str | None) -> Json:
        calls = [] if fault == "empty" or self.chance.random() < 0.3 else [{"path": "a.py"}]
        if provider == "anthropic":
            usage: Json = {
                "input_tokens": tokens["fresh"], "cache_read_input_tokens": tokens["cached"],
                "cache_creation_input_tokens": tokens["written"] + tokens["hour"],
                "cache_creation": {
                    "ephemeral_5m_input_tokens": tokens["written"], "ephemeral_1h_input_tokens": tokens["hour"],
                },
                "output_tokens": tokens["output"],
            }  # fmt: skip
            blocks = [{"type": "tool_use", "id": "t", "name": "look", "input": call} for call in calls]
            stop = "max_tokens" if fault == "max_tokens" else "tool_use" if calls else "end_turn"
            return {
                "type": "message", "content": blocks, "stop_reason": stop,
                "usage": None if fault == "no_usage" else usage,
            }  # fmt: skip
        if provider == "chat":
            return self.completion(tokens, fault, len(calls))
        usage = {
            "input_tokens": tokens["fresh"] + tokens["cached"] + tokens["written"],
            "input_tokens_details": {"cached_tokens": tokens["cached"], "cache_write_tokens": tokens["written"]},
            "output_tokens": tokens["output"],
            "output_tokens_details": {"reasoning_tokens": tokens["output"] // 2},
        }
        items = [
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"path": "a.py"}'} for _ in calls
        ]
        cut: Json = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        status: Json = cut if fault == "max_tokens" else {"status": "completed"}
        return {"output": items, "usage": None if fault == "no_usage" else usage, **status}

    def completion(self, tokens: dict[str, int], fault: str | None, calls: int) -> Json:
        usage = {
            "prompt_tokens": tokens["fresh"] + tokens["cached"] + tokens["written"],
            "prompt_tokens_details": {"cached_tokens": tokens["cached"]}, "completion_tokens": tokens["output"],
        }  # fmt: skip
        look = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"path": "a.py"}'}}
        said = {"role": "assistant", "content": None, "tool_calls": [look] * calls}
        finish = "length" if fault == "max_tokens" else "tool_calls" if calls else "stop"
        choice = {"index": 0, "message": said, "finish_reason": finish}
        return {"choices": [choice], "usage": None if fault == "no_usage" else usage}


def converse(ledger: Ledger, request: ModelRequest) -> None:
    """A few turns, or fewer where the provider gives out."""
    for turn in range(TURNS):
        try:
            reply = ledger.call(request, role="cheap", key=f"turn/{turn}")
        except ProviderDown:
            return
        results = tuple(ToolResult(call_id=call.id, text="1| x = 1") for call in reply.tool_calls)
        said = Exchange(reply=reply, results=results, remark="Go on.")
        request = replace(request, exchanges=(*request.exchanges, said))


@pytest.fixture
def talked(server: "FakeProviders", speech: "Speech") -> Iterator[tuple[Provider, InMemoryStore]]:
    """The provider's account and our ledger after all conversations."""
    chance = random.Random(20261122)
    provider, store = Provider(speech=speech, chance=chance), InMemoryStore()
    server.act = provider.act
    clients: dict[str, AnthropicProvider | OpenAIProvider] = {
        "anthropic": AnthropicProvider("key", server.url),
        "openai": OpenAIProvider("key", f"{server.url}/v1"),
    }
    for number in range(CONVERSATIONS):
        model = replace(MODELS[chance.choice(tuple(MODELS))], stream=chance.random() < 0.5)
        ledger = Ledger(
            run_id=f"run-{number}", provider=lambda ref: clients[ref.provider], store=store, prices=GenaiPrices(),
            budget_usd=None, sleep=lambda _: None, now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC),
        )  # fmt: skip
        request = ModelRequest(
            model=model, system="s", opening="o", tools=(LOOK,), max_output_tokens=1000, timeout_s=10,
            tags=CallTags(run=f"run-{number}", stage="execute"),
        )  # fmt: skip
        converse(ledger, request)
    yield provider, store
    for client in clients.values():
        client.close()


def test_over_300_conversations_the_ledger_is_the_providers_account_wherever_usage_came(
    talked: tuple[Provider, InMemoryStore],
) -> None:
    provider, store = talked
    ours: dict[str, list[LedgerRow]] = defaultdict(list)
    theirs: dict[str, list[Line]] = defaultdict(list)
    for row in store.calls():
        ours[row.run_id].append(row)
    for line in provider.lines:
        theirs[line.run].append(line)
    assert {run: len(rows) for run, rows in ours.items()} == {run: len(lines) for run, lines in theirs.items()}

    exact = flagged = 0
    for run, lines in theirs.items():
        for line, row in zip(lines, ours[run], strict=True):
            if line.told:
                exact += 1
                assert (row.state, row.cost_usd) == (CallState.SETTLED, line.usd), (run, line)
            elif line.tokens:
                flagged += 1
                assert row.state is CallState.ESTIMATED, (run, line)
                assert row.cost_usd >= line.usd, (run, line)
            else:
                assert row.state in (CallState.FREE, CallState.ESTIMATED), (run, line)
    assert exact > 600
    assert flagged > 60
    assert {line.fault for line in provider.lines} == {None, *FAULTS}
    cost = add_up(store.calls())
    assert cost.total_usd - cost.estimated_usd == sum(line.usd for line in provider.lines if line.told)
