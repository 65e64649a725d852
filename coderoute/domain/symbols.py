"""Definitions in source text, by patterns that fit most languages."""

import re

from coderoute.domain.lines import lines_of

_WORDS = (
    r"^[ \t]*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|pub\s+|abstract\s+|final\s+)*"
    r"(?:def|class|function|func|fn|struct|enum|trait|interface|type|module|impl)\s+"
)
DEFINITION = re.compile(_WORDS + r"([A-Za-z_]\w*)", re.MULTILINE)
"""Its only group is the name that is defined."""

MAX_SYMBOLS = 150


def outline(text: str) -> str:
    """One row a definition, `line  text`, in order; at most MAX_SYMBOLS."""
    rows = [
        f"{number:>5}  {line.rstrip()[:140]}" for number, line in enumerate(lines_of(text), 1) if DEFINITION.match(line)
    ]
    more = [f"... {len(rows) - MAX_SYMBOLS} more"] if len(rows) > MAX_SYMBOLS else []
    return "\n".join(rows[:MAX_SYMBOLS] + more)
