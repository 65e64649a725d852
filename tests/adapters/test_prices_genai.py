"""Whose price a model gets, and when it gets none."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.prices_genai import GenaiPrices
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.money import PriceOverride

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
USAGE = Usage(input_tokens=1_000, output_tokens=100)


def cost(model: str, usage: Usage = USAGE, *, provider: str = "anthropic", at: datetime = AT) -> Decimal | None:
    return GenaiPrices().cost_usd(ModelRef(provider=provider, model=model), usage, at)


def test_a_listed_model_costs_what_the_list_says() -> None:
    # claude-opus-5-5: $4 per million tokens in, $20 out (list of 2026-11-10)
    assert cost("claude-opus-5-5") == Decimal("0.006")


def test_cached_and_written_input_have_their_own_prices_within_the_total() -> None:
    # $0.20 for a cache read, $5 for a write of five minutes, $8 for one of an hour
    usage = Usage(
        input_tokens=10_000, cached_input_tokens=4_000, cache_write_tokens=5_000, cache_write_1h_tokens=2_000,
        output_tokens=0,
    )  # fmt: skip
    assert cost("claude-opus-5-5", usage) == (1_000 * 4 + 4_000 * Decimal("0.2") + 3_000 * 5 + 2_000 * 8) / Decimal(
        10**6
    )


def test_a_long_input_moves_all_of_it_to_the_next_tier() -> None:
    # claude-haiku-5-5: $0.10 up to 100,000 tokens in, $0.50 above
    short, long = Usage(input_tokens=100_000, output_tokens=0), Usage(input_tokens=100_001, output_tokens=0)
    assert cost("claude-haiku-5-5", short) == Decimal("0.01")
    assert cost("claude-haiku-5-5", long) == Decimal("0.0500005")


def test_the_price_is_the_one_of_the_day_of_the_request() -> None:
    before = cost("o3", provider="openai", at=datetime(2025, 6, 9, tzinfo=UTC))
    after = cost("o3", provider="openai", at=datetime(2025, 6, 11, tzinfo=UTC))
    assert (before, after) == (Decimal("0.014"), Decimal("0.0028"))


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-haiku-4-5-20251001"),
        ("anthropic", "claude-opus-5-5-20261101"),
        ("anthropic", "claude-sonnet-4-20250514"),
        ("anthropic", "claude-3-5-haiku-latest"),
        ("openai", "gpt-5-mini-2025-08-07"),
        ("openai", "gpt-5.5-2026-04-23"),
        ("openai", "gpt-5.2-codex"),
    ],
)
def test_a_dated_name_and_a_listed_spelling_have_the_price_of_their_model(provider: str, model: str) -> None:
    assert cost(model, provider=provider) is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-opus-99-foo"),
        ("anthropic", "claude-mythos-5"),
        ("anthropic", "claude-opus-4-50"),
        ("anthropic", "claude-opus-4-5-foo"),
        ("anthropic", "claude-haiku-5.5-ultra"),
        ("openai", "gpt-5-nano-x"),
        ("openai", "gpt-6.2-sol"),
        ("openai", "moderation-free-lunch"),
        ("openai", "claude-opus-5-5"),
        ("my-openai-mirror", "gpt-5"),
        ("recorded", "claude-opus-5-5"),
        ("ollama", "qwen3-coder"),
    ],
)
def test_a_model_that_is_not_listed_by_its_name_has_no_price(provider: str, model: str) -> None:
    assert cost(model, provider=provider) is None


def test_the_users_own_price_comes_first() -> None:
    mine = PriceOverride(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(2))
    prices = GenaiPrices({"anthropic:claude-opus-5-5": mine, "ollama:qwen3-coder": mine})
    for provider, model in (("anthropic", "claude-opus-5-5"), ("ollama", "qwen3-coder")):
        assert prices.cost_usd(ModelRef(provider=provider, model=model), USAGE, AT) == Decimal("0.0012")
    assert prices.cost_usd(ModelRef(provider="openai", model="gpt-5"), USAGE, AT) == cost("gpt-5", provider="openai")


@pytest.mark.parametrize(
    ("name", "factor", "hour"),
    [
        ("anthropic:claude-mythos-5-2", "1.25", "2"),
        ("openai:gpt-6.2-astra", "1.25", "2"),
        ("openai:gpt-5.2", "1", "1"),
        ("openai:qwen3-coder", "1", "1"),
    ],
)
def test_by_the_users_own_price_cache_writes_cost_what_the_provider_asks_for_them(
    name: str, factor: str, hour: str
) -> None:
    prices = GenaiPrices({name: PriceOverride(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(0))})
    provider, _, model = name.partition(":")
    ref = ModelRef(provider=provider, model=model)
    short = Usage(input_tokens=1000, cache_write_tokens=1000, output_tokens=0)
    assert prices.cost_usd(ref, short, AT) == Decimal(factor) / 1000
    assert prices.cost_usd(ref, replace(short, cache_write_1h_tokens=1000), AT) == Decimal(hour) / 1000


LISTED = [
    ModelRef(provider=provider.id, model=model.id)
    for provider in get_snapshot().providers
    if provider.id in ("anthropic", "openai")
    for model in provider.models
]
TARIFFS = {model.name: tariff for model in LISTED if (tariff := GenaiPrices().tariff(model, AT)) is not None}


def test_a_tariff_is_made_of_every_model_with_a_price_for_what_goes_in_and_out() -> None:
    assert len(TARIFFS) > 100
    assert {"anthropic:claude-opus-5-5", "anthropic:claude-haiku-5-5", "openai:gpt-6.1-sol"} <= set(TARIFFS)
    assert GenaiPrices().tariff(ModelRef(provider="openai", model="no-such-model"), AT) is None


counts = st.integers(min_value=0, max_value=400_000)


@given(st.sampled_from([model for model in LISTED if model.name in TARIFFS]), counts, counts, counts, counts, counts)
def test_a_frozen_tariff_costs_to_the_last_digit_what_the_list_said(
    model: ModelRef, fresh: int, cached: int, written: int, hour: int, output: int
) -> None:
    usage = Usage(
        input_tokens=fresh + cached + written + hour, cached_input_tokens=cached, cache_write_tokens=written + hour,
        cache_write_1h_tokens=hour, output_tokens=output,
    )  # fmt: skip
    assert GenaiPrices({}, TARIFFS).cost_usd(model, usage, AT) == GenaiPrices().cost_usd(model, usage, AT)


def test_what_a_run_was_begun_with_holds_when_the_list_changes() -> None:
    model = ModelRef(provider="openai", model="o3")
    then, later = datetime(2025, 6, 9, tzinfo=UTC), datetime(2025, 6, 11, tzinfo=UTC)
    tariff = GenaiPrices().tariff(model, then)
    assert tariff is not None
    assert GenaiPrices({}, {model.name: tariff}).cost_usd(model, USAGE, later) == GenaiPrices().cost_usd(
        model, USAGE, then
    )
