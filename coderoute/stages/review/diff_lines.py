"""Which lines of the new files a patch shows: where a finding may point."""

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from coderoute.domain.hunks import unquoted as unquoted


def shown_lines(patch: bytes) -> dict[str, frozenset[int]] | None:
    """Path -> its line numbers (of the new file) that stand in the patch; None if the patch cannot be parsed.

    A deleted file has its old lines.
    """
    try:
        files = PatchSet(patch.decode("utf-8", "surrogateescape"))
    except UnidiffParseError:
        return None
    found: dict[str, frozenset[int]] = {}
    for file in files:
        if file.is_removed_file:
            numbers = {line.source_line_no for hunk in file for line in hunk if line.source_line_no}
        else:
            numbers = {line.target_line_no for hunk in file for line in hunk if line.target_line_no}
        path = unquoted(str(file.path))
        found[path] = found.get(path, frozenset()) | numbers
    return found


def touched_lines(patch: bytes) -> dict[str, frozenset[int]]:
    """Path -> the lines of the new file that were added, and those behind removed ones; no context."""
    try:
        files = PatchSet(patch.decode("utf-8", "surrogateescape"))
    except UnidiffParseError:
        return {}
    found: dict[str, frozenset[int]] = {}
    for file in files:
        numbers: set[int] = set()
        for hunk in file:
            at = hunk.target_start
            for line in hunk:
                if not line.is_context:
                    numbers.add(at)
                if not line.is_removed:
                    at += 1
        path = unquoted(str(file.path))
        found[path] = found.get(path, frozenset()) | numbers
    return found
