"""What was changed before, and in what words: the part of a repository's history that says where things are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coderoute.domain.bm25 import Okapi
from coderoute.domain.code_facts import WORD, stems

MOST_PATHS = 20
"""A commit that changed more is about none of them."""
LIKE_IT = 30
"""So many of the commits that speak most as the issue does are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommit:
    """A commit's message and the paths it changed; merges are none."""

    message: str
    paths: tuple[str, ...]


class Past:
    """Commits, newest first, with the parts of words in their messages that an issue asks for."""

    def __init__(self, commits: Iterable[PastCommit], wanted: Mapping[str, float]) -> None:
        self._commits = [commit for commit in commits if 0 < len(commit.paths) <= MOST_PATHS]
        self._wanted = wanted
        self._parts: list[Counter[str]] = []
        self._lengths: list[int] = []
        for commit in self._commits:
            parts = [part for word in WORD.findall(commit.message) for part in stems(word)]
            self._parts.append(Counter(part for part in parts if part in wanted))
            self._lengths.append(len(parts))

    def changed_by_the_like(self, known: Iterable[str]) -> dict[str, float]:
        """What the commits changed that speak most as the issue does; of `known` paths."""
        paths = frozenset(known)
        worth = Okapi(dict(enumerate(self._parts)), dict(enumerate(self._lengths)), b=0.5).worth(self._wanted)
        best = sorted(((value, -number) for number, value in worth.items() if value), reverse=True)[:LIKE_IT]
        found: defaultdict[str, float] = defaultdict(float)
        for value, number in best:
            changed = [path for path in self._commits[-number].paths if path in paths]
            for path in changed:
                found[path] += value * value / len(changed)
        return found

    def spoken_of(self, known: Iterable[str]) -> dict[str, float]:
        """Each of the `known` paths by all that was said of it."""
        parts: dict[str, Counter[str]] = {path: Counter() for path in known}
        lengths = dict.fromkeys(parts, 0)
        for commit, said, length in zip(self._commits, self._parts, self._lengths, strict=True):
            for path in commit.paths:
                if path in parts:
                    parts[path].update(said)
                    lengths[path] += length
        return Okapi(parts, lengths, b=0.3).worth(self._wanted)

    def changed_with(self, others: Mapping[str, float], known: Iterable[str]) -> dict[str, float]:
        """How often each of the `known` paths was changed together with one of `others`, by what those weigh."""
        paths = frozenset(known) - others.keys()
        found: defaultdict[str, float] = defaultdict(float)
        for commit in self._commits:
            worth = max((others[path] for path in commit.paths if path in others), default=0.0)
            changed = [path for path in commit.paths if path in paths] if worth else []
            for path in changed:
                found[path] += worth / len(changed)
        return found
