"""What tokens cost: the user's own prices first, then the list that ships with `genai-prices`. Never the network."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.money import PriceOverride

VERSION_SUFFIX = re.compile(r"[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


class GenaiPrices:
    """A PriceList. `overrides` are the user's prices by "provider:model"."""

    def __init__(self, overrides: Mapping[str, PriceOverride] | None = None) -> None:
        self._overrides = dict(overrides or {})

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        """See ports.PriceList."""
        override = self._overrides.get(model.name)
        if override is not None:
            return override.cost_usd(usage)
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
        return found.total_price


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
