"""The passage of a file that speaks most of some words: a definition of its own, or some lines together.

A long file says every word somewhere; a fault is where they stand together.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from coderoute.domain.bm25 import frequency
from coderoute.domain.code_facts import WORD, Symbol, stems
from coderoute.domain.lines import lines_of

WINDOW_LINES = 60
STEP_LINES = 30
LONGEST_DEFINITION = 150
"""Lines; a longer one is seen through windows only."""
USUAL_PARTS = 120.0
"""Parts of words in a passage: the mean that BM25 holds a length against."""
B = 0.75
MOST_LINES = 20_000
MOST_DEFINITIONS = 3_000
"""What stands behind these is not looked at: nobody wrote it by hand."""


def best_passage(text: str, symbols: Sequence[Symbol], weights: Mapping[str, float]) -> float:
    """What the passage is worth in which parts of words with `weights` stand most densely."""
    parts_of: dict[str, tuple[str, ...]] = {}
    lines: list[tuple[list[str], int]] = []
    for line in lines_of(text)[:MOST_LINES]:
        parts: list[str] = []
        length = 0
        for word in WORD.findall(line):
            if word not in parts_of:
                parts_of[word] = stems(word)
            length += len(parts_of[word])
            parts += [part for part in parts_of[word] if part in weights]
        lines.append((parts, length))
    return max((_worth(lines[first:last], weights) for first, last in _spans(len(lines), symbols)), default=0.0)


def _spans(total: int, symbols: Sequence[Symbol]) -> Iterator[tuple[int, int]]:
    for symbol in symbols[:MOST_DEFINITIONS]:
        if symbol.last - symbol.first <= LONGEST_DEFINITION:
            yield symbol.first - 1, symbol.last
    for start in range(0, total, STEP_LINES):
        yield start, start + WINDOW_LINES


def _worth(lines: Sequence[tuple[list[str], int]], weights: Mapping[str, float]) -> float:
    counts: Counter[str] = Counter()
    length = 0
    for parts, line_length in lines:
        if parts:
            counts.update(parts)
        length += line_length
    return sum(weights[part] * frequency(counts[part], length, USUAL_PARTS, B) for part in sorted(counts))
