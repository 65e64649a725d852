"""The approved tree, byte for byte -> repository: everything is computed again and must still be the same."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from coderoute.domain.forge import Account
from coderoute.domain.issue_name import GITHUB
from coderoute.domain.plan import Plan
from coderoute.domain.run import Approval
from coderoute.domain.task import Base, Task
from coderoute.domain.visible import one_line, visible
from coderoute.domain.work import Patch
from coderoute.errors import Refused
from coderoute.ports import Identity, MergeResult, Repository

MAX_SUBJECT_CHARS = 72
MAX_SLUG_CHARS = 40

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])|_(?=[A-Za-z0-9])){0,99}")
"""No blank, line end, angle bracket or at sign."""
MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
CLOSING = re.compile(
    r"(?<![A-Za-z])(close[sd]?|closing|fix(?:e[sd])?|fixing|resolve[sd]?|resolving|implement(?:s|ed|ing)?)"
    r"(\s*:?\s*)(?=#\d|GH-\d|[\w.-]+/[\w.-]+#\d|https?:)",
    re.IGNORECASE,
)
"""The words of all forges before an issue's number, name or address."""

TRAILER = re.compile(
    r"^(?=[ \t]*(?:coderoute-[a-z-]+|[a-z-]+-by|fixes|closes|resolves|implements|change-id)[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines that git or a forge would take for something a person or this program had put there."""


def merge(
    *, repository: Repository, base: Base, patch: Patch, plan: Plan, task: Task, approval: Approval, author: Identity,
    run_id: str, replaces: Collection[str] = (),
) -> MergeResult:  # fmt: skip
    """Merges exactly what was approved. Safe to repeat: the same approval makes the same commit. `replaces` are the
    commits at which earlier merges of this run left its branch.

    Raises:
        Refused: the objects no longer give the approved patch, or the target moved.
    """
    recomputed = hashlib.sha256(repository.diff(base.tree, approval.tree)).hexdigest()
    if recomputed != approval.patch_sha256 or approval.tree != patch.tree:
        raise Refused(
            f"the patch is no longer the approved one ({recomputed[:12]} now, {approval.patch_sha256[:12]} approved)",
            remedy="nothing was merged; run coderoute show RUN and approve anew",
        )
    return repository.merge(
        tree=approval.tree, base=base, branch=branch_name(task, run_id),
        message=commit_message(plan, approval, run_id, task.number), author=author,
        at=datetime.fromisoformat(approval.at), replaces=replaces,
    )  # fmt: skip


def branch_name(task: Task, run_id: str) -> str:
    """`coderoute/<issue number or slug>-<run id>`; letters lose their accents, other scripts are left out."""
    plain = unicodedata.normalize("NFKD", task.title).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:MAX_SLUG_CHARS].strip("-") or "change"
    return f"coderoute/{task.number if task.number is not None else slug}-{run_id}"


def co_author(asked: Account, server: str) -> str:
    """Who asked, with the address by which GitHub knows them; empty for who is no person, and on every other server:
    what addresses it gives out we do not know."""
    if server != GITHUB or not asked.human or not asked.id or not LOGIN.fullmatch(asked.login):
        return ""
    return f"{asked.login} <{asked.id}+{asked.login}@users.noreply.github.com>"


def commit_message(
    plan: Plan, approval: Approval | None, run_id: str, number: int | None, *, asked_by: str = "",
    requested_by: str | None = None,
) -> str:  # fmt: skip
    """Subject and body from the plan's summary, made harmless; then our own trailers, the only ones. Without an
    `approval` nobody has approved: the commit is made for people to look at. `asked_by` is of `co_author`,
    `requested_by` the login of who asked for the run."""
    first, _, body = plan.summary.strip().partition("\n")
    subject = one_line(first, MAX_SUBJECT_CHARS) or "Change without a summary"
    if subject != visible(first.strip()):
        body = f"{first}\n{body}"  # what the subject had no room for
    said = harmless("\n\n".join(part for part in (subject, visible(body.strip())) if part))
    trailers = [f"Coderoute-Run: {run_id}"]
    if requested_by:
        trailers.append(f"Requested-by: {harmless(one_line(requested_by))}")
    if approval is not None:
        approver = approval.by if approval.claimed_as is None else f"{approval.by}, as {approval.claimed_as}"
        trailers.append(f"Approved-by: {harmless(one_line(approver))}")
    if asked_by:
        trailers.append(f"Co-authored-by: {asked_by}")
    if number is not None:
        trailers.append(f"Fixes #{number}")
    return "\n\n".join((said, "\n".join(trailers))) + "\n"


def harmless(text: str) -> str:
    """Mentions, closing keywords and lines that look like trailers no longer work."""
    text = MENTION.sub("@ ", text)
    text = CLOSING.sub(lambda found: f"{found.group(1)} issue{found.group(2) or ' '}", text)
    return TRAILER.sub("> ", text)
