"""What a price list said of a model when a run began, so that the run costs what it was begun with."""

from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain.conversation import Usage

PER = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Holds for all tokens of a request with more than `above_tokens` of input."""

    above_tokens: int
    usd_per_mtok: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Dollars per million tokens of one kind; `tiers` by rising `above_tokens`."""

    usd_per_mtok: Decimal
    tiers: tuple[Tier, ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        reached = [tier.usd_per_mtok for tier in self.tiers if input_tokens > tier.above_tokens]
        return reached[-1] if reached else self.usd_per_mtok


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Rates of a model. None: such tokens cost what those they are a part of cost."""

    listed_as: str
    """The list's own name for the model."""
    input: Rate
    output: Rate
    cached_input: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    context_tokens: int | None = None
    """The model's context window; None: the list does not say."""

    @property
    def even_tokens(self) -> int | None:
        """Up to how many tokens of input the price of a token stays the same; None: it never changes."""
        rates = (self.input, self.output, self.cached_input, self.cache_write)
        steps = [rate.tiers[0].above_tokens for rate in rates if rate is not None and rate.tiers]
        return min(steps, default=None)

    def cost_usd(self, usage: Usage) -> Decimal:
        """Exact dollars for `usage`."""
        total = usage.input_tokens
        written = self.cache_write or self.input
        hour = self.cache_write_1h or written
        fresh = total - usage.cached_input_tokens - usage.cache_write_tokens
        dollars = (
            fresh * self.input.at(total)
            + usage.cached_input_tokens * (self.cached_input or self.input).at(total)
            + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * written.at(total)
            + usage.cache_write_1h_tokens * hour.at(total)
            + usage.output_tokens * self.output.at(total)
        )
        return dollars / PER
