"""Task -> Triage by rules alone: is it tiny, and how much would a mistake cost?

Words and paths say what may be tiny at all; where prices are known, they say whether doing it at once is the cheaper
way (routing design, section 3.3).
"""

import re
from collections.abc import Callable, Collection, Mapping

from coderoute.domain.cost_model import DirectOrPlanned
from coderoute.domain.explanation import in_dollars
from coderoute.domain.task import Risk, Task, Triage

PricesOf = Callable[[str], DirectOrPlanned | None]
"""The two ways to do a tiny change in the file at a path; None where a price is unknown."""

TINY_WORDS = 60
"""A longer description is no tiny task."""

TINY = re.compile(
    r"\b(typos?|spelling|spelled|misspell\w*|grammar|grammatical\w*|wording|reword\w*|docstrings?"
    r"|(broken|dead) links?)\b",
    re.IGNORECASE,
)
"""Words about text that people read. A word that bug reports use as well (comment, link, rename) is not here: a tiny
task gets no plan, no reproduction and no review."""

RISKY = re.compile(
    r"\b(migrat\w*|deploy\w*|secrets?|passwords?|passwd|credential\w*|tokens?|permissions?|auth|authenti\w*"
    r"|authoriz\w*|authoris\w*|oauth\w*|encrypt\w*|decrypt\w*|crypto\w*|security|vulnerab\w*|payments?|billing"
    r"|drop table|delete (all|every)|production|database schema)\b",
    re.IGNORECASE,
)
RISKY_PATH = re.compile(r"(^|/)(migrations?|deploy|infra|terraform|\.github|secrets?|auth)(/|$)", re.IGNORECASE)

WORD = re.compile(r"`(?P<code>[^`\n]+)`|[^\s`'\"()<>\[\]{},;]+")
AFTER_PATH = re.compile(r"(#L\d+(-L\d+)?|(:\d+)*)[.:!?]*$")
"""Line numbers and the punctuation of the sentence."""


def no_prices(path: str) -> DirectOrPlanned | None:  # noqa: ARG001 - a PricesOf
    """Nothing is known of prices: the words decide alone."""
    return None


def triage(task: Task, paths: Collection[str], prices_of: PricesOf = no_prices) -> Triage:
    """What the words and the named files tell; in doubt a task is neither tiny nor safe. `paths`: the base's files."""
    text = f"{task.title}\n{task.body}"
    named = named_paths(text, paths)
    risky = RISKY.search(text)
    risky_path = next((path for path in named if RISKY_PATH.search(path)), None)
    if risky or risky_path:
        what = f"the word {risky.group(0)!r}" if risky else f"the path {risky_path}"
        return Triage(tiny=False, risk=Risk.MEDIUM, reason=f"{what} asks for care", paths=named)
    words = len(text.split())
    small = TINY.search(text)
    if small and len(named) == 1 and words <= TINY_WORDS and "```" not in text:
        what = f"{words} words, one file ({named[0]}), {small.group(0)!r}"
        prices = prices_of(named[0])
        tiny, why = (True, "so small a task needs no plan") if prices is None else compared(prices)
        return Triage(tiny=tiny, risk=Risk.LOW, reason=f"{what}: {why}", paths=named)
    return Triage(tiny=False, risk=Risk.LOW, reason="rules see neither a tiny task nor a risk", paths=named)


def compared(prices: DirectOrPlanned) -> tuple[bool, str]:
    """(whether to do it at once, why)."""
    limit = prices.plan_pays_from_usd
    direct, overhead = in_dollars(prices.direct_usd), in_dollars(prices.overhead_usd)
    told = f"one direct attempt about {direct} against {overhead} for plan and review"
    if limit is None:
        return True, f"{told}, and the cheap model is not cheap enough for a plan to pay"
    if prices.direct_is_cheaper:
        return True, f"{told}, which pay only where a direct attempt costs more than {in_dollars(limit)}"
    return False, f"{told}, which pay where a direct attempt costs more than {in_dollars(limit)}; so it is planned"


def named_paths(text: str, paths: Collection[str]) -> tuple[str, ...]:
    """The files of the base that the text names: by their path, by an end of it that only one file has, or as an
    absolute path or address that ends in one."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    words = [match.group("code") or match.group(0) for match in WORD.finditer(text)]
    found = [meant_by(AFTER_PATH.sub("", word), by_name) for word in words]
    return tuple(dict.fromkeys(path for path in found if path is not None))


def meant_by(word: str, by_name: Mapping[str, list[str]]) -> str | None:
    """The file of the base that `word` means; None if it means none, or could mean several."""
    word = word.removeprefix("./")
    if "." not in word and "/" not in word and not word[:1].isupper():
        return None  # an everyday word, though it may be a file's name
    candidates = by_name.get(word.rsplit("/", 1)[-1], [])
    if word in candidates:
        return word
    inner = [path for path in candidates if path.endswith(f"/{word}")]
    if len(inner) == 1:
        return inner[0]
    outer = [path for path in candidates if word.endswith(f"/{path}")]
    return max(outer, key=len) if outer else None
