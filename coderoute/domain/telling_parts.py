"""The parts of a long source file that bear on an issue: the functions in which its rare words stand, and what they
call."""

import keyword
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from coderoute.domain.excerpts import (
    BUILT_IN,
    CALL,
    CODE_SPAN,
    MANY,
    QUALIFIED,
    WORD,
    Definition,
    code_words,
    definitions,
    head_of,
    merged,
)
from coderoute.domain.lines import lines_of
from coderoute.domain.symbols import DEFINITION

FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
USED = re.compile(r"\.([A-Za-z_]\w+)|\b([A-Za-z_]\w+)\s?=(?!=)|\b([A-Za-z_]\w+)\(")
"""In code: an attribute, a keyword argument or a variable, a call."""
LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.){0,2000}+\"|'(?:[^'\\\n]|\\.){0,2000}+'")
SUBWORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
OVERLOAD = re.compile(r"\s*@(?:\w+\.)?overload\b")
ENDING = re.compile(r"(?:ing|ers|er|ed|es|s)$")
COMMON_MEMBERS = frozenset(
    WORD.findall(
        """__init__ __main__ __name__ __file__ __doc__ __repr__ __str__ __eq__ __hash__ __len__ __iter__ __call__
        __class__ __dict__ __all__ __version__ __enter__ __exit__ __new__ __future__ self cls python py foo bar"""
    )
)
COMMON_WORDS = frozenset(
    WORD.findall(
        """this that with from have does when what which then than there where should would could will only
        also into just like some more after before still same other their they been being because about
        without within version python issue expected actual result behavior behaviour example case cases
        using used uses make makes file files line lines code text test tests value values name names error
        errors wrong true false none return returns class function method call calls called please following
        currently instead problem work works"""
    )
)
WITH_CLASS = 3.0
NAMED = 2.0
IN_CODE = 1.0
PROSE = 0.2
DEFINES = 3.0
"""What the name of a function counts beside a word in it."""
SHARE = 0.2
"""Of the best part's score: what has less is not shown."""
WHOLE_LINES = 90
"""A longer function is shown by its head and around what matched."""
HEAD_LINES = 8
AROUND = 6
MAX_HITS = 8
MAX_LINES = 240
"""Of one file."""
CALLEE_LINES = 40
MAX_CALLEES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A function or method with what is inside it, or what a class holds beside its members: `lines` are its own."""

    index: int
    score: float
    hits: tuple[int, ...]
    """Its lines that matched best, in order."""


def telling_parts(text: str, words: str, *, limit: int) -> tuple[tuple[int, int], ...]:
    """Line spans of at most `limit` parts of `text` that bear on `words`, and of short functions they call, merged, in
    order of the file; none where nothing matches by name."""
    lines = lines_of(text)
    found = definitions(text)
    parts = ranked(lines, found, words)
    chosen = [part for part in parts if part.score >= SHARE * parts[0].score][:limit]
    spans: list[tuple[int, int]] = []
    left = MAX_LINES - CALLEE_LINES
    for part in chosen:
        shown = spans_of(part, found, words)
        size = sum(last - first + 1 for first, last in shown)
        if size <= left:
            spans += shown
            left -= size
    return merged([*spans, *callees([found[part.index] for part in chosen], lines, found, left + CALLEE_LINES)])


def ranked(lines: Sequence[str], found: Sequence[Definition], words: str) -> list[Part]:
    """The parts with any match by name, best first."""
    owners = owned(len(lines), found)
    weights = weights_of(words)
    stems = stems_of_prose(words)
    _, pairs = code_words(words)
    namesakes = Counter(definition.name for definition in found)
    counts: dict[int, Counter[str]] = {}
    for number, owner in enumerate(owners[1:], 1):
        if owner is not None:
            counts.setdefault(owner, Counter()).update(terms_in(lines[number - 1], weights, stems))
    holders = Counter(term for terms in counts.values() for term in terms)
    rarity = {term: math.log(1 + len(counts) / holding) for term, holding in holders.items()}
    parts: list[Part] = []
    for index, terms in counts.items():
        definition = found[index]
        if any(OVERLOAD.match(line) for line in lines[definition.first - 1 : definition.line]):
            continue  # a signature and nothing else
        outer = found[definition.outer].name if definition.outer is not None else ""
        value = sum(strength(t, weights) * rarity[t] * (1 + 0.3 * math.log(n)) for t, n in terms.items())
        own = {definition.name, *(f"~{stem}" for stem in subwords(f"{outer} {definition.name}"))}
        if namesakes[definition.name] <= MANY:
            value += sum(DEFINES * strength(term, weights) * rarity[term] for term in own & terms.keys())
        by_name = any(not term.startswith("~") for term in terms)
        if (outer, definition.name) in pairs:
            value, by_name = value + WITH_CLASS * DEFINES * math.log(1 + len(counts)), True
        length = definition.last - definition.first + 1
        value /= 1 + max(0, length - WHOLE_LINES) / 300  # a long function holds more of any words
        if by_name or stems & subwords(f"{outer} {definition.name}"):
            parts.append(
                Part(
                    index=index, score=value, hits=best_lines(index, definition, owners, lines, weights, stems, rarity)
                )
            )
    return sorted(parts, key=lambda part: (-part.score, part.index))


def owned(total: int, found: Sequence[Definition]) -> list[int | None]:
    """By line number (from 1) the part that holds it: the outermost function, else the innermost class."""
    owners: list[int | None] = [None] * (total + 1)
    for index, definition in enumerate(found):
        if all(found[outer].is_class for outer in outers(index, found)):
            for number in range(definition.first, definition.last + 1):
                owners[number] = index
    return owners


def outers(index: int, found: Sequence[Definition]) -> list[int]:
    result: list[int] = []
    at = found[index].outer
    while at is not None:
        result.append(at)
        at = found[at].outer
    return result


def weights_of(words: str) -> dict[str, float]:
    """What `words` speak of as code, with its weight. In a block of code that is what is used there, not each word:
    output and markup stand in such blocks too, and what an example defines for itself is not the repository's."""
    names, pairs = code_words(FENCE.sub(" ", words))
    weights: dict[str, float] = {}
    examples_own: set[str] = set()
    for block in FENCE.findall(words):
        code = LITERAL.sub(" ", block.strip("`"))
        weights |= dict.fromkeys(code_words(code)[0] | used_in(code), IN_CODE)
        examples_own |= set(DEFINITION.findall(code))
    for span in CODE_SPAN.findall(QUALIFIED.sub(" ", FENCE.sub(" ", words))):
        weights |= dict.fromkeys(WORD.findall(span), IN_CODE)
        weights |= dict.fromkeys(used_in(span), NAMED)
    weights |= dict.fromkeys(names | {first for first, _ in pairs}, NAMED)
    # a class's member stands for itself only in that class; of a variable or a module nobody knows which it is
    weights |= dict.fromkeys((member for first, member in pairs if not first[0].isupper()), NAMED)
    nothing = (examples_own - names) | COMMON_MEMBERS | COMMON_WORDS | BUILT_IN | frozenset(keyword.kwlist)
    return {name: weight for name, weight in weights.items() if len(name) > 2 and name not in nothing}


