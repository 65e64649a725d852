"""A change carried over to another base: whether it is still the same lines, and where a review's findings are now."""

from collections.abc import Sequence
from dataclasses import replace

from coderoute.domain.hunks import Piece
from coderoute.domain.judgement import Finding, Review

Changed = dict[str, list[tuple[str, bytes]]]
"""Path -> (sign, text) of its added and removed lines, in order."""


def only_base_changed(before: Sequence[Piece], after: Sequence[Piece]) -> bool:
    """Whether two patches add and remove the same lines in the same files; where these lines are may differ."""
    return changed_lines(before) == changed_lines(after)


def changed_lines(pieces: Sequence[Piece]) -> Changed:
    found: Changed = {}
    for piece in by_place(pieces):
        found.setdefault(piece.path, []).extend((line.sign, line.data) for line in piece.lines if line.sign in "+-")
    return found


def carried_review(review: Review, before: Sequence[Piece], after: Sequence[Piece], patch_sha256: str) -> Review:
    """What was said of `before`, about the same lines in `after`."""
    findings = tuple(replace(found, line=moved_line(found, before, after)) for found in review.findings)
    summary = f"{review.summary}\n(Said of the same lines on the base before.)"
    return replace(review, findings=findings, summary=summary, patch_sha256=patch_sha256)


def moved_line(found: Finding, before: Sequence[Piece], after: Sequence[Piece]) -> int:
    """The finding's line, as far along as the added line next above it (or else the first of the file) moved."""
    old, new = added(found.path, before), added(found.path, after)
    nearest = max((index for index, line in enumerate(old) if line <= found.line), default=0)
    return found.line + (new[nearest] - old[nearest] if nearest < min(len(old), len(new)) else 0)


def added(path: str, pieces: Sequence[Piece]) -> list[int]:
    """The numbers of the added lines of a file."""
    lines = (line for piece in by_place(pieces) if piece.path == path for line in piece.lines)
    return [line.new for line in lines if line.sign == "+" and line.new is not None]


def by_place(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (piece.path, piece.hunk))
