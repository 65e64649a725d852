"""The condensed view of a repository that a planner reads: a map, excerpts of located files, the state of the tests."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from coderoute.domain.excerpts import definitions, merged, outline, spoken_of
from coderoute.domain.file_kinds import is_code
from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.lines import lines_of
from coderoute.domain.repo_map import Definition as Mapped
from coderoute.domain.repo_map import MappedFile, repo_map
from coderoute.domain.secret_files import is_secret_file
from coderoute.lookups import numbered
from coderoute.ports import Repository

MAP_PATHS = 160
SYMBOL_CHARS = 4_000
"""About 1,300 tokens, of a prompt of some 8,000."""
MAPPED_FILES = 30
MAX_MAPPED_BYTES = 400_000
EXCERPT_CHARS = 30_000
WHOLE_FILE_LINES = 220
MAX_SYMBOLS = 60
MAX_DEFINITIONS = 8
MAX_EXCERPTS = 8
"""Files behind these are named only."""
AROUND = 12
"""Lines shown on each side of a line that matched."""
WORD = re.compile(r"[a-z_]\w+")


def definitions_map(places: Sequence[tuple[str, str, tuple[int, ...]]], tree: str, repository: Repository) -> str:
    """What is defined in those of `places` (path, why, best lines; best first) that no excerpt is shown of; empty where
    there are none."""
    symbols = repo_map(list(mapped(places[MAX_EXCERPTS:], tree, repository)), budget_chars=SYMBOL_CHARS)
    return f"Definitions in further files that may matter (line| text):\n{symbols}" if symbols else ""


def mapped(
    places: Sequence[tuple[str, str, tuple[int, ...]]], tree: str, repository: Repository
) -> Iterator[MappedFile]:  # fmt: skip
    """The located source files with their definitions; those that come first weigh more."""
    for number, (path, _, _) in enumerate(places[:MAPPED_FILES], 1):
        data = None if is_secret_file(path) or not is_code(path) else repository.read(tree, path)
        if data is None or b"\0" in data[:8192] or len(data) > MAX_MAPPED_BYTES:
            continue
        text = data.decode("utf-8", "replace")
        rows = lines_of(text)
        found = definitions(text)
        outer = [d for d in found if d.outer is None or found[d.outer].is_class]
        shown = tuple(Mapped(line=d.line, text=rows[d.line - 1]) for d in outer)
        if shown:
            yield MappedFile(path=path, score=1 / number, definitions=shown)


def repository_map(paths: Sequence[str]) -> str:
    """The paths; for a large repository its folders with their numbers of files."""
    if len(paths) <= MAP_PATHS:
        return "\n".join(paths)
    folders: Counter[str] = Counter()
    for path in paths:
        parts = path.split("/")[:-1]
        folders["/".join(parts[:3]) + "/" if parts else "(root)"] += 1
    rows = [f"{folder}  {count} files" for folder, count in sorted(folders.items())]
    more = [f"... {len(rows) - MAP_PATHS} more folders"] if len(rows) > MAP_PATHS else []
    return "\n".join(rows[:MAP_PATHS] + more)


def excerpts(places: Sequence[tuple[str, str, tuple[int, ...]]], words: str, tree: str, repository: Repository) -> str:
    """Each (path, why, best lines): short files whole, of long ones the definitions that `words` name whole and the
    lines that matched best. What no longer fits is named only."""
    parts: list[str] = []
    left = EXCERPT_CHARS
    for number, (path, why, lines) in enumerate(places, 1):
        data = None if is_secret_file(path) else repository.read(tree, path)
        if data is None or b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", "replace")
        body = excerpt(text, lines, words)
        if len(body) > left:
            body = outline(text, limit=MAX_SYMBOLS)
        if len(body) > left or number > MAX_EXCERPTS:
            body = ""
        parts.append(f"## {path} ({len(lines_of(text))} lines; matched: {why})" + (f"\n{body}" if body else ""))
        left -= len(body)
    return "\n\n".join(parts) or "(no file matched; search for it)"


def excerpt(text: str, lines: Sequence[int], words: str) -> str:
    total = len(lines_of(text))
    if total <= WHOLE_FILE_LINES:
        return numbered(text)
    spans = spoken_of(text, words, limit=MAX_DEFINITIONS)
    if not spans:
        spans = merged((max(1, line - AROUND), min(total, line + AROUND)) for line in lines)
    shown = "\n   ...\n".join(numbered(text, first, last) for first, last in spans)
    return f"symbols:\n{outline(text, limit=MAX_SYMBOLS)}\n\nexcerpts:\n{shown}"


def tests_digest(report: TestReport | None, test_files: Sequence[str], words: str) -> str:
    """How the suite stands on the base commit, and the test ids of the files that matter."""
    if report is None:
        return "This repository has no test command: nothing can be verified by tests."
    if report.granularity != "test":
        return f"The test command ends with exit code {report.exit_code}; single tests are not known."
    failed = sorted(test for test, outcome in report.outcomes.items() if outcome is Outcome.FAILED)
    rows = [
        f"On the base commit: {report.count(Outcome.PASSED)} passed, {len(failed)} failed, "
        f"{report.count(Outcome.SKIPPED)} skipped ({report.framework})."
    ]
    if failed:
        rows += ["Failing already:", *failed[:20]]
        rows += [f"... {len(failed) - 20} more"] if len(failed) > 20 else []
    for path in test_files[:3]:
        ids = [test for test in report.outcomes if test.startswith(f"{path}::")]
        near = nearest(list(dict.fromkeys(test.split("[", 1)[0] for test in ids)), words)
        if near:
            rows += [f"Tests in {path} ({len(ids)}), those nearest to the issue:", *near[:8]]
        elif ids:
            rows.append(f"Tests in {path}: {len(ids)}")
    return "\n".join(rows)


def nearest(ids: Sequence[str], words: str) -> list[str]:
    """The ids with words of the issue in their names, those with most first."""
    wanted = {part for word in WORD.findall(words.lower()) for part in word.split("_") if len(part) > 3}

    def hits(test: str) -> int:
        name = test.split("::", 1)[-1].lower()
        return sum(1 for word in wanted if word in name)

    return sorted((test for test in ids if hits(test)), key=lambda test: -hits(test))
