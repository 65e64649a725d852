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


def carried_text(doc: Json) -> str | None:
    """What became of a change whose target moved while it waited; None where it did not."""
    found = doc.get("carried")
    if not isinstance(found, dict):
        return None
    same = "only the base changed, the lines are the same" if found["only_base"] else "the change is another one too"
    old, new = (str(found[side])[:12] for side in ("from", "to"))
    return f"{doc.get('target')} moved from {old} to {new} meanwhile; {same}. All of this was found on the new base."
