"""The approved tree, byte for byte -> repository: everything is computed again and must still be the same."""

import hashlib
import re
from datetime import datetime

from coderoute.domain.plan import Plan
from coderoute.domain.run import Approval
from coderoute.domain.task import Base, Task
from coderoute.domain.visible import one_line, visible
from coderoute.domain.work import Patch
from coderoute.errors import Refused
from coderoute.ports import Identity, MergeResult, Repository

MENTION = re.compile(r"(?<!\w)@(?=[A-Za-z0-9])")
CLOSING = re.compile(r"\b(fix(?:e[sd])?|close[sd]?|resolve[sd]?)(\s*:?\s+)(?=#|\w+/\w+#|https?:)", re.IGNORECASE)
TRAILER = re.compile(r"^[ \t]*([A-Za-z][A-Za-z0-9-]*)(?=\s*:\s)", re.MULTILINE)
OURS = ("coderoute-run", "approved-by", "co-authored-by", "signed-off-by", "fixes", "closes", "resolves")


def merge(
    *, repository: Repository, base: Base, patch: Patch, plan: Plan, task: Task, approval: Approval, author: Identity,
    run_id: str,
) -> MergeResult:  # fmt: skip
    """Merges exactly what was approved. Safe to repeat: the same approval makes the same commit.

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
        at=datetime.fromisoformat(approval.at),
    )  # fmt: skip


def branch_name(task: Task, run_id: str) -> str:
    """`coderoute/<issue number or slug>-<run id>`."""
    words = re.findall(r"[a-z0-9]+", task.title.lower())
    slug = "-".join(words)[:40].strip("-") or "change"
    return f"coderoute/{task.number if task.number is not None else slug}-{run_id}"


def commit_message(plan: Plan, approval: Approval, run_id: str, number: int | None) -> str:
    """Subject and body from the plan's summary, made harmless; then our own trailers, the only ones."""
    subject, _, body = plan.summary.strip().partition("\n")
    trailers = [f"Coderoute-Run: {run_id}", f"Approved-by: {one_line(approval.claimed_as or approval.by)}"]
    if number is not None:
        trailers.append(f"Fixes #{number}")
    parts = [harmless(one_line(subject, 72)), harmless(visible(body.strip())), "\n".join(trailers)]
    return "\n\n".join(part for part in parts if part) + "\n"


def harmless(text: str) -> str:
    """Mentions, closing keywords and lines that look like our trailers no longer work."""
    text = MENTION.sub("@ ", text)
    text = CLOSING.sub(lambda found: f"{found.group(1)} issue ", text)
    return TRAILER.sub(lambda m: f"> {m.group(0).strip()}" if m.group(1).lower() in OURS else m.group(0), text)
