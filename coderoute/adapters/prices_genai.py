"""What tokens cost: the user's own prices first, then the list that ships with `genai-prices`. Never the network."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.money import PriceOverride
from coderoute.domain.tariff import Rate, Tariff, Tier

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

VERSION_SUFFIX = re.compile(r"[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest)$")

BILLS_WRITES = re.compile(r"anthropic:|openai:gpt-(5\.[6-9]|5\.\d\d|[6-9]|\d\d)")
"""Models whose provider bills cache writes; a user's own price says nothing of them."""


class GenaiPrices:
    """A PriceList. `overrides` are the user's prices, `tariffs` what the list said when a run began; both by
    "provider:model". What neither has is looked up in the list as it is now."""

    def __init__(
        self, overrides: Mapping[str, PriceOverride] | None = None, tariffs: Mapping[str, Tariff] | None = None
    ) -> None:
        self._overrides = dict(overrides or {})
        self._tariffs = dict(tariffs or {})

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        """See ports.PriceList."""
        override = self._overrides.get(model.name)
        if override is not None:
            return override.cost_usd(usage, bills_writes=BILLS_WRITES.match(model.name) is not None)
        if model.name in self._tariffs:
            return self._tariffs[model.name].cost_usd(usage)
        found = _looked_up(model, usage, at)
        return None if found is None else found.total_price

    def tariff(self, model: ModelRef, at: datetime) -> Tariff | None:
        """What the list says of `model` at `at`; None where it has no price, or one for no tokens in and out."""
        found = _looked_up(model, Usage(input_tokens=1, output_tokens=1), at)
        if found is None:
            return None
        rates = {key: _rate(price) for key, price in vars(found.model_price).items() if price is not None}
        if "input_mtok" not in rates or "output_mtok" not in rates:
            return None
        return Tariff(
            listed_as=found.model.id, input=rates["input_mtok"], output=rates["output_mtok"],
            cached_input=rates.get("cache_read_mtok"), cache_write=rates.get("cache_write_mtok"),
            cache_write_1h=rates.get("cache_write_1h_mtok"), context_tokens=found.model.context_window,
        )  # fmt: skip


def _looked_up(model: ModelRef, usage: Usage, at: datetime) -> "PriceCalculation | None":
    """The list's price for `usage`; None where it does not mean exactly this model."""
    import genai_prices

    tokens = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    parts = {
        "cache_read_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
    }
    tokens |= {name: count for name, count in parts.items() if count}
    try:
        found = genai_prices.calc_price(
            genai_prices.Usage(**tokens),
            model.model,
            provider_id=model.provider,
            genai_request_timestamp=at,
        )
    except LookupError:
        return None
    if found.provider.id != model.provider or not _is_named(model.model, found.model.id, found.model.match):
        return None
    return found


def _is_named(name: str, listed: str, match: object) -> bool:
    """Whether the list means exactly the model `name`.

    The list also matches by prefix ("claude-opus-4-5..." covers a claude-opus-4-50 that may cost ten times as much)
    and by part ("...openai..." as provider); only a version suffix may be left over.
    """
    wanted = name.lower()
    plain = VERSION_SUFFIX.sub("", wanted)
    known = {listed, VERSION_SUFFIX.sub("", listed), *_spellings(match)}
    return wanted in known or plain in known


def _spellings(match: object) -> Iterator[str]:
    from genai_prices import types

    match match:
        case types.ClauseEquals(equals=text) | types.ClauseStartsWith(starts_with=text):
            yield text.lower()
        case types.ClauseOr(or_=clauses):
            for clause in clauses:
                yield from _spellings(clause)


def _rate(price: object) -> Rate:
    from genai_prices.types import TieredPrices

    if isinstance(price, TieredPrices):
        tiers = tuple(Tier(above_tokens=tier.start, usd_per_mtok=tier.price) for tier in price.tiers)
        return Rate(usd_per_mtok=price.base, tiers=tiers)
    return Rate(usd_per_mtok=Decimal(str(price)))
