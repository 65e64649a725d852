"""Definitions in source text, by patterns that fit most languages."""

import re

_BEFORE = (
    r"^[ \t]*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|pub\s+|abstract\s+|final\s+)*"
)
_TYPES = r"(?:class|struct|enum|trait|interface|module|impl)"
DEFINITION = re.compile(
    # the name is followed by what only code has there, so that prose ("function returns a ...") is none
    _BEFORE + r"(?:(?:def|function|func|fn|type)|" + _TYPES + r")\s+([A-Za-z_]\w*)(?=\s*(?:[(\[{<:=]|$|for\b|extends\b"
    r"|implements\b|struct\b|interface\b|where\b))",
    re.MULTILINE,
)
"""Its only group is the name that is defined."""
CLASS_WORDS = re.compile(_BEFORE + _TYPES + r"\b")
"""Begins a definition that has members."""
