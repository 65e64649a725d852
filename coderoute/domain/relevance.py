"""Which files of a tree an issue is about: words, definitions, paths, tests and references, each a part of one score.

To add a sign: write `(Question) -> dict[str, float]` with any unit, put it in SIGNS with its weight, and look at what
benchmarks/locate.py says. Each sign is divided by its greatest value before it is weighed.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from coderoute.domain.code_facts import WORD, FileFacts, stems
from coderoute.domain.file_kinds import is_test
from coderoute.domain.issue_words import IssueWords

K1, B = 1.2, 0.4
"""Of BM25: how fast more of the same word counts less, and how much a long file is held against it (weakly: the file
where most is done is long)."""
FEW_DEFINERS = 2
"""A name that more files define leads to none of them."""
TESTS_ASKED = 3
DEFINED = 3.0
"""A term's definition counts as much more as twenty uses of it do."""
IN_PATH = 1.5
NAMED = 100.0
"""The issue says the file's path: no other sign outweighs that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """A file and its score, of which only the order means something."""

    path: str
    score: float


class TreeFacts:
    """Facts of all files, with what is derived from all of them once."""

    def __init__(self, facts: Mapping[str, FileFacts]) -> None:
        self.facts = facts
        self.holders: Counter[str] = Counter()
        self.definers: dict[str, set[str]] = defaultdict(set)
        for path, found in facts.items():
            self.holders.update(found.words.keys())
            for symbol in found.symbols:
                self.definers[symbol.name].add(path)
        self.lengths = {path: sum(found.words.values()) for path, found in facts.items()}
        self.mean_length = max(1.0, sum(self.lengths.values()) / max(1, len(facts)))

    def rarity(self, holders: int) -> float:
        return math.log(1 + (len(self.facts) - holders + 0.5) / (holders + 0.5))

    def frequency(self, count: float, path: str) -> float:
        """Of BM25: from 0 towards K1 + 1."""
        return count * (K1 + 1) / (count + K1 * (1 - B + B * self.lengths[path] / self.mean_length))

    def used_definitions(self, path: str) -> set[str]:
        """The names the file uses that are defined somewhere."""
        return self.definers.keys() & self.facts[path].words.keys()


class Question:
    """An issue and the tree it is asked of, with what several signs need."""

    def __init__(self, tree: TreeFacts, issue: IssueWords) -> None:
        self.tree = tree
        self.issue = issue

    @cached_property
    def by_words(self) -> dict[str, float]:
        """The issue's words as they are spelled."""
        tree, found = self.tree, dict[str, float]()
        weights = {name: weight * tree.rarity(tree.holders[name]) for name, weight in self.issue.names.items()}
        for path, facts in tree.facts.items():
            common = sorted(weights.keys() & facts.words.keys())
            found[path] = sum(weights[name] * tree.frequency(facts.words[name], path) for name in common)
        return found

    @cached_property
    def by_parts(self) -> dict[str, float]:
        """Parts of the issue's words in parts of the file's."""
        tree, wanted = self.tree, self.issue.stems
        meant = {word: found for word in tree.holders if (found := [p for p in stems(word) if p in wanted])}
        counts: dict[str, Counter[str]] = {}
        holders: Counter[str] = Counter()
        for path, facts in tree.facts.items():
            counts[path] = Counter()
            for word in meant.keys() & facts.words.keys():
                for part in meant[word]:
                    counts[path][part] += facts.words[word]
            holders.update(counts[path].keys())
        weights = {part: wanted[part] * tree.rarity(count) for part, count in holders.items()}
        return {
            path: sum(weights[part] * tree.frequency(counted[part], path) for part in sorted(counted))
            for path, counted in counts.items()
        }

    def first_tests(self, limit: int) -> list[tuple[str, float]]:
        """The tests that speak as the issue does, best first, with how much they do."""
        value = {p: round(self.by_words[p] + self.by_parts[p], 6) for p in self.tree.facts if is_test(p)}
        return sorted(((p, v) for p, v in value.items() if v), key=lambda item: (-item[1], item[0]))[:limit]


Sign = Callable[[Question], dict[str, float]]


def words(question: Question) -> dict[str, float]:
    return question.by_words


def as_spelled(question: Question) -> dict[str, float]:
    """Terms in the text, in the path and, most of all, defined."""
    tree, terms = question.tree, question.issue.terms
    rarity = {term: math.log(1 + len(tree.facts) / (1 + tree.holders[term])) for term in terms}
    found: dict[str, float] = {}
    for path, facts in tree.facts.items():
        in_path = set(WORD.findall(path))
        worth = 0.0
        for term in sorted(terms.keys() & (facts.words.keys() | in_path)):
            defined = term in tree.definers and path in tree.definers[term]
            value = math.log1p(facts.words.get(term, 0)) + DEFINED * defined + IN_PATH * (term in in_path)
            worth += terms[term] * rarity[term] * value
        found[path] = worth
    return found


