"""Task -> ranked files and tests, by names, symbols and text search in the base tree; no model is asked."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coderoute.domain.file_kinds import is_test
from coderoute.domain.lines import lines_of
from coderoute.domain.secret_files import is_secret_file
from coderoute.domain.symbols import DEFINITION
from coderoute.domain.task import Task
from coderoute.domain.work import REGULAR, TreeFile
from coderoute.ports import Repository

MAX_FILE_BYTES = 400_000
MAX_FILES_READ = 20_000
KEPT_FILES = 15
IN_CODE = 2.0
"""The weight of a word in back-quotes or a code block."""
PROSE = 0.3
NOT_CODE = 0.25
"""What a match in a text or data file counts, beside one in source code."""
NEVER = re.compile(r"\.(po|pot|svg|lock|csv|min\.js|map)$")
NO_CODE = re.compile(
    r"\.(md|rst|txt|adoc|html?|css|svg|lock|json|ya?ml|toml|cfg|ini|xml|csv|po|pot|ipynb)$|(^|/)(LICENSE|COPYING|CHANGE\w*"
    r"|NEWS|AUTHORS|Makefile|\.[^/]*)$"
)
KEPT_TESTS = 8

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
CODE_SPAN = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
STOP_WORDS = frozenset(
    WORD.findall(
        """the and for that this with from are was were not but you your have has had should would could can will when
        then than there here which what where who how why all any some one two use used using like just only also into
        its expected actual error result returns return value values none true false def class import print self issue
        please keep gives give same other more after before does instead still work works make example"""
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file worth reading, with the reason and the lines that matched best (1-based, at most a few)."""

    path: str
    score: float
    why: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Files and test files in order of promise."""

    files: tuple[Place, ...]
    tests: tuple[Place, ...]


def locate(task: Task, named: Sequence[str], tree: str, repository: Repository) -> Located:
    """The files most likely to change for `task` and the tests that touch them. `named`: paths the issue names."""
    files = [file for file in repository.files(tree) if readable(file)][:MAX_FILES_READ]
    texts = read_texts(files, repository)
    terms = terms_of(task)
    scored = score(texts, terms, frozenset(named))
    sources = [place for place in scored if not is_test(place.path)][:KEPT_FILES]
    tests = tests_for(sources, [place for place in scored if is_test(place.path)], texts)[:KEPT_TESTS]
    return Located(files=with_lines(sources, texts, terms), tests=with_lines(tests, texts, terms))


def readable(file: TreeFile) -> bool:
    if not file.mode.startswith(REGULAR[:3]) or NEVER.search(file.path) or is_secret_file(file.path):
        return False
    return file.size is not None and 0 < file.size <= MAX_FILE_BYTES


def read_texts(files: Sequence[TreeFile], repository: Repository) -> dict[str, str]:
    """The text of every file that is text."""
    blobs = repository.read_many(sorted({file.oid for file in files}))
    texts: dict[str, str] = {}
    for file in files:
        data = blobs.get(file.oid)
        if data is not None and b"\0" not in data[:8192]:
            texts[file.path] = data.decode("utf-8", "replace")
    return texts


def terms_of(task: Task) -> dict[str, float]:
    """The issue's identifiers and words with their weight: code counts more than prose, the title more than the body.

    A word with a capital is looked for in small letters too: it may only begin a sentence.
    """
    weights: dict[str, float] = {}

    def add(text: str, weight: float) -> None:
        for word in WORD.findall(text):
            if word.lower() in STOP_WORDS:
                continue
            looks_like_code = "_" in word or any(c.isupper() for c in word[1:])
            for spelling in {word, word.lower()} if word.istitle() else {word}:
                found = weight * (2.0 if looks_like_code or weight == IN_CODE else PROSE)
                weights[spelling] = max(weights.get(spelling, 0.0), found)

    # plain words of a sentence stand in every manual; what is spelled as code points to code
    add(task.body, 1.0)
    add(task.title, 1.5)
    for span in CODE_SPAN.findall(f"{task.title}\n{task.body}"):
        add(span, IN_CODE)
    return weights


def score(texts: Mapping[str, str], terms: Mapping[str, float], named: frozenset[str]) -> list[Place]:
    """Every file with any match, best first: rare terms count more, definitions of a term most of all."""
    counts = {path: Counter(word for word in WORD.findall(text) if word in terms) for path, text in texts.items()}
    documents = Counter(term for found in counts.values() for term in found)
    total = max(1, len(texts))
    places: list[Place] = []
    for path, found in counts.items():
        reasons: list[tuple[float, str]] = []
        defined = set(DEFINITION.findall(texts[path])) if found else set()
        words_of_path = set(WORD.findall(path))
        for term in terms.keys() & (found.keys() | words_of_path):
            rarity = math.log(1 + total / (1 + documents[term]))
            value = math.log1p(found[term]) + 3.0 * (term in defined) + 1.5 * (term in words_of_path)
            reasons.append((terms[term] * rarity * value, f"defines {term}" if term in defined else term))
        if path in named:
            reasons.append((100.0, "named in the issue"))
        if reasons:
            reasons.sort(key=lambda reason: (-reason[0], reason[1]))
            kind = NOT_CODE if NO_CODE.search(path) and path not in named else 1.0
            value = round(kind * sum(value for value, _ in reasons), 3)
            why = ", ".join(why for _, why in reasons[:4])
            places.append(Place(path=path, score=value, why=why, lines=()))
    return sorted(places, key=lambda place: (-place.score, place.path))


def with_lines(
    places: Sequence[Place], texts: Mapping[str, str], terms: Mapping[str, float]
) -> tuple[Place, ...]:  # fmt: skip
    return tuple(replace(place, lines=best_lines(texts[place.path], terms)) for place in places)


def best_lines(text: str, terms: Mapping[str, float], limit: int = 6) -> tuple[int, ...]:
    """The lines with the most weight of terms; a line that defines one counts thrice."""
    weighed: list[tuple[float, int]] = []
    for number, line in enumerate(lines_of(text), 1):
        value = sum(terms[word] for word in set(WORD.findall(line)) if word in terms)
        if value:
            weighed.append((value * 3 if DEFINITION.match(line) else value, number))
    best = sorted(weighed, key=lambda item: (-item[0], item[1]))[:limit]
    return tuple(sorted(number for _, number in best))


def tests_for(sources: Sequence[Place], tests: Sequence[Place], texts: Mapping[str, str]) -> list[Place]:
    """The test files, those first that are named like a promising source or mention its module. A test file without
    any other match is there if it does one of both."""
    modules = {module_of(place.path) for place in sources[:3]} - {""}
    mentions = re.compile(rf"\b({'|'.join(map(re.escape, sorted(modules)))})\b") if modules else None

    def touches(path: str) -> bool:
        name = path.rsplit("/", 1)[-1]
        return any(module in name for module in modules) or bool(mentions and mentions.search(texts[path]))

    known = {test.path for test in tests}
    others = [
        Place(path=path, score=0.1, why="mentions a promising file", lines=())
        for path in texts
        if path not in known and is_test(path) and touches(path)
    ]
    ranked = [(test.score * (2.0 if touches(test.path) else 1.0), test) for test in (*tests, *others)]
    return [test for _, test in sorted(ranked, key=lambda item: (-item[0], item[1].path))]


def module_of(path: str) -> str:
    """The name a test would import: the file's without its ending, the folder's for a package's own file."""
    parts = path.rsplit(".", 1)[0].split("/")
    name = parts[-1] if parts[-1].strip("_") not in ("init", "main", "index", "mod") else "".join(parts[-2:-1])
    return name.strip("_")
