"""Which lines of the new files a patch shows: where a finding may point."""

from unidiff.patch import PatchSet
from unidiff.errors import UnidiffParseError


def lines_of(patch: bytes) -> dict[str, frozenset[int]] | None:
    """Path -> its line numbers (of the new file) that stand in the patch; None if the patch cannot be parsed.

    Paths are those of the patch's headers without `b/`; a quoted path is left out, a deleted file has its old lines.
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
        found[str(file.path)] = frozenset(numbers)
    return found
