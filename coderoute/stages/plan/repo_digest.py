"""The condensed view of a repository that a planner reads: a map, excerpts of located files, the state of the tests."""

from collections import Counter
from collections.abc import Sequence

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.lines import lines_of
from coderoute.domain.symbols import outline
from coderoute.lookups import numbered
from coderoute.ports import Repository

MAP_PATHS = 160
EXCERPT_CHARS = 30_000
WHOLE_FILE_LINES = 220
AROUND = 12
"""Lines shown on each side of a line that matched."""


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


def excerpts(places: Sequence[tuple[str, str, tuple[int, ...]]], tree: str, repository: Repository) -> str:
    """Each (path, why, best lines): short files whole, long ones as an outline and the places that matched."""
    parts: list[str] = []
    left = EXCERPT_CHARS
    for path, why, lines in places:
        data = repository.read(tree, path)
        if data is None or b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", "replace")
        body = excerpt(text, lines) if left > 0 else ""
        if len(body) > left:
            body = outline(text)[: max(0, left)]
        count = len(lines_of(text))
        parts.append(f"## {path} ({count} lines; matched: {why})" + (f"\n{body}" if body else ""))
        left -= len(body)
    return "\n\n".join(parts) or "(no file matched; search for it)"


def excerpt(text: str, lines: Sequence[int]) -> str:
    total = len(lines_of(text))
    if total <= WHOLE_FILE_LINES:
        return numbered(text)
    spans: list[tuple[int, int]] = []
    for line in lines:
        start, end = max(1, line - AROUND), min(total, line + AROUND)
        if spans and start <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    shown = "\n   ...\n".join(numbered(text, start, end) for start, end in spans)
    return f"symbols:\n{outline(text)}\n\nexcerpts:\n{shown}"


def tests_digest(report: TestReport | None, test_files: Sequence[str]) -> str:
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
        if ids:
            rows += [f"Tests in {path} ({len(ids)}), for example:", *ids[:6]]
    return "\n".join(rows)
