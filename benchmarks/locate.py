"""Of the files that a fix changed, how many stand first in a ranking made from the words of the fix alone.

    python benchmarks/locate.py --repos DIR [--per-repo 5] [--skip 0] [--only NAME ...] [--also aider.jsonl]

Every ranking orders the same files: the non-test sources of the tree before the fix. Rows of one table can be compared;
tables over different clones cannot.
"""

import argparse
import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixes import Clone, Fix, clones, is_source, mine

from coderoute.adapters.code_plain import PlainReader
from coderoute.adapters.code_treesitter import TreeSitterReader
from coderoute.adapters.facts_inmemory import InMemoryFacts
from coderoute.code_index import CodeIndex
from coderoute.domain.code_facts import stems
from coderoute.domain.excerpts import definitions
from coderoute.domain.issue_words import STOP_WORDS
from coderoute.domain.lines import lines_of
from coderoute.domain.past import PastCommit
from coderoute.domain.repo_map import Definition, MappedFile, repo_map
from coderoute.domain.task import Base, Task
from coderoute.domain.work import TreeFile
from coderoute.stages.locate import locate, readable

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
FIRST = (1, 5, 10)
CHARACTERS_A_TOKEN = 4
K1, B = 1.2, 0.75


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The sources a fix could have changed, with their words."""

    words: Mapping[str, Counter[str]]


class Words:
    """Counts of words by blob, remembered over the fixes of a clone so that a run stays short."""

    def __init__(self) -> None:
        self._known: dict[str, Counter[str]] = {}

    def tree(self, clone: Clone, fix: Fix) -> Tree:
        files: Sequence[TreeFile] = [f for f in clone.files(fix.parent_tree) if is_source(f.path) and readable(f)]
        for oid, data in clone.read_many([file.oid for file in files if file.oid not in self._known]).items():
            self._known[oid] = Counter(WORD.findall(data.decode("utf-8", "replace")))
        return Tree(words={file.path: self._known[file.oid] for file in files})


def words_of(fix: Fix) -> list[str]:
    return [word for word in WORD.findall(f"{fix.title}\n{fix.body}") if word.lower() not in STOP_WORDS]


def rarest_identifiers(fix: Fix, tree: Tree) -> list[str]:
    """What a person does who greps for each word and reads what has the rarest ones."""
    asked = set(words_of(fix))
    holders = Counter(word for counts in tree.words.values() for word in asked & counts.keys())
    total = len(tree.words)
    worth = {path: sum(math.log(1 + total / holders[word]) for word in asked & counts.keys())
             for path, counts in tree.words.items()}  # fmt: skip
    return best_first(worth)


def bm25(fix: Fix, tree: Tree) -> list[str]:
    """Okapi BM25 over the parts of identifiers, stemmed as ours are."""
    asked = {part for word in words_of(fix) for part in stems(word)}
    documents: dict[str, Counter[str]] = {}
    lengths: dict[str, int] = {}
    for path, counts in tree.words.items():
        parts: Counter[str] = Counter()
        for word, count in counts.items():
            for part in stems(word):
                parts[part] += count
        documents[path], lengths[path] = parts, sum(parts.values())
    holders = Counter(part for parts in documents.values() for part in asked & parts.keys())
    total, mean = len(documents), sum(lengths.values()) / max(1, len(documents))

    def worth(path: str) -> float:
        parts, value = documents[path], 0.0
        for part in asked & parts.keys():
            rarity = math.log(1 + (total - holders[part] + 0.5) / (holders[part] + 0.5))
            often = parts[part]
            value += rarity * often * (K1 + 1) / (often + K1 * (1 - B + B * lengths[path] / mean))
        return value

    return best_first({path: worth(path) for path in documents})


def best_first(worth: Mapping[str, float]) -> list[str]:
    return sorted((path for path, value in worth.items() if value), key=lambda path: (-worth[path], path))


Ranking = Callable[[Clone, Fix, Tree], list[str]]


class WithoutHistory(Clone):
    """A clone whose past nobody tells."""

    def __init__(self, clone: Clone) -> None:
        vars(self).update(vars(clone))

    def history(self, commit: str, *, limit: int) -> tuple[PastCommit, ...]:
        del commit, limit
        return ()


def located(index: CodeIndex, *, history: bool = True) -> Ranking:
    """Ours. It also ranks manuals and settings, which are left out here."""

    def ranking(clone: Clone, fix: Fix, tree: Tree) -> list[str]:
        task = Task(source="file", title=fix.title, body=fix.body, sha256="")
        base = Base(commit=fix.parent, tree=fix.parent_tree, target=None, repository_id="")
        found = locate(task, (), base, clone if history else WithoutHistory(clone), index)
        return [place.path for place in found.files if place.path in tree.words]

    return ranking


def rankings() -> dict[str, Ranking]:
    grammars = CodeIndex(TreeSitterReader(PlainReader()), InMemoryFacts())
    return {
        "identifiers by rarity": lambda _, fix, tree: rarest_identifiers(fix, tree),
        "BM25": lambda _, fix, tree: bm25(fix, tree),
        "locate, without grammars": located(CodeIndex(PlainReader(), InMemoryFacts())),
        "locate, without history": located(grammars, history=False),
        "locate": located(grammars),
    }


@dataclass(frozen=True, kw_only=True)
class Other:
    """What locate_aider.py wrote of a fix: an order, and per size of a map the files in it and its tokens."""

    order: list[str]
    maps: Mapping[int, tuple[frozenset[str], int]]


def others_rows(file: Path | None) -> dict[str, Other]:
    """By commit."""
    lines = [] if file is None else [json.loads(line) for line in file.read_text().splitlines()]
    return {
        line["commit"]: Other(
            order=line["order"],
            maps={int(size): (frozenset(map_["files"]), map_["tokens"]) for size, map_ in line["maps"].items()},
        )
        for line in lines
    }


def our_map(clone: Clone, fix: Fix, order: Sequence[str], tokens: int) -> tuple[frozenset[str], int]:
    """The files in a map of ours of that size, and its tokens."""
    files = []
    for place, path in enumerate(order, 1):
        text = (clone.read(fix.parent_tree, path) or b"").decode("utf-8", "replace")
        found, lines = definitions(text), lines_of(text)
        outer = [d for d in found if d.outer is None or found[d.outer].is_class]
        shown = tuple(Definition(line=d.line, text=lines[d.line - 1]) for d in outer)
        files.append(MappedFile(path=path, score=1 / place, definitions=shown))
    text = repo_map(files, budget_chars=tokens * CHARACTERS_A_TOKEN)
    return frozenset(text.split("\n")) & set(order), len(text) // CHARACTERS_A_TOKEN


def maps_table(maps: Mapping[int, Sequence[tuple[float, int, float, int]]]) -> str:
    """Rows of (share in its map, its tokens, share in ours, our tokens), per size."""
    lines = [
        "| map of | aider's: share | tokens | most | ours: share | tokens | most |",
        "|---|---|---|---|---|---|---|",
    ]
    for size, rows in maps.items():
        its, its_tokens, ours, our_tokens = zip(*rows, strict=True)
        lines.append(
            f"| {size} | {sum(its) / len(rows):.2f} | {sum(its_tokens) // len(rows)} | {max(its_tokens)} "
            f"| {sum(ours) / len(rows):.2f} | {sum(our_tokens) // len(rows)} | {max(our_tokens)} |"
        )
    return "\n".join(lines)


def share_among_first(order: Sequence[str], gold: frozenset[str], first: int) -> float:
    return len(gold.intersection(order[:first])) / len(gold)


def table(rows: Mapping[str, Sequence[tuple[Fix, Sequence[str]]]]) -> str:
    lines = [
        "| ranking | first is right | " + " | ".join(f"first {n}" for n in FIRST) + " |",
        "|---|" + "---|" * (len(FIRST) + 1),
    ]
    for name, found in rows.items():
        hits = sum(bool(order) and order[0] in fix.gold for fix, order in found) / len(found)
        shares = [sum(share_among_first(order, fix.gold, n) for fix, order in found) / len(found) for n in FIRST]
        lines.append(f"| {name} | {hits:.2f} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", type=Path, required=True, help="a folder of clones, bare or not")
    parser.add_argument("--per-repo", type=int, default=5)
    parser.add_argument("--skip", type=int, default=0, help="another sample of the same clones")
    parser.add_argument("--only", nargs="*", default=None, help="clones whose name has one of these in it")
    parser.add_argument("--misses", action="store_true", help="print where the last row missed the first five")
    parser.add_argument("--also", type=Path, help="rows of locate_aider.py: only the fixes in it are counted")
    chosen = parser.parse_args()
    others = others_rows(chosen.also)
    rows: dict[str, list[tuple[Fix, list[str]]]] = {}
    maps: dict[int, list[tuple[float, int, float, int]]] = {}
    seconds: Counter[str] = Counter()
    mined: Counter[str] = Counter()
    for clone in clones(chosen.repos):
        wanted = chosen.only is None or any(name in clone.name for name in chosen.only)
        fixes = mine(clone, chosen.per_repo, chosen.skip) if wanted else []
        fixes = [fix for fix in fixes if chosen.also is None or fix.commit in others]
        remembered, ours = Words(), rankings()
        for fix in fixes:
            mined[clone.name] += 1
            tree = remembered.tree(clone, fix)
            if others:
                rows.setdefault("aider's map", []).append((fix, others[fix.commit].order))
            for name, ranking in ours.items():
                started = time.perf_counter()
                rows.setdefault(name, []).append((fix, ranking(clone, fix, tree)))
                seconds[name] += time.perf_counter() - started
            for size, (files, tokens) in others[fix.commit].maps.items() if others else ():
                mine_, my_tokens = our_map(clone, fix, rows["locate"][-1][1], size)
                its_share, our_share = (len(held & fix.gold) / len(fix.gold) for held in (files, mine_))
                maps.setdefault(size, []).append((its_share, tokens, our_share, my_tokens))
        clone.close()
    print(
        f"{sum(mined.values())} fixes of {len(mined)} clones:", ", ".join(f"{n} {count}" for n, count in mined.items())
    )
    print(table(rows))
    if maps:
        print(maps_table(maps))
    print("seconds a fix:", ", ".join(f"{name} {total / sum(mined.values()):.2f}" for name, total in seconds.items()))
    if chosen.misses:
        for fix, order in rows["locate"]:
            if share_among_first(order, fix.gold, 5) < 1:
                print(
                    f"- {fix.repository} {fix.commit[:10]} {fix.title[:80]!r}: {sorted(fix.gold)}; first: {order[:3]}"
                )


if __name__ == "__main__":
    main()
