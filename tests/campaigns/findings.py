"""What a whole run left behind, and everything in it that is not as in a run that nobody disturbed."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from coderoute.domain.money import CallState, LedgerRow
from tests.campaigns import story
from tests.campaigns.desk import Desk
from tests.campaigns.models import Sold

VOLATILE = frozenset({
    "duration_s", "at", "seconds", "until", "request_id", "path", "commit", "branch", "output_tail", "usage", "id",
    "input_tokens", "repository_id", "commits_s", "output",
})  # fmt: skip
"""Fields of records that are of the moment, the machine or the run."""
OF_PEOPLE = ("withdrawal/", "shown/", "reading/", "send-back/")
"""Records that a person makes by each command they give, also where they give one twice."""
SAID_ONCE = frozenset({"attempt.decided", "review.decided", "plan.quoted"})
"""Lines of the log that stand for a decision."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is the same after every run of a variant."""

    tree: str
    files: dict[str, bytes]
    git_files: frozenset[str]
    records: dict[str, object]
    said: Counter[tuple[str, str]]
    calls: int


def left_by(desk: Desk) -> Left:
    run = desk.run()
    if run is None:
        raise RuntimeError("there is no run")
    with desk.store() as store:
        records = {
            key: plain(json.loads(value)) for key, value in store.records(run.id) if not key.startswith(OF_PEOPLE)
        }
        calls = len(store.calls(run.id))
        said = Counter(
            (event.event, json.dumps(event.data, sort_keys=True))
            for event in store.events(run.id)
            if event.event in SAID_ONCE
        )
    return Left(
        tree=desk.git("rev-parse", "main^{tree}"), files=files_below(desk.repo, leave_out=".git"),
        git_files=frozenset(
            path.replace(run.id, "RUN")
            for path in files_below(desk.repo / ".git", leave_out="objects")
        ),
        records=records, said=said, calls=calls,
    )  # fmt: skip


def files_below(folder: Path, *, leave_out: str) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.relative_to(folder).parts[0] != leave_out
    }


