"""Twelve turns with providers that check what real ones check: nothing that was sent changes, reasoning comes back as
it was, and what was sent before is read from the cache."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from coderoute.adapters.model_anthropic import AnthropicProvider
from coderoute.adapters.model_openai import OpenAIProvider
from coderoute.adapters.prices_genai import GenaiPrices
from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.conversation import CallTags, Exchange, ModelRef, ModelRequest, Tool, ToolResult
from coderoute.ledger import Ledger

if TYPE_CHECKING:
    from tests.providers.conftest import Act, Asked, FakeProviders, Speech

Json = dict[str, Any]
Provider = AnthropicProvider | OpenAIProvider

TURNS = 12
PATH: Json = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
LOOK, FINISH = Tool(name="look", description="Look.", schema=PATH), Tool(name="finish", description="", schema=PATH)
MODELS = {
    "anthropic": ModelRef(provider="anthropic", model="claude-opus-5-5", effort="high"),
    "anthropic, whole": ModelRef(provider="anthropic", model="claude-haiku-5-5", stream=False),
    "openai": ModelRef(provider="openai", model="gpt-6.1-sol", effort="high"),
    "openai, stream": ModelRef(provider="openai", model="gpt-6-luna", stream=True),
    "chat": ModelRef(provider="openai", model="gpt-5.2", effort="high", api="chat"),
    "chat, stream": ModelRef(provider="openai", model="gpt-5.2", api="chat", stream=True),
}
MESSAGES = {"anthropic": "messages", "openai": "input", "chat": "messages"}
SAID_BY_IT = ("reasoning", "function_call", "message")


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def signed(before: object, thought: str) -> str:
    return sha256(text([before, thought])).hexdigest()


def plain(value: Any) -> Any:
    """Without the marks that say where to cache: they are no part of what is cached."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "cache_control"}
    return [plain(item) for item in value] if isinstance(value, list) else value


