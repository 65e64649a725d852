"""What a file says as code: the definitions in it, what it imports, the words it uses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENDING = re.compile(
    r"(?<=\w{3})(?:(?:iz|is|)ations?|(?:iz|is|)ing|(?:iz|)ed|(?:iz|)es|ize|ise|ings|edly|ied|ies|ers|er|ly|s)$"
)
LEAST_STEM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A definition on lines `first` to `last`, from 1. `outer` is the enclosing definition's name, empty at the top."""

    name: str
    outer: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file's content, whatever its name. `words` are its identifiers and words of three characters and more with
    their counts, comments included; `imports` are names of modules or files as the source spells them, in order."""

    symbols: tuple[Symbol, ...] = ()
    imports: tuple[str, ...] = ()
    words: Mapping[str, int]


@lru_cache(maxsize=100_000)
def stems(word: str) -> tuple[str, ...]:
    """The parts of an identifier, small and without their endings: `parseHeaders` and `header_parser` share two."""
    return tuple(stem(part.lower()) for part in _PARTS.findall(word) if len(part) >= LEAST_STEM)


def stem(word: str) -> str:
    word = _ENDING.sub("", word)
    return word[:-1] if word.endswith("e") and len(word) > LEAST_STEM else word
