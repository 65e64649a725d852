"""Looking into a run's document, and dollars for the eye."""

from collections.abc import Mapping, Sequence
from typing import cast

Json = Mapping[str, object]


def section(doc: Json, key: str) -> Json:
    return cast(Json, doc.get(key) or {})


def items(doc: Json, key: str) -> Sequence[Json]:
    return cast("Sequence[Json]", doc.get(key) or ())


def names(doc: Json, key: str) -> Sequence[str]:
    return cast("Sequence[str]", doc.get(key) or ())


def dollars(amount: object) -> str:
    """A decimal string as dollars, shortened for the eye; unknown stays unknown."""
    if amount is None:
        return "unknown"
    from decimal import Decimal

    value = Decimal(str(amount))
    return f"${value:.4f}" if value < 1 else f"${value:.2f}"
