"""Values as JSON has them: money as an exact decimal string, seconds as numbers, unknown as null."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from coderoute.domain.money import LedgerRow
from coderoute.journal import Journal

Json = dict[str, object]


def money(amount: Decimal | None) -> str | None:
    """Every digit, and never an exponent."""
    return None if amount is None else format(amount, "f")


def moneys(table: Mapping[str, Decimal | None]) -> Json:
    return {key: money(amount) for key, amount in sorted(table.items())}


def model_seconds(rows: Iterable[LedgerRow]) -> float | None:
    known = [row.latency_s for row in rows if row.latency_s is not None]
    return round(sum(known), 3) if known else None


def last_number(journal: Journal, prefix: str) -> int:
    """The highest number at the end of a key with `prefix`, 0 without one."""
    return max((int(key.rsplit("/", 1)[1]) for key in journal.keys(prefix)), default=0)
