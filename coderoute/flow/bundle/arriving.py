"""A bundle -> a run that waits for a person here. All is computed again; what people said does not travel."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from coderoute.domain import places
from coderoute.domain.bundle import IMPORTED, IMPORTED_CALLS, Bundle, Imported, calls_text, refused
from coderoute.domain.bundle_reading import SHA256, plain
from coderoute.domain.candidate import Candidate
from coderoute.domain.foreign_patch import admit_unapplied
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.judgement import Admission
from coderoute.domain.plan import Plan
from coderoute.domain.run import Event, RunRecord, Status
from coderoute.domain.task import Base, Task
from coderoute.domain.terms import Terms
from coderoute.errors import BadInput, CoderouteError
from coderoute.flow.admission import admit_tree
from coderoute.flow.bundle.leaving import bundle_of, root_of
from coderoute.flow.bundle.records import checked, journal_over, kind_of, needed_of, refuse_absurd
from coderoute.flow.candidate import exhibit
from coderoute.journal import FORMAT as JOURNAL_FORMAT
from coderoute.journal import Journal, from_json, to_json
from coderoute.ports import Repository, RunStore
from coderoute.stages.approve import Exhibit
from coderoute.stages.verify.second_run import protected_items


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What holds at the gate of the place where a bundle arrives; a run may bring something stricter, never weaker."""

    protected_paths: tuple[str, ...]
    require_other_approver: bool
    in_ci: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run arrives: the repository at `path`, with a store of its own below `folder`, which is the run's.
    `gate` is what holds for a base tree of it, `belongs_to` whether a forge's repository is this one."""

    path: str
    repository: Repository
    folder: Path
    gate: Callable[[str], Gate]
    belongs_to: Callable[[ForgeRepository], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A bundle that agrees with itself. `records` are as this coderoute writes them."""

    bundle: Bundle
    records: dict[str, str]
    exhibit: Exhibit
    candidate: Candidate
    plan: Plan
    terms: Terms
    task: Task


def open_bundle(bundle: Bundle) -> Opened:
    """The bundle, once its parts agree with each other; of the repository nothing is asked yet.

    Raises:
        BadInput, Refused: they do not; the problem begins with the rule's name.
    """
    header = bundle.header
    if not 1 <= header.journal <= JOURNAL_FORMAT:
        raise refused(
            "version", f"its records have format {header.journal}; this coderoute reads {JOURNAL_FORMAT} and older"
        )
    records = {key: checked(key, text) for key, text in bundle.records}
    journal = journal_over(records, header.run)
    terms, task = needed_of(journal, places.TERMS, Terms), needed_of(journal, places.TASK, Task)
    needed_of(journal, places.BASE, Base)
    needed_of(journal, places.REQUESTER, str)
    try:
        found = exhibit(journal, header.run)
    except CoderouteError as error:
        raise refused("record", error.problem) from error
    if found is None:
        raise refused("record", "it holds no change")
    shown, candidate, plan = found
    check_names(records)
    check_events(bundle)
    if hashlib.sha256(bundle.patch).hexdigest() != header.patch_sha256 or shown.patch.sha256 != header.patch_sha256:
        raise refused("patch", "the patch is not the one that was exported")
    if (shown.evidence_sha256, shown.plan_sha256) != (header.evidence_sha256, header.plan_sha256):
        raise refused("evidence", "the evidence is not what was exported")
    if (shown.base.commit, shown.base.tree, shown.patch.base_tree, shown.patch.tree) != (
        header.base, header.base_tree, header.base_tree, header.tree,
    ):  # fmt: skip
        raise refused("base", "the header names another base or tree than the change has")
    if shown.base.target is not None and not is_branch(shown.base.target):
        raise refused("base", "the target is no branch")
    return Opened(bundle=bundle, records=records, exhibit=shown, candidate=candidate, plan=plan, terms=terms, task=task)


def check_names(records: Mapping[str, str]) -> None:
    """Raises Refused for a change whose hash is none: its patch file is called by it."""
    for key, text in records.items():
        if kind_of(key) is Candidate and not SHA256.fullmatch(from_json(Candidate, text).patch.sha256):
            raise refused("record", f"the change in {key!r} has no sha256")


def check_events(bundle: Bundle) -> None:
    """Raises Refused for an event with a number that no clock shows."""
    for told in bundle.events:
        try:
            refuse_absurd(plain(told.data, "the data of an event"))
        except ValueError as error:
            raise refused("event", f"an event {told.event} at {told.at} has a number that is absurd") from error


def is_branch(ref: str) -> bool:
    """Whether `ref` can be the full name of a branch, by git's own rules for names."""
    parts = ref.split("/")
    plain_parts = all(part and not part.startswith((".", "-")) and not part.endswith((".", ".lock")) for part in parts)
    odd = any(c in ref for c in " ~^:?*[\\\x7f") or any(ord(c) < 32 for c in ref) or ".." in ref or "@{" in ref
    return ref.startswith("refs/heads/") and len(parts) >= 3 and plain_parts and not odd


def arrive(
    store: RunStore, opened: Opened, place: Callable[[], Place], *, user: str, now: datetime, run: str | None = None,
    patch_sha256: str | None = None,
) -> bool:  # fmt: skip
    """The run waits for a person in this store; False where it was here already, and nothing was done.

    `place` is asked for once the run is known to be new. `run` and `patch_sha256` are the only ones that may arrive,
    None for any.

    Raises:
        BadInput, Refused: what arrives is not what it says, or does not belong here; of a run there is nothing then.
    """
    header = opened.bundle.header
    if run not in (None, header.run):
        raise refused("run", f"it holds run {header.run}, and {run} is expected")
    if patch_sha256 not in (None, header.patch_sha256):
        raise refused("patch", f"it holds the patch {header.patch_sha256[:12]}, and another one is expected")
    with store.lock(f"run-{header.run}") as ours:
        if not ours:
            raise refused("run", f"run {header.run} is being worked on by another process", remedy="wait for it")
        known = store.get(header.run)
        if known is not None:
            check_same(store, known, opened)
            return False
        found = place()
        base = check_repository(opened, found.repository)
        check_forge(opened.task, found)
        check_gate(opened.terms, found.gate(base.tree))
        check_patch(opened, found.repository)
        check_admission(opened, found.repository)
        store.purge(header.run)  # what an import left that was killed
        write(store, opened, folder=found.folder, base=base, user=user, now=now)
        store.create(
            RunRecord(
                id=header.run, created_at=header.created_at, repository=found.path, status=Status.AWAITING_APPROVAL,
                reason=None, problem=None, remedy=None, questions=(), title=opened.task.title,
            )
        )  # fmt: skip
        return True


def check_forge(task: Task, place: Place) -> None:
    """Raises Refused where the change would go to another repository than the one it arrives in."""
    if task.forge is not None and not place.belongs_to(task.forge):
        raise refused(
            "repository", f"its issue is one of {task.forge.slug}, and this is no clone of that",
            remedy="import it in a clone of the repository that it was made in: --repo PATH",
        )  # fmt: skip


def check_gate(terms: Terms, here: Gate) -> None:
    """Raises Refused where the run was made under a weaker gate than there is here."""
    weaker = [f"it does not protect {path}" for path in here.protected_paths if path not in terms.protected_paths]
    if here.require_other_approver and not terms.require_other_approver:
        weaker.append("its requester may approve it")
    if here.in_ci and not terms.in_ci:
        weaker.append("it was not made in CI, where no change may touch what CI runs")
    if weaker:
        raise refused(
            "gate", f"the run was made under a weaker gate than there is here: {'; '.join(weaker[:5])}",
            remedy="run the issue under the settings of this place: coderoute run",
        )  # fmt: skip


def check_same(store: RunStore, run: RunRecord, opened: Opened) -> None:
    """Raises Refused unless the run of this id that is here already is the very same."""
    try:
        same = bundle_of(store, run, opened.bundle.header.version).digest == opened_digest(opened)
    except CoderouteError:
        same = False
    if not same:
        raise refused(
            "run", f"there is another run {run.id} here already",
            remedy=f"look at it: coderoute show {run.id}; a bundle never replaces a run",
        )  # fmt: skip


def opened_digest(opened: Opened) -> str:
    return replace(opened.bundle, records=tuple(opened.records.items())).digest


def check_repository(opened: Opened, repository: Repository) -> Base:
    """The base as this repository has it, with the target of the run.

    Raises:
        Refused: it is another repository, or does not have the base commit.
    """
    header = opened.bundle.header
    try:
        base = repository.pin(header.base)
    except BadInput as error:
        own = root_of(repository.pin(None).repository_id)
        if _first_commits_differ(own, header.repository) and not _is_cut_off(repository, own):
            raise refused(
                "repository", f"this repository begins with {own[:12]}, the run's with {header.repository[:12]}",
                remedy="import it in a clone of the repository that it was made in: --repo PATH",
            ) from error  # fmt: skip
        raise refused(
            "base", f"the base commit {header.base[:12]} is not here: {error.problem}",
            remedy="git fetch, then import it again",
        ) from error  # fmt: skip
    own = root_of(base.repository_id)
    if _first_commits_differ(own, header.repository) and not (
        _is_cut_off(repository, own) or _has(repository, header.repository)
    ):
        raise refused("repository", f"this repository begins with {own[:12]}, the run says {header.repository[:12]}")
    if base.tree != header.base_tree:
        raise refused("base", f"the tree of the base commit {header.base[:12]} is another one")
    return replace(base, target=opened.exhibit.base.target)


def _first_commits_differ(own: str, other: str) -> bool:
    """Only commits can be compared: the address of a forge says nothing about the history."""
    return own != other and "/" not in own and "/" not in other


def _is_cut_off(repository: Repository, commit: str) -> bool:
    """Whether the history of a shallow clone ends there: its parent is named and missing."""
    try:
        repository.revision(commit)
    except BadInput:
        return True
    return False


def _has(repository: Repository, commit: str) -> bool:
    """Whether that commit, at which a shallow clone's history ends, is one of the repository's."""
    try:
        repository.pin(commit)
    except BadInput:
        return False
    return True


def check_patch(opened: Opened, repository: Repository) -> None:
    """Raises Refused unless the patch, applied to the base, gives the tree and the change that the run tells of."""
    header, patch = opened.bundle.header, opened.bundle.patch
    known = {file.path for file in repository.files(header.base_tree)}
    broken = admit_unapplied(patch, known).items
    if broken:
        rule = "size" if broken[0].rule.startswith("size.") else "path"
        raise refused(rule, f"{broken[0].rule}: {broken[0].detail}")
    try:
        tree = repository.apply_patch(header.base_tree, patch)
    except BadInput as error:
        raise refused("patch", f"it does not apply to the base: {error.problem}") from error
    if tree != header.tree:
        raise refused("patch", f"it gives the tree {tree[:12]}, and the run tells of {header.tree[:12]}")
    if repository.diff(header.base_tree, tree) != patch:
        raise refused("patch", "it is not the difference of the two trees, byte for byte")
    if repository.changes(header.base_tree, tree) != opened.candidate.patch.changes:
        raise refused("patch", "the list of changed files is not that of the patch")


def check_admission(opened: Opened, repository: Repository) -> None:
    """Raises Refused unless the rules say here what they said where the run was made."""
    header, terms = opened.bundle.header, opened.terms
    found = admit_tree(
        repository, header.base_tree, header.tree, planned=opened.plan.files, protected=terms.protected_paths,
        in_ci=terms.in_ci,
    )  # fmt: skip
    proof = opened.candidate.verification
    seen_in_runs = protected_items(proof.second) if proof else ()
    if found.refusals:
        raise refused("admission", f"{found.refusals[0].rule}: {found.refusals[0].detail}")
    if Admission(items=(*found.items, *seen_in_runs)) != opened.candidate.admission:
        raise refused("admission", "the rules judge the change differently here")


def write(store: RunStore, opened: Opened, *, folder: Path, base: Base, user: str, now: datetime) -> None:
    """Everything of the run but the run itself: before that is there, it is none."""
    bundle, run_id = opened.bundle, opened.bundle.header.run
    keep_patch(folder, bundle)
    for key, text in opened.records.items():
        store.put_record(run_id, key, type_name(key), _placed(key, text, folder, base))
    store.put_record(run_id, IMPORTED_CALLS, "calls", calls_text(bundle.calls))
    came = Imported(
        at=now.isoformat(), by=user, digest=opened_digest(opened), source_id=bundle.header.repository,
        version=bundle.header.version,
    )  # fmt: skip
    Journal(store, run_id).put(IMPORTED, Imported, came)
    for told in bundle.events:
        data = plain(told.data, "the data of an event")
        if isinstance(data, dict):
            store.add_event(Event(at=told.at, run_id=run_id, event=told.event, data=data))
    store.add_event(
        Event(at=now.isoformat(), run_id=run_id, event="run.imported", data={"by": user, "from": came.version})
    )


def keep_patch(folder: Path, bundle: Bundle) -> None:
    path = folder / patch_name(bundle.header.patch_sha256)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(bundle.patch)
        file.flush()
        os.fsync(file.fileno())


def patch_name(sha256: str) -> str:
    """As flow.candidate names it."""
    return f"{sha256[:16]}.patch"


def _placed(key: str, text: str, folder: Path, base: Base) -> str:
    """The record with what it says about places on this machine."""
    kind = kind_of(key)
    if kind is Candidate:
        candidate = from_json(Candidate, text)
        path = str(folder / patch_name(candidate.patch.sha256))
        return to_json(Candidate, replace(candidate, patch=replace(candidate.patch, path=path)))
    if kind is Base:
        return to_json(Base, replace(from_json(Base, text), repository_id=base.repository_id))
    return text


def type_name(key: str) -> str:
    kind = kind_of(key)
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)
