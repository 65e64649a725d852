"""The test files that a step's change can concern, so that between steps not the whole suite has to run.

Whoever is left out here runs before the review all the same; in doubt, everything runs.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from coderoute.domain import python_uses, script_uses
from coderoute.domain.file_kinds import is_code, is_prose, is_test
from coderoute.domain.judgement import TestReport
from coderoute.domain.test_frameworks import JEST, NODE, PYTEST, UNITTEST, VITEST
from coderoute.domain.watched import watched
from coderoute.domain.work import REGULAR
from coderoute.ports import Repository
from coderoute.stages.verify.selection import file_of

MOST = 0.6
"""Where this share of the tests would run, all may."""

NEAR = (2, 1)
"""Steps from a test to a changed file where all of them are too many. Of 30 mutants of humanize that its suite notices
the tests one step away notice 30."""

WORTH_IT_S = 10.0
"""A suite that is done in this time is not worth the doubt."""

MAX_FILE_BYTES = 1_000_000
MAX_FILES = 20_000

_SETTINGS = re.compile(r"(^|/)(pyproject\.toml|setup\.cfg|tox\.ini|\.?pytest\.(ini|toml))$")


def affected(
    changed: Collection[str], *, checks: Sequence[str], texts: Mapping[str, str], baseline: TestReport
) -> tuple[str, ...] | None:
    """The test files to run for a change, sorted, never none; None: the whole suite.

    They are the changed tests, those of the checks, those named like a changed file, and those that use one: over any
    number of files in between or, where that is most of the suite, over one at most or none.

    Args:
        changed: paths that differ from what was tested last.
        checks: the step's checks, test ids and commands.
        texts: path -> text of the code and settings of the tree after the change, see `texts_of`.
    """
    suite = Counter(map(file_of, baseline.outcomes))
    if baseline.problem is not None or baseline.granularity != "test" or baseline.duration_s < WORTH_IT_S:
        return None
    concerned = [path for path in changed if not is_prose(path) and not path.endswith(".pyi")]
    uses = _uses(baseline.framework, texts, concerned)
    if uses is None or not all(_is_plain(path, uses) for path in concerned):
        return None
    users: dict[str, set[str]] = defaultdict(set)
    for user, used in uses.items():
        for path in used:
            users[path].add(user)
    if any(_is_mystery(path, suite, users) for path in concerned):
        return None
    runnable = {path for path in {*suite, *concerned} if path in suite or _is_named_as_test(path)} & texts.keys()
    always = {path for path in suite if path not in texts}  # too large to look into, or no text
    always |= runnable & {*concerned, *(file_of(check) for check in checks)}
    always |= {path for path in runnable if any(_is_named_after(path, other) for other in concerned)}
    for hops in (len(texts), *NEAR):
        chosen = always | (runnable & _within(users, concerned, hops))
        if chosen and sum(suite[path] or 1 for path in chosen) <= MOST * suite.total():
            return tuple(sorted(chosen))
    return None


def texts_of(tree: str, repository: Repository) -> dict[str, str]:
    """Path -> text of the code and the Python settings of `tree`, without what is too large; nothing of a tree with
    too many files."""
    files = [
        file
        for file in repository.files(tree)
        if file.mode.startswith(REGULAR[:3])
        and (is_code(file.path) or _SETTINGS.search(file.path))
        and file.size is not None
        and file.size <= MAX_FILE_BYTES
    ]
    if len(files) > MAX_FILES:
        return {}
    blobs = repository.read_many(sorted({file.oid for file in files}))
    return {file.path: blobs[file.oid].decode("utf-8", "replace") for file in files if file.oid in blobs}


def _uses(framework: str, texts: Mapping[str, str], changed: Collection[str]) -> dict[str, frozenset[str]] | None:
    """Path -> the paths it uses; None where that cannot be told."""
    if framework in (PYTEST, UNITTEST):
        odd = any("python_files" in text for path, text in texts.items() if _SETTINGS.search(path))
        return None if odd else python_uses.uses(texts)
    if framework in (JEST, VITEST, NODE):
        odd = any(script_uses.is_named_otherwise(path, texts) for path in changed)
        return None if odd else script_uses.uses(texts)
    return None


def _is_plain(path: str, uses: Collection[str]) -> bool:
    """Whether the users of `path` are known: it is source code there after the change, and neither a package's own
    file, which runs with everything in the package, nor a part of the tests' or the build's configuration."""
    name = path.rpartition("/")[2]
    return path in uses and name not in ("__init__.py", "conftest.py") and not watched(path, None, None)


def _is_mystery(path: str, suite: Collection[str], users: Mapping[str, Collection[str]]) -> bool:
    """Whether the file lies among the tests, and nothing tells which of them it is for."""
    return is_test(path) and path not in suite and not _is_named_as_test(path) and not users.get(path)


def _is_named_as_test(path: str) -> bool:
    return re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$|\.(test|spec)\.[cm]?[jt]sx?$", path) is not None


def _is_named_after(test: str, path: str) -> bool:
    """Whether the test file is called like the other file: test_fields.py, test_pkg_fields.py, fields.test.js."""
    stem = path.rpartition("/")[2].rpartition(".")[0].strip("_").lower()
    words = re.sub(r"^test_|(_test|\.test|\.spec)$", "", test.rpartition("/")[2].rpartition(".")[0].lower())
    return len(stem) > 1 and (words == stem or words.endswith(f"_{stem}"))


def _within(users: Mapping[str, Collection[str]], start: Collection[str], hops: int) -> set[str]:
    """What uses one of `start`, over at most `hops` steps."""
    found: set[str] = set()
    edge = set(start)
    for _ in range(hops):
        edge = {user for path in edge for user in users.get(path, ())} - found
        if not edge:
            break
        found |= edge
    return found