def parts_of_words(question: Question) -> dict[str, float]:
    return question.by_parts


def parts_defined(question: Question) -> dict[str, float]:
    """Parts of the issue's words in the names of definitions."""
    tree, issue = question.tree, question.issue
    definers: dict[str, set[str]] = defaultdict(set)
    for name, paths in tree.definers.items():
        for part in stems(name):
            if part in issue.stems:
                definers[part] |= paths
    return _sum_by_path(tree, issue, definers)


def parts_of_paths(question: Question) -> dict[str, float]:
    """Parts of the issue's words in the path."""
    tree, issue = question.tree, question.issue
    holders: dict[str, set[str]] = defaultdict(set)
    for path in tree.facts:
        for word in WORD.findall(path.rpartition(".")[0] or path):
            for part in stems(word):
                if part in issue.stems:
                    holders[part].add(path)
    return _sum_by_path(tree, issue, holders)


def _sum_by_path(tree: TreeFacts, issue: IssueWords, holders: Mapping[str, set[str]]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for part in sorted(holders):
        for path in holders[part]:
            found[path] += issue.stems[part] * tree.rarity(len(holders[part]))
    return found


def used_by_tests(question: Question) -> dict[str, float]:
    """What the tests that speak as the issue does make use of."""
    return _led_to(question.tree, question.first_tests(TESTS_ASKED))


def _led_to(tree: TreeFacts, files: list[tuple[str, float]]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for place, (path, value) in enumerate(files, 1):
        for name in sorted(tree.used_definitions(path)):
            definers = tree.definers[name]
            if len(definers) <= FEW_DEFINERS:
                for other in sorted(definers - {path}):
                    found[other] += value * tree.rarity(tree.holders[name]) / place
    return found


def in_traces(question: Question) -> dict[str, float]:
    """Files of the issue's stack traces. A printed path ends like the file's own, or the other way round."""
    tree, issue = question.tree, question.issue
    found: dict[str, float] = {}
    for frame in issue.frames:
        name = frame.path.rpartition("/")[2]
        ends = [path for path in tree.facts if path.rpartition("/")[2] == name]
        near = [path for path in ends if f"/{frame.path}".endswith(f"/{path}") or f"/{path}".endswith(f"/{frame.path}")]
        tails = [path for path in ends if path.split("/")[-2:] == frame.path.split("/")[-2:]]
        for path in near or tails or (ends if len(ends) == 1 else []):
            found[path] = 1.0
    return found


SIGNS: tuple[tuple[Sign, float], ...] = (
    (as_spelled, 1.0),
    (words, 0.5),
    (parts_of_words, 0.5),
    (parts_defined, 0.3),
    (parts_of_paths, 1.0),
    (used_by_tests, 0.5),
    (in_traces, 1.5),
)
"""Round weights near the best for thirteen clones; they held on six others (benchmarks/README.md)."""
SPOKEN: tuple[Sign, ...] = (as_spelled, words, parts_of_words, parts_defined, parts_of_paths, in_traces)
"""A file in which none of these finds anything is not promising, whoever uses it."""

REASONS = 4


def relevance(tree: TreeFacts, issue: IssueWords, named: frozenset[str]) -> list[Relevance]:
    """Every file that the issue speaks of, best first; tests are measured by tests, other files by other files.

    `named`: paths that the issue names in full.
    """
    question = Question(tree, issue)
    scores: dict[str, float] = dict.fromkeys(tree.facts, 0.0)
    spoken: set[str] = {path for path in named if path in tree.facts}
    for path in spoken:
        scores[path] += NAMED
    for sign, weight in SIGNS:
        found = {path: value for path, value in sign(question).items() if value}
        greatest = {
            side: max((v for p, v in found.items() if is_test(p) is side), default=1.0) for side in (False, True)
        }
        for path, value in found.items():
            scores[path] += weight * value / greatest[is_test(path)]
        if sign in SPOKEN:
            spoken |= found.keys()
    best = sorted(spoken, key=lambda path: (-round(scores[path], 6), path))
    return [Relevance(path=path, score=round(scores[path], 6)) for path in best]


def why(tree: TreeFacts, issue: IssueWords, path: str, named: frozenset[str]) -> str:
    """What speaks most for the file, for a person and a model to read."""
    facts = tree.facts[path]
    defined = {symbol.name for symbol in facts.symbols}
    terms = [
        (weight * tree.rarity(tree.holders[term]) * (DEFINED if term in defined else 1.0), term)
        for term, weight in issue.terms.items()
        if term in facts.words
    ]
    terms.sort(key=lambda item: (-item[0], item[1]))
    reasons = ["named in the issue"] if path in named else []
    reasons += ["in a stack trace"] if path in in_traces(Question(tree, issue)) else []
    reasons += [f"defines {term}" if term in defined else term for _, term in terms]
    return ", ".join(reasons[:REASONS]) or "words like the issue's"
