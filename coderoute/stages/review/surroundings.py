"""The functions a patch changes, whole: what a reviewer would otherwise have to look up."""

from collections.abc import Collection

from coderoute.domain.excerpts import Definition, definitions, merged
from coderoute.domain.secret_files import is_secret_file
from coderoute.domain.work import Patch
from coderoute.lookups import numbered
from coderoute.ports import Repository

MAX_CHARS = 16_000
MAX_LINES = 150
"""A longer definition is left to be looked up."""


def surroundings(patch: Patch, lines: dict[str, frozenset[int]], repository: Repository) -> str:
    """Of each changed file the innermost definitions that hold lines of the patch, with line numbers."""
    parts: list[str] = []
    left = MAX_CHARS
    for change in patch.changes:
        nothing = change.binary or change.deleted or change.created or is_secret_file(change.path)
        data = None if nothing else repository.read(patch.tree, change.path)
        if data is None:
            continue
        text = data.decode("utf-8", "replace")
        spans = holding(definitions(text), lines.get(change.path, frozenset()))
        body = "\n   ...\n".join(numbered(text, first, last) for first, last in spans)
        if body and len(body) <= left:
            parts.append(f"{change.path}:\n{body}")
            left -= len(body)
    return "\n\n".join(parts) or "(none)"


def holding(found: Collection[Definition], lines: Collection[int]) -> tuple[tuple[int, int], ...]:
    """The spans of the smallest definitions around each of `lines`."""
    spans = set()
    for line in lines:
        around = [(d.first, d.last) for d in found if d.first <= line <= d.last]
        smallest = min(around, key=lambda span: span[1] - span[0], default=None)
        if smallest is not None and smallest[1] - smallest[0] < MAX_LINES:
            spans.add(smallest)
    return merged(spans)