@dataclass(kw_only=True)
class Strict:
    """A provider of one conversation. `wrong` is what it would have refused; `share` what its cache served."""

    speech: "Speech"
    wrong: list[str] = field(default_factory=list)
    bodies: list[Json] = field(default_factory=list)
    sent_tokens: int = 0
    read_tokens: int = 0
    _cached: set[bytes] = field(default_factory=set)

    @property
    def share(self) -> float:
        return self.read_tokens / self.sent_tokens

    def act(self, asked: "Asked") -> "Act":
        body, name = asked.body, MESSAGES[asked.provider]
        self.check_growth(body, name)
        if asked.provider == "anthropic":
            self.check_thinking(body)
        if asked.provider == "openai":
            self.check_reasoning(body)
        self.bodies.append(body)
        usage = self.usage(asked.provider, body)
        return self.speech.told(asked, self.reply(asked.provider, body, len(body[name]), usage))

    def check_growth(self, body: Json, name: str) -> None:
        if not self.bodies:
            return
        before, now = self.bodies[-1], body
        for key in sorted((before.keys() | now.keys()) - {name}):
            if text(plain(before.get(key))) != text(plain(now.get(key))):
                self.wrong.append(f"{key} changed")
        old, new = plain(before[name]), plain(now[name])
        if len(new) <= len(old) or text(old) != text(new[: len(old)]):
            self.wrong.append(f"request {len(self.bodies) + 1} does not begin with the one before")

    def check_thinking(self, body: Json) -> None:
        messages = plain(body["messages"])
        for number, message in enumerate(messages):
            for block in message["content"]:
                thinks = block["type"] == "thinking"
                if thinks and block["signature"] != signed(messages[:number], block["thinking"]):
                    self.wrong.append(f"the signature in message {number} does not fit")
        thoughts = sum(block["type"] == "thinking" for message in messages for block in message["content"])
        if thoughts != len(self.bodies):
            self.wrong.append(f"{thoughts} thoughts came back of {len(self.bodies)}")

    def check_reasoning(self, body: Json) -> None:
        if body["store"] is not False or body["include"] != ["reasoning.encrypted_content"]:
            self.wrong.append("reasoning is stored, or not asked for")
        items = body["input"]
        thoughts = [(n, item) for n, item in enumerate(items) if item.get("type") == "reasoning"]
        for number, item in thoughts:
            if item != {**item, "encrypted_content": signed(items[:number], "hm"), "id": f"rs_{number}"}:
                self.wrong.append(f"reasoning item {number} was changed")
            if items[number + 1].get("type") not in SAID_BY_IT:
                self.wrong.append(f"nothing follows reasoning item {number}")
        if len(thoughts) != len(self.bodies):
            self.wrong.append(f"{len(thoughts)} reasoning items came back of {len(self.bodies)}")

    def usage(self, provider: str, body: Json) -> Json:
        """By a cache of prefixes: Anthropic's where it is marked, the others' of every message."""
        pieces: list[bytes] = [text(plain(tool)) for tool in body["tools"]]
        marks: list[int] = []
        system = body.get("system") or body.get("instructions") or []
        for block in [*(system if isinstance(system, list) else [system]), *body[MESSAGES[provider]]]:
            parts = block["content"] if isinstance(block, dict) and isinstance(block.get("content"), list) else [block]
            for part in parts:
                pieces.append(text(plain(part)))
                if provider != "anthropic" or "cache_control" in part:
                    marks.append(len(pieces))
        ends = {mark: sha256(b"".join(pieces[:mark])).digest() for mark in marks}
        size = {mark: sum(map(len, pieces[:mark])) // 4 for mark in [*marks, len(pieces)]}
        read = max((size[mark] for mark, end in ends.items() if end in self._cached), default=0)
        written = size[marks[-1]] - read if marks else 0
        self._cached |= set(ends.values())
        total = size[len(pieces)]
        self.sent_tokens += total
        self.read_tokens += read
        if provider == "anthropic":
            return {
                "input_tokens": total - read - written, "cache_read_input_tokens": read,
                "cache_creation_input_tokens": written, "output_tokens": 50,
            }  # fmt: skip
        if provider == "chat":
            return {"prompt_tokens": total, "prompt_tokens_details": {"cached_tokens": read}, "completion_tokens": 50}
        details = {"cached_tokens": read, "cache_write_tokens": written}
        return {"input_tokens": total, "input_tokens_details": details, "output_tokens": 50}

    def reply(self, provider: str, body: Json, length: int, usage: Json) -> Json:
        made = tuple({"id": f"call_{length}_{n}", "given": {"path": "ä.py"}} for n in range(2))
        message = self.speech.message(provider, calls=made, usage=usage)
        if provider == "anthropic":
            thought = {"type": "thinking", "thinking": "Hm, ä \U0001f600.", "signature": ""}
            thought["signature"] = signed(plain(body["messages"]), thought["thinking"])
            message["content"].insert(0, thought)
        if provider == "openai":
            sealed = signed(body["input"], "hm")
            item = {"type": "reasoning", "id": f"rs_{length}", "summary": [], "encrypted_content": sealed}
            message["output"].insert(0, item)
        return message


@pytest.fixture(params=list(MODELS.values()), ids=list(MODELS))
def model(request: pytest.FixtureRequest) -> ModelRef:
    found: ModelRef = request.param
    return found


@pytest.fixture
def provider(model: ModelRef, server: "FakeProviders") -> Iterator[Provider]:
    anthropic = model.provider == "anthropic"
    made = AnthropicProvider("key", server.url) if anthropic else OpenAIProvider("key", f"{server.url}/v1")
    yield made
    made.close()


@pytest.fixture
def strict(server: "FakeProviders", speech: "Speech") -> Strict:
    made = Strict(speech=speech)
    server.act = made.act
    return made


def first(model: ModelRef) -> ModelRequest:
    return ModelRequest(
        model=model, system="You mend programs. " * 50, opening="Mend this. " * 500, tools=(LOOK, FINISH),
        max_output_tokens=1000, timeout_s=10, tags=CallTags(run="r", stage="execute", step="s1"),
    )  # fmt: skip


def converse(provider: Provider, request: ModelRequest, store: InMemoryStore, turns: int = TURNS) -> None:
    """So many turns; those that `store` has are not asked again."""
    ledger = Ledger(
        run_id="r", provider=lambda _: provider, store=store, prices=GenaiPrices(), budget_usd=None,
        now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC),
    )  # fmt: skip
    for number in range(turns):
        reply = ledger.call(request, role="cheap", key=f"turn/{number}")
        results = tuple(ToolResult(call_id=call.id, text=f"{number}| x = 1\n" * 30) for call in reply.tool_calls)
        remark = "3 turns are left." if number == 8 else None
        request = replace(
            request, exchanges=(*request.exchanges, Exchange(reply=reply, results=results, remark=remark))
        )


