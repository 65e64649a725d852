"""Okapi BM25: how much a text speaks of some words, against the other texts."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Generic, TypeVar

K1 = 1.2
"""How fast more of the same word counts less."""

Key = TypeVar("Key")


def rarity(holders: int, total: int) -> float:
    """The weight of a word that `holders` of `total` texts have."""
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))


def frequency(count: float, length: float, mean_length: float, b: float) -> float:
    """From 0 towards K1 + 1. `b`: how much a long text is held against it, 0 to 1."""
    return count * (K1 + 1) / (count + K1 * (1 - b + b * length / mean_length))


class Okapi(Generic[Key]):
    """Texts as counts of words; words nobody will ask for may be left out, `lengths` counts them."""

    def __init__(self, texts: Mapping[Key, Counter[str]], lengths: Mapping[Key, int], *, b: float) -> None:
        self._texts = texts
        self._lengths = lengths
        self._b = b
        self._mean = max(1.0, sum(lengths.values()) / max(1, len(lengths)))
        self._holders = Counter(word for counts in texts.values() for word in counts)

    def worth(self, wanted: Mapping[str, float]) -> dict[Key, float]:
        """Every text's, 0 where it has no word of `wanted` (word -> weight)."""
        weights = {w: weight * rarity(self._holders[w], len(self._texts)) for w, weight in sorted(wanted.items())}
        return {
            key: sum(
                weights[word] * frequency(counts[word], self._lengths[key], self._mean, self._b)
                for word in weights
                if word in counts
            )
            for key, counts in self._texts.items()
        }
