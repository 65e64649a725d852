"""Dollars: exact, Decimal, and None where nobody knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from coderoute.domain.conversation import Usage

CACHE_WRITE, CACHE_WRITE_1H = Decimal("1.25"), Decimal(2)
"""What providers that bill cache writes ask for them, in input prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOverride:
    """A user's own price for a model. Cache writes cost the input price, or what a provider that bills them asks."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None

    def cost_usd(self, usage: Usage, *, bills_writes: bool = False) -> Decimal:
        """Exact dollars for `usage`; `bills_writes`: the provider bills what it writes into its cache."""
        cached_rate = (
            self.input_usd_per_mtok if self.cached_input_usd_per_mtok is None else self.cached_input_usd_per_mtok
        )
        fresh = Decimal(usage.input_tokens - usage.cached_input_tokens)
        if bills_writes:
            short = usage.cache_write_tokens - usage.cache_write_1h_tokens
            fresh += short * (CACHE_WRITE - 1) + usage.cache_write_1h_tokens * (CACHE_WRITE_1H - 1)
        micro = (
            fresh * self.input_usd_per_mtok
            + usage.cached_input_tokens * cached_rate
            + usage.output_tokens * self.output_usd_per_mtok
        )
        return micro / Decimal(1_000_000)


NO_USAGE = "no believable usage came with the answer"
"""`LedgerRow.problem` where the answer came and was used, but its tokens had to be estimated."""


class CallState(StrEnum):
    """The life of a ledger row."""

    OPEN = "open"
    """Intent written; the answer has not come (or the process died waiting)."""
    SETTLED = "settled"
    """Usage arrived; the cost is exact."""
    ESTIMATED = "estimated"
    """Something was or may have been billed, but no usage arrived; the cost is an upper estimate."""
    FREE = "free"
    """The provider answered with an error it does not bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One model call. `cost_usd` of an open row is its reservation: an upper bound until it is settled."""

    id: int
    run_id: str
    at: str
    """UTC, ISO 8601."""
    provider: str
    model: str
    role: str
    """cheap, frontier or premium."""
    stage: str
    step: str
    attempt: int
    state: CallState
    reserved_usd: Decimal
    cost_usd: Decimal
    usage: Usage | None = None
    latency_s: float | None = None
    problem: str | None = None

    @property
    def brought_nothing(self) -> bool:
        """Something was or may have been billed, and no answer came."""
        paid = self.state in (CallState.ESTIMATED, CallState.SETTLED)
        return paid and self.problem not in (None, NO_USAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run has cost so far. `total_usd` includes `estimated_usd`."""

    total_usd: Decimal
    estimated_usd: Decimal
    calls: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    by_class: dict[str, Decimal]
    by_stage: dict[str, Decimal]
    by_model: dict[str, Decimal]


CLASS_OF_ROLE = {"cheap": "cheap", "frontier": "frontier", "premium": "frontier"}


def add_up(rows: Iterable[LedgerRow]) -> Cost:
    """The sums over `rows`. A row that was left open counts with its reservation, as an estimate."""
    total = estimated = Decimal(0)
    calls = input_tokens = cached = output = 0
    by_class: dict[str, Decimal] = {}
    by_stage: dict[str, Decimal] = {}
    by_model: dict[str, Decimal] = {}
    for row in rows:
        calls += 1
        total += row.cost_usd
        if row.state in (CallState.OPEN, CallState.ESTIMATED):
            estimated += row.cost_usd
        for table, key in (
            (by_class, CLASS_OF_ROLE[row.role]),
            (by_stage, row.stage),
            (by_model, f"{row.provider}:{row.model}"),
        ):
            table[key] = table.get(key, Decimal(0)) + row.cost_usd
        if row.usage is not None:
            input_tokens += row.usage.input_tokens
            cached += row.usage.cached_input_tokens
            output += row.usage.output_tokens
    return Cost(
        total_usd=total, estimated_usd=estimated, calls=calls, input_tokens=input_tokens,
        cached_input_tokens=cached, output_tokens=output, by_class=by_class, by_stage=by_stage, by_model=by_model,
    )  # fmt: skip
