"""Task -> Triage by rules alone: is it tiny, and how much would a mistake cost?"""

import re
from collections.abc import Collection

from coderoute.domain.task import Risk, Task, Triage

TINY_WORDS = 60
"""A longer description is no tiny task."""

TINY = re.compile(
    r"\b(typo|typos|spelling|misspell\w*|wording|grammar|docstring|comment|readme|changelog|rename|link|whitespace)\b",
    re.IGNORECASE,
)
RISKY = re.compile(
    r"\b(migrat\w*|deploy\w*|secret\w*|password\w*|credential\w*|token\w*|permission\w*|auth\w*|oauth|encrypt\w*|crypto\w*"
    r"|security|vulnerab\w*|payment\w*|billing|drop table|delete (all|every)|production|database schema)\b",
    re.IGNORECASE,
)
RISKY_PATH = re.compile(r"(^|/)(migrations?|deploy|infra|terraform|\.github|secrets?|auth)(/|$)", re.IGNORECASE)
PATH = re.compile(r"[\w.\-/]+\.[A-Za-z][\w]{0,9}")


def triage(task: Task, paths: Collection[str]) -> Triage:
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
        reason = f"{words} words, one file ({named[0]}), {small.group(0)!r}: a direct call is cheaper than a plan"
        return Triage(tiny=True, risk=Risk.LOW, reason=reason, paths=named)
    return Triage(tiny=False, risk=Risk.LOW, reason="rules see neither a tiny task nor a risk", paths=named)


def named_paths(text: str, paths: Collection[str]) -> tuple[str, ...]:
    """The files of the base that the text names, by full path or by a file name only one of them has."""
    known = set(paths)
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    found: list[str] = []
    for word in PATH.findall(text):
        word = word.strip("./")
        candidates = [word] if word in known else by_name.get(word, [])
        if len(candidates) == 1 and candidates[0] not in found:
            found.append(candidates[0])
    return tuple(found)
