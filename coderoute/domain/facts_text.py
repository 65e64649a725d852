"""Facts about a file as one line of text: how they are kept and how they come from another process."""

import json

from coderoute.domain.code_facts import FileFacts, Symbol


def to_text(facts: FileFacts) -> str:
    symbols = [[symbol.name, symbol.outer, symbol.first, symbol.last] for symbol in facts.symbols]
    return json.dumps([symbols, facts.imports, dict(facts.words)], separators=(",", ":"))


def from_text(text: str | bytes, known: dict[str, str] | None = None) -> FileFacts | None:
    """The facts in `text`, None for what `to_text` never wrote. Words that are in `known` are taken from there, and new
    ones go into it: the words of many files are few."""
    shared: dict[str, str] = {} if known is None else known
    try:
        symbols, imports, words = json.loads(text)
        return FileFacts(
            symbols=tuple(
                Symbol(name=shared.setdefault(n, n), outer=shared.setdefault(o, o), first=int(first), last=int(last))
                for n, o, first, last in symbols
            ),
            imports=tuple(map(str, imports)),
            words={shared.setdefault(word, word): int(count) for word, count in words.items()},
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
