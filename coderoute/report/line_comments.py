"""What a review found, as comments beside the lines of a pull request; every word of it is a model's."""

from collections.abc import Mapping, Sequence
from typing import cast

from coderoute.domain.forge import Findings, LineRemark
from coderoute.domain.hunks import Piece, pieces
from coderoute.report.plain import Json
from coderoute.report.pull_request import MAX_BODY_CHARS, MAX_ROWS, code, cut, more, place, plain, rows_of, section


def marker(run_id: str, commit: str) -> str:
    """By which the findings on one head are found again: another head has its own."""
    return f"<!-- coderoute:run={run_id} findings={commit} -->"


def findings_of(doc: Mapping[str, object], patch: bytes, commit: str) -> Findings | None:
    """The review's findings on the head `commit`, whose patch is `patch`; None where it found nothing.

    Those that point to no line of the patch, and what is more than the first ones, are in the text.
    """
    review = section(doc, "review")
    found = rows_of(review, "findings")
    if not found:
        return None
    whole = pieces(patch)
    remarks: list[LineRemark] = []
    rows: list[Json] = []
    for finding in found:
        remark = remark_of(finding, whole)
        if remark is None or len(remarks) == MAX_ROWS:
            rows.append(finding)
        else:
            remarks.append(remark)
    head = f"**coderoute**: findings of {code(review.get('model'))}, a model, on {code(commit[:12])}."
    mark = marker(str(doc["run_id"]), commit)
    return Findings(body=said(head, rows, mark), whole=said(head, found, mark), remarks=tuple(remarks))


def remark_of(finding: Json, patch: Sequence[Piece]) -> LineRemark | None:
    """None where the finding points to no line of the patch."""
    path, line = str(finding["path"]), cast(int, finding["line"])
    piece = next((piece for piece in patch if piece.path == path and piece.has(line)), None)
    if piece is None:
        return None
    return LineRemark(path=path, line=line, body=words(finding), removed=piece.deletes)


def words(finding: Json) -> str:
    return f"**{plain(finding['severity'])}**: {plain(finding['title'])}. {plain(finding['detail'], 600)}"


def said(head: str, rows: Sequence[Json], mark: str) -> str:
    lines = [f"- {code(place(finding))} {words(finding)}" for finding in rows[:MAX_ROWS]] + more(rows)
    text = cut("\n".join([head, *(["", *lines] if lines else [])]))
    return f"{text[: MAX_BODY_CHARS - len(mark)]}\n\n{mark}"