def plain(value: object) -> object:
    """`value` without what is of the moment."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return re.sub(r"\d+\.\d+s\b|\b[0-9a-f]{16}\b|\b0x[0-9a-f]+", "_", value)
    return value


def problems_of(desk: Desk, undisturbed: Left) -> list[str]:
    """Sentences; none where nothing is wrong."""
    found = left_by(desk)
    return [
        *desk.problems, *in_the_repository(desk, found, undisturbed), *in_the_journal(found, undisturbed),
        *in_the_ledger(desk, found, undisturbed), *in_the_approvals(desk),
    ]  # fmt: skip


def in_the_repository(desk: Desk, found: Left, undisturbed: Left) -> list[str]:
    problems = []
    if found.tree != undisturbed.tree:
        problems.append(f"the target has the tree {found.tree}, undisturbed it was {undisturbed.tree}")
    if found.files != {name: text.encode() for name, text in story.MERGED.items()}:
        problems.append("the files in the work tree are not those of the change")
    if strange := found.git_files ^ undisturbed.git_files:
        problems.append(f"files in .git that differ: {sorted(strange)}")
    if status := desk.git("status", "--porcelain", "--untracked-files=all", "--ignored"):
        problems.append(f"git status says {status!r}")
    run = desk.run()
    refs = desk.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    head = desk.git("rev-parse", "main")
    if sorted(refs) != sorted(
        [f"refs/heads/coderoute/larger-numbers-{run.id if run else ''} {head}", f"refs/heads/main {head}"]
    ):
        problems.append(f"the refs are {refs}")
    if desk.git("rev-list", "--count", "main") != "3":
        problems.append("the target has more or less than the three commits it should have")
    desk.git("fsck", "--strict", "--full")
    return problems


def in_the_journal(found: Left, undisturbed: Left) -> list[str]:
    problems = []
    if strange := found.records.keys() ^ undisturbed.records.keys():
        problems.append(f"records that only one of the runs has: {sorted(strange)}")
    problems += [
        f"the record {key} is {json.dumps(value)[:400]}, undisturbed {json.dumps(undisturbed.records[key])[:400]}"
        for key, value in found.records.items()
        if key in undisturbed.records and value != undisturbed.records[key]
    ]
    again = found.said - undisturbed.said  # a line may be missing: it is said after what it is about is kept
    problems += [f"decided {times} times more: {what}" for what, times in again.items()]
    return problems


def in_the_ledger(desk: Desk, found: Left, undisturbed: Left) -> list[str]:
    """The rows against the models' own account: each answer is paid at most once, and what was paid is exact."""
    run = desk.run()
    with desk.store() as store:
        rows = store.calls(run.id if run else "")
    problems = [f"row {row.id} is {row.state.value}" for row in rows if row.state in (CallState.OPEN, CallState.FREE)]
    settled = {row.usage.input_tokens: row for row in rows if row.state is CallState.SETTLED and row.usage}
    estimated = [row for row in rows if row.state is CallState.ESTIMATED]
    sold = {answer.input_tokens: answer for answer in desk.models.account}
    problems += [f"nobody sold what row {row.id} pays" for tokens, row in settled.items() if tokens not in sold]
    paid = [sold[tokens] for tokens in settled if tokens in sold]
    problems += [
        f"{answer.place} cost {answer.usd}, booked {settled[answer.input_tokens].cost_usd}"
        for answer in paid
        if answer.usd != settled[answer.input_tokens].cost_usd
        or place_of(settled[answer.input_tokens]) != answer.place[:3]
    ]
    twice = [place for place, times in Counter(answer.place for answer in paid).items() if times > 1]
    problems += [f"paid twice: {twice}"] if twice else []
    problems += asked_again(desk.models.account, settled)
    if len(estimated) != desk.in_flight:
        problems.append(f"{len(estimated)} rows are estimates, {desk.in_flight} calls were in flight at a death")
    if found.calls - undisturbed.calls > desk.in_flight:
        problems.append(
            f"{found.calls} calls instead of {undisturbed.calls}, with {desk.in_flight} in flight at a death"
        )
    lost = [answer for answer in desk.models.account if answer.input_tokens not in settled]
    if sum((row.cost_usd for row in estimated), Decimal(0)) < sum((answer.usd for answer in lost), Decimal(0)):
        problems.append("the estimates are less than what the lost answers cost")
    return problems


def place_of(row: LedgerRow) -> tuple[str, str, int]:
    return row.stage, row.step or "-", row.attempt


def asked_again(account: list[Sold], settled: dict[int, LedgerRow]) -> list[str]:
    """Requests for an answer that had been paid and kept already."""
    kept: set[tuple[str, str, int, int]] = set()
    problems = []
    for answer in account:
        if answer.place in kept:
            problems.append(f"asked again although it was kept: {answer.place}")
        if answer.input_tokens in settled:
            kept.add(answer.place)
    return problems


def in_the_approvals(desk: Desk) -> list[str]:
    run = desk.run()
    with desk.store() as store:
        approvals = store.approvals(run.id if run else "")
    wanted = 2 if desk.variant.moves_late else 1
    most = wanted + desk.where["approve"]
    problems = [] if wanted <= len(approvals) <= most else [f"{len(approvals)} approvals instead of {wanted}"]
    if approvals[-1].tree != desk.git("rev-parse", "main^{tree}"):
        problems.append("what was approved last is not what was merged")
    return problems


def litter(desk: Desk) -> Counter[str]:
    """What dead processes left in the state directory, in git's object store and in the folder for temporary files."""
    known = {run.id for run in (desk.run(),) if run is not None}
    found: Counter[str] = Counter()
    for path in desk.state.rglob("*"):
        if path.parent == desk.state / "runs" and path.name not in known:
            found["folder of a run that never began"] += 1
        if path.parent == desk.state and re.search(r"\.(key|id)\.[0-9a-f]{8}$", path.name):
            found["unfinished secret"] += 1
        if path.is_file() and path.name.startswith("tmp_"):
            found["unfinished object in the run's store"] += 1
    found["unfinished object in the repository"] = sum(1 for _ in (desk.repo / ".git" / "objects").rglob("tmp_*"))
    found["temporary file"] = sum(1 for _ in (desk.folder / "tmp").iterdir())
    return +found
