"""One thing a change took from the tests, told with the lines as they were and as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from coderoute.domain.visible import one_line

MAX_SHOWN = 120
"""Characters of one quoted line."""

LEAD = 40
"""Characters that two long lines show before the place where they part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakening:
    """`rule` is `tests.removed` or `tests.weakened`; `line` counts in the new file, None where nothing stands in the
    place of what was: then the detail names the line of the old file."""

    rule: str
    line: int | None
    detail: str


def weaker(line: int | None, detail: str) -> Weakening:
    return Weakening(rule="tests.weakened", line=line, detail=detail)


def removed(detail: str) -> Weakening:
    return Weakening(rule="tests.removed", line=None, detail=detail)


def some(texts: Sequence[str], limit: int = 3) -> str:
    """The first few of `texts`, safe to print, and how many more there are."""
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(quoted(text) for text in texts[:limit]) + more


def quoted(text: str) -> str:
    return f"`{one_line(' '.join(text.split()), MAX_SHOWN)}`"


def became(old: str, new: str) -> str:
    """Both texts, cut so that the place where they part is seen."""
    old, new = (" ".join(text.split()) for text in (old, new))
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    if max(len(old), len(new)) > MAX_SHOWN and same > LEAD:
        old, new = (f"\N{HORIZONTAL ELLIPSIS}{text[same - LEAD :]}" for text in (old, new))
    return f"{quoted(old)} became {quoted(new)}"
