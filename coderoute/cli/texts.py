"""Looking into a run's document, and dollars for the eye."""

from collections.abc import Mapping, Sequence
from typing import cast

from coderoute.domain.visible import visible

Json = Mapping[str, object]


def section(doc: Json, key: str) -> Json:
    return cast(Json, doc.get(key) or {})


def items(doc: Json, key: str) -> Sequence[Json]:
    return cast("Sequence[Json]", doc.get(key) or ())


def names(doc: Json, key: str) -> Sequence[str]:
    return cast("Sequence[str]", doc.get(key) or ())


def flat(text: str) -> str:
    """Text from outside for a place within a line: safe to print, and never the beginning of a line of its own."""
    return visible(" ".join(text.split()))


def dollars(amount: object) -> str:
    """A decimal string as dollars, shortened for the eye; unknown stays unknown."""
    if amount is None:
        return "unknown"
    from decimal import Decimal

    value = Decimal(str(amount))
    return f"${value:.4f}" if value < 1 else f"${value:.2f}"
