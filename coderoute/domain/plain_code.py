"""Source code read without a parser: definitions by patterns that fit most languages, words by one expression."""

import re
from collections import Counter

from coderoute.domain.code_facts import WORD, FileFacts, Symbol
from coderoute.domain.excerpts import definitions

IMPORT = re.compile(
    r"""^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w.]+)|\#[ \t]*include[ \t]*[<"]([^>"\n]+)"""
    r"""|use[ \t]+([\w:\\]+)|(?:import|export)\b[^;'"\n]*['"]([^'"\n]+)['"]|require\w*[ \t(]+['"]([^'"\n]+))""",
    re.MULTILINE,
)
SNIFFED_BYTES = 8192


def plain_facts(data: bytes) -> FileFacts:
    """Nothing for what is no text."""
    if b"\0" in data[:SNIFFED_BYTES]:
        return FileFacts(words={})
    text = data.decode("utf-8", "replace")
    found = definitions(text)
    symbols = tuple(
        Symbol(name=d.name, outer=found[d.outer].name if d.outer is not None else "", first=d.line, last=d.last)
        for d in found
    )
    imports = tuple(next(filter(None, groups)) for groups in IMPORT.findall(text))
    return FileFacts(symbols=symbols, imports=imports, words=Counter(WORD.findall(text)))