def used_in(code: str) -> set[str]:
    return {name for found in USED.findall(code) for name in found if name}


def stems_of_prose(words: str) -> frozenset[str]:
    prose = CODE_SPAN.sub(" ", FENCE.sub(" ", words))
    plain = (word.lower() for word in re.findall(r"[A-Za-z]{4,}", prose))
    return frozenset(stem(word) for word in plain if word not in COMMON_WORDS)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    short = ENDING.sub("", word)
    return short if len(short) >= 4 else word


@lru_cache(maxsize=50_000)
def subwords(name: str) -> frozenset[str]:
    return frozenset(stem(part.lower()) for part in SUBWORD.findall(name) if len(part) > 3)


def terms_in(line: str, weights: Mapping[str, float], stems: frozenset[str]) -> list[str]:
    """The names in the line, and with `~` before them the stems of prose."""
    terms: list[str] = []
    for word in WORD.findall(line):
        if word in weights:
            terms.append(word)
        terms += [f"~{part}" for part in subwords(word) & stems]
    return terms


def strength(term: str, weights: Mapping[str, float]) -> float:
    return PROSE if term.startswith("~") else weights.get(term, PROSE)


def best_lines(
    index: int, definition: Definition, owners: Sequence[int | None], lines: Sequence[str],
    weights: Mapping[str, float], stems: frozenset[str], rarity: Mapping[str, float],
) -> tuple[int, ...]:  # fmt: skip
    weighed: list[tuple[float, int]] = []
    for number in range(definition.first, definition.last + 1):
        if owners[number] == index:
            terms = set(terms_in(lines[number - 1], weights, stems))
            weighed.append((sum(strength(term, weights) * rarity[term] for term in terms), number))
    best = max((value for value, _ in weighed), default=0.0)
    kept = sorted(((v, n) for v, n in weighed if v and v >= best / 2), key=lambda item: (-item[0], item[1]))[:MAX_HITS]
    return tuple(sorted(number for _, number in kept))


def spans_of(part: Part, found: Sequence[Definition], words: str) -> list[tuple[int, int]]:
    """The part whole where it is short; else its head and the lines around what matched."""
    definition = found[part.index]
    names, _ = code_words(words)
    length = definition.last - definition.first + 1
    if length <= WHOLE_LINES and (not definition.is_class or definition.name in names):
        return [(definition.first, definition.last)]
    if definition.is_class:
        head = min(head_of(definition, part.index, found), definition.line + HEAD_LINES)
    else:
        head = min(definition.last, definition.line + HEAD_LINES)
    around = [(max(definition.first, n - AROUND), min(definition.last, n + AROUND)) for n in part.hits]
    return list(merged([(definition.first, max(head, definition.line)), *around]))


def callees(
    chosen: Sequence[Definition], lines: Sequence[str], found: Sequence[Definition], left: int
) -> list[tuple[int, int]]:
    """Short functions of this file that the chosen ones call, as far as `left` lines go."""
    namesakes = Counter(definition.name for definition in found)
    short = {
        d.name: d
        for d in found
        if namesakes[d.name] == 1 and not d.is_class and d.last - d.first < CALLEE_LINES
    }  # fmt: skip
    spans: list[tuple[int, int]] = []
    for caller in chosen:
        for name in dict.fromkeys(CALL.findall("\n".join(lines[caller.line : caller.last]))):
            callee = short.get(name)
            if callee is None or any(d.first <= callee.first <= d.last for d in chosen) or caller.is_class:
                continue
            size = callee.last - callee.first + 1
            if size <= left and len(spans) < MAX_CALLEES and (callee.first, callee.last) not in spans:
                spans.append((callee.first, callee.last))
                left -= size
    return spans