def test_every_request_begins_with_the_one_before_and_reasoning_comes_back_as_it_was(
    model: ModelRef, provider: Provider, strict: Strict
) -> None:
    converse(provider, first(model), InMemoryStore())
    assert strict.wrong == []
    assert len(strict.bodies) == TURNS


def test_a_run_that_was_killed_goes_on_with_the_same_bytes(model: ModelRef, provider: Provider, strict: Strict) -> None:
    store = InMemoryStore()
    converse(provider, first(model), store, turns=5)
    converse(provider, first(model), store)
    assert strict.wrong == []
    assert len(strict.bodies) == TURNS


def test_over_twelve_turns_84_of_100_prompt_tokens_come_from_the_cache(
    model: ModelRef, provider: Provider, strict: Strict
) -> None:
    store = InMemoryStore()
    converse(provider, first(model), store)
    assert strict.share >= 0.84
    rows = store.calls()
    assert sum(row.usage.cached_input_tokens for row in rows if row.usage) == strict.read_tokens
    assert all(row.cost_usd <= row.reserved_usd for row in rows)


def marks(body: Json) -> list[Json]:
    found: list[Json] = []

    def look(value: Any) -> None:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(item)
        if isinstance(value, dict) and "cache_control" in value:
            found.append(value)

    look(body)
    return found


@pytest.mark.parametrize("model", [MODELS["anthropic"]])
def test_anthropic_is_told_four_places_at_most_and_never_an_hour(
    model: ModelRef, provider: Provider, strict: Strict
) -> None:
    converse(provider, first(model), InMemoryStore())
    assert [len(marks(body)) for body in strict.bodies] == [2, 3, *[4] * 10]
    for body in strict.bodies:
        assert all(mark["cache_control"] == {"type": "ephemeral"} for mark in marks(body))
        assert "cache_control" in body["system"][-1]
        assert "cache_control" in body["messages"][0]["content"][-1]
        assert "cache_control" in body["messages"][-1]["content"][-1]


@pytest.mark.parametrize("model", [MODELS["openai"], MODELS["chat"]])
def test_openai_is_told_one_key_for_all_turns_of_a_step(model: ModelRef, provider: Provider, strict: Strict) -> None:
    converse(provider, first(model), InMemoryStore(), turns=3)
    converse(provider, replace(first(model), tags=CallTags(run="r", stage="execute", step="s2")), InMemoryStore(), 1)
    keys = [body["prompt_cache_key"] for body in strict.bodies]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert len(keys[0]) <= 64


@pytest.mark.parametrize(("tools", "single", "turns", "writes"), [
    ((LOOK, FINISH), False, 1, [True]),
    ((FINISH,), False, 2, [False, False]),
    ((LOOK, FINISH), True, 2, [False, True]),
])  # fmt: skip
@pytest.mark.parametrize("model", [MODELS["anthropic"], MODELS["openai"]])
def test_a_write_is_only_paid_where_another_turn_is_likely(
    model: ModelRef, provider: Provider, strict: Strict, tools: tuple[Tool, ...], single: bool, turns: int,
    writes: list[bool],
) -> None:  # fmt: skip
    converse(provider, replace(first(model), tools=tools, single=single), InMemoryStore(), turns)
    if model.provider == "anthropic":
        assert [bool(marks(body)) for body in strict.bodies] == writes
    else:
        assert ["prompt_cache_options" not in body for body in strict.bodies] == writes
