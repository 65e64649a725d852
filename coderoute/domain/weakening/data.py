"""Files that tests compare with: snapshots, expected output, recorded answers."""

from collections import Counter
from collections.abc import Iterator

from coderoute.domain.weakening.finding import Weakening, became, quoted, weaker

MAX_TOLD = 3


def changed_data(old: str, new: str) -> Iterator[Weakening]:
    """Lines that went, with those that came in their place; lines that only came take nothing away."""
    before, after = old.splitlines(), new.splitlines()
    gone, came = _beyond(before, after), _beyond(after, before)
    if not gone:
        return
    pairs = [became(was, now) for (_, was), (_, now) in zip(gone, came, strict=False)]
    lost = [f"{quoted(was)} is gone" for _, was in gone[len(came) :]]
    told = [*pairs, *lost]
    more = f" and {len(told) - MAX_TOLD} more" if len(told) > MAX_TOLD else ""
    line = came[0][0] if came else None
    yield weaker(line, f"changes {len(gone)} lines of what tests compare with: {'; '.join(told[:MAX_TOLD])}{more}")


def is_blank(text: str) -> bool:
    """Whether nothing but comments and spaces is in it."""
    return all(not line.strip() or line.lstrip().startswith(("#", "//")) for line in text.splitlines())


def _beyond(these: list[str], those: list[str]) -> list[tuple[int, str]]:
    """(line, text) of what stands more often in `these`; spaces at the ends do not count."""
    known = Counter(line.strip() for line in those)
    left: list[tuple[int, str]] = []
    for number, line in enumerate(these, start=1):
        text = line.strip()
        if known[text] > 0:
            known[text] -= 1
        elif text:
            left.append((number, text))
    return left
