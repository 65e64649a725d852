"""Source of any language as statements that can be compared: without comments, attributes joined to what they mark.

Lines are joined while a round or square bracket is open; spaces, quotes and the last semicolon do not count.
"""

import re
from dataclasses import dataclass

MAX_LINE_CHARS = 2_000
"""Of a longer line only the beginning is looked at: no test is written that far to the right."""

MAX_JOINED = 40
"""Lines of one statement; one that is longer is looked at in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    line: int
    text: str
    """In normal form."""
    shown: str


def statements(source: str, path: str) -> list[Statement]:
    found: list[Statement] = []
    pending: list[str] = []
    start = 0
    for number, raw in enumerate(without_comments(source, path).split("\n"), start=1):
        line = raw.strip()[:MAX_LINE_CHARS]
        if not line:
            continue
        if found and not pending and line.startswith((".", "?.", "->")):
            last = found.pop()
            pending, start = [last.shown], last.line
        if not pending:
            start = number
        pending.append(line)
        if len(pending) < MAX_JOINED and _goes_on(line, pending):
            continue
        found.append(_statement(start, pending))
        pending = []
    if pending:
        found.append(_statement(start, pending))
    return found


def without_comments(source: str, path: str) -> str:
    """`source` with its comments blank; lines keep their numbers."""
    suffix = path.rpartition(".")[2]
    if suffix in ("py", "rb", "ex", "exs", "r", "jl", "sh", "pl"):
        pattern = _HASH
    else:
        pattern = _SLASH_ONE_QUOTE if suffix in ("rs", "hs", "ml") else _SLASH
    return pattern.sub(lambda found: found.group("kept") or re.sub(r"[^\n]", "", found.group()), source)


def _goes_on(line: str, pending: list[str]) -> bool:
    if _ATTRIBUTE.fullmatch(line):
        return True
    if line.endswith(("{", " do")):
        return False
    plain = _STRING.sub("", " ".join(pending))
    return sum(map(plain.count, "([")) > sum(map(plain.count, ")]"))


def _statement(line: int, pending: list[str]) -> Statement:
    shown = " ".join(pending)
    text = re.sub(r"\s+", " ", shown.replace('"', "'").replace("`", "'")).rstrip("; ")
    text = re.sub(r"(?<=[(\[{,.]) | (?=[)\]},.])", "", text)
    return Statement(line=line, text=re.sub(r",(?=[)\]}])", "", text), shown=shown)


_ATTRIBUTE = re.compile(r"@[\w.]+(?:\([^()]*\))?|#!?\[.*\]|\[[A-Z]\w*(?:\(.*\))?\]")
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`")
_KEPT = r"(?P<kept>\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`"
_SLASH = re.compile(_KEPT + r"|'(?:[^'\\\n]|\\.)*')|/\*.*?(?:\*/|\Z)|(?<!:)//(?!go:build|\s*\+build)[^\n]*", re.DOTALL)
_SLASH_ONE_QUOTE = re.compile(_KEPT + r")|/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_HASH = re.compile(_KEPT + r"|'(?:[^'\\\n]|\\.)*')|(?<!\S)#(?!!?\[)[^\n]*", re.DOTALL)
