"""The seams: what the house needs of the world, in units, with every error a caller must expect.

Each port has one real implementation and one in memory (`adapters/`), and one contract suite (`tests/contracts/`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from coderoute.domain.conversation import ModelRef, ModelReply, ModelRequest, Usage
from coderoute.domain.money import CallState, LedgerRow
from coderoute.domain.run import Approval, Event, RunRecord, Status
from coderoute.domain.task import Base, Revision
from coderoute.domain.terms import Environment as Environment
from coderoute.domain.terms import Limits as Limits
from coderoute.domain.work import CommandResult, FileChange, SnapshotFile, TreeFile


class ModelProvider(Protocol):
    """One provider's models. One call is one HTTP request: retries are the caller's, budgeted and recorded."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """The model's answer to `request`.

        A reply with unusable tool arguments, a refusal or a cut is a reply, not an error.

        Raises:
            ProviderError: no usable reply (HTTP error, broken connection, unreadable body).
            ConfigurationError: no key, or the provider refused the key.
        """
        ...


class PriceList(Protocol):
    """What tokens cost at a moment."""

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        """Exact dollars for `usage` of a request sent at `at`, or None when the model's price is unknown."""
        ...


class Sandbox(Protocol):
    """A disposable machine with one checkout at its working directory. No network, no host files, no secrets."""

    def run(self, command: str, *, timeout_s: float, env: Mapping[str, str] | None = None) -> CommandResult:
        """Run `sh -c command` at the checkout's root and wait; afterwards no process of it is left.

        A command that fails is a result, not an error. One that outlives `timeout_s` is killed with its
        children and comes back with exit code 124 and Ending.TIMEOUT.

        Raises:
            SandboxLost: the machine is gone; nothing about the command is known.
        """
        ...

    def read(self, path: str, *, limit: int = 10_000_000) -> bytes | None:
        """The bytes of a file (at most `limit`), None if there is no such regular file. `path` may be absolute
        (a report outside the checkout) or relative to the checkout.

        Raises:
            SandboxLost
        """
        ...

    def write(self, path: str, data: bytes) -> str | None:
        """Make `path` hold `data`, with missing folders; None when done, else one sentence why not.

        Raises:
            SandboxLost
        """
        ...

    def snapshot(self) -> Iterator[SnapshotFile]:
        """Every file of the checkout (without `.git` and what set-up left), sorted by path; running processes
        are killed first. Nothing in it is to be believed but the bytes.

        Raises:
            SandboxLost
            Refused: too many or too large files to take out.
        """
        ...

    def close(self) -> None:
        """Remove the machine; safe to call twice."""
        ...


class SandboxHost(Protocol):
    """Makes sandboxes."""

    @property
    def name(self) -> str:
        """`docker` or `in-memory`."""
        ...

    def prepare(self, environment: Environment, checkout_tar: Callable[[], bytes]) -> str:
        """The immutable id of an image ready for `open`: the environment's image with its set-up commands done.

        Cached by (image, set-up commands, dependency files). `checkout_tar` gives the base tree as a tar file.

        Raises:
            Unavailable: the engine does not answer.
            Blocked: no such image, or a set-up command fails (its output is in the problem).
        """
        ...

    def open(self, image: str, checkout_tar: bytes, environment: Environment, run_id: str) -> Sandbox:
        """A fresh machine from `image` with exactly the files of `checkout_tar` (and what set-up left untracked).

        Raises:
            Unavailable: the engine does not answer.
            SandboxLost: it broke while starting.
            Blocked: the checkout does not fit, or the image lacks what a sandbox needs.
        """
        ...


class Leftovers(Protocol):
    """What sandboxes leave behind on their engine, by the installation that made them; those of others are not seen.

    Raises (from every method):
        Unavailable: the engine does not answer.
    """

    def remove_sandboxes(self, run_id: str) -> int:
        """Removes the machines of a run, running or not; how many it were."""
        ...

    def reap(self, now: datetime) -> int:
        """Removes machines whose lease ran out or whose process has ended; how many it were."""
        ...

    def set_up_images(self) -> tuple[str, ...]:
        """The ids of the images that `prepare` made here and that are still there, oldest first."""
        ...

    def remove_image(self, image: str) -> bool:
        """Removes an image that `prepare` made; False where a machine still needs it, or it is none of ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One line that a search found."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult:
    """What became of a merge. `target_moved` False means: the branch was made, the target waits; `why` says why."""

    branch: str
    commit: str
    target_moved: bool
    why: str | None
    command: str | None
    """What the user can run to finish it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reapplied:
    """A change on another base. `conflicts` are the paths where both sides changed the same lines, or one removed what
    the other changed: there `tree` is as the other base has it."""

    tree: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A git author: name and e-mail address."""

    name: str
    email: str


class Repository(Protocol):
    """The user's repository, read through our own object store: until `merge` nothing in it changes, and nothing
    configured in it ever runs."""

    def pin(self, base: str | None) -> Base:
        """The base to work from: the checked-out branch, or `base` (a branch, tag or commit).

        Raises:
            BadInput: no such base, an empty repository, or a kind of repository we do not work with, by name.
        """
        ...

    def revision(self, name: str | None) -> Revision:
        """A branch, tag or commit (None: what is checked out) with its first parent, to look at, not to work from:
        trees with submodules or LFS files are taken too.

        Raises:
            BadInput: no such commit, its parent is not there (a shallow clone), or a kind of repository we cannot read.
        """
        ...

    def warnings(self) -> tuple[str, ...]:
        """Executable keys in the repository's configuration: they cannot run through us, but would for the user."""
        ...

    def files(self, tree: str) -> tuple[TreeFile, ...]:
        """Every file below `tree`, sorted by path."""
        ...

    def read(self, tree: str, path: str) -> bytes | None:
        """A file's bytes, None if the tree has no such file."""
        ...

    def read_many(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Blobs by object id, in one batch."""
        ...

    def search(self, tree: str, pattern: str, path: str | None = None, *, fixed: bool = False) -> tuple[Match, ...]:
        """Lines of text files that match the extended regular expression (or the fixed string), at most 1,000.

        Raises:
            BadInput: the pattern does not parse.
        """
        ...

    def tar(self, tree: str) -> bytes:
        """An uncompressed tar file of the tree: files and symlinks, no `.git`."""
        ...

    def write_tree(self, base_tree: str, files: Iterable[SnapshotFile]) -> str:
        """The tree that holds exactly `files`, in our own object store.

        Files that the base's ignore rules (or our own list of build leftovers) cover and the base does not have are
        left out. Gitlinks of the base stay. The path rules of admission hold before any object is made.

        Raises:
            Refused: a path or type no tree of ours may hold, by rule and name.
        """
        ...

    def apply_patch(self, base_tree: str, patch: bytes) -> str:
        """The tree that `base_tree` becomes by `patch` (git's format), in our own object store.

        No path or type rule of ours is asked: nothing is to be built of the tree before admission has seen it.

        Raises:
            BadInput: the patch does not parse, or does not fit the tree.
        """
        ...

    def overlay(self, tree: str, other: str, paths: Sequence[str]) -> str:
        """`tree` with each of `paths` as it is in `other` (absent there: removed)."""
        ...

    def reapply(self, base_tree: str, tree: str, onto_tree: str) -> Reapplied:
        """What turned `base_tree` into `tree`, done to `onto_tree`: a three-way merge.

        Raises:
            BadInput: one of the trees is missing, or git is too old for it.
        """
        ...

    def changes(self, base_tree: str, tree: str) -> tuple[FileChange, ...]:
        """What differs, by path; without renames."""
        ...

    def diff(self, base_tree: str, tree: str) -> bytes:
        """The patch text (git format, full index, binary), byte for byte the same for the same two trees."""
        ...

    def merge(
        self, *, tree: str, base: Base, branch: str, message: str, author: Identity, at: datetime,
        replaces: Collection[str] = (),
    ) -> MergeResult:  # fmt: skip
        """Commit `tree` on the base commit, create `refs/heads/<branch>`, and move the target by compare-and-swap.
        A branch of that name that stands at one of the commits `replaces` is moved.

        Safe to repeat: the same arguments make the same commit, and what is done already stays done.

        Raises:
            Refused: the target is no longer at the base commit, or there is such a branch at another commit.
        """
        ...

    def author(self) -> Identity | None:
        """The user's git identity, None if git knows none."""
        ...


class RunStore(Protocol):
    """What must survive: runs, their journal, the ledger, events and approvals. JSON text in, JSON text out."""

    def create(self, run: RunRecord) -> None:
        """Add a run.

        Raises:
            ValueError: there is a run with this id already.
        """
        ...

    def get(self, run_id: str) -> RunRecord | None: ...

    def runs(self) -> tuple[RunRecord, ...]:
        """All runs, newest first."""
        ...

    def set_status(
        self,
        run_id: str,
        status: Status,
        *,
        reason: str | None = None,
        problem: str | None = None,
        remedy: str | None = None,
        questions: Sequence[str] = (),
        title: str | None = None,
    ) -> None:
        """Set the status with its whole explanation (that of the status before is gone), and the title if given.

        Raises:
            ValueError: there is no such run.
        """
        ...

    def record(self, run_id: str, key: str) -> str | None:
        """What was recorded under `key`, None if nothing was."""
        ...

    def put_record(self, run_id: str, key: str, kind: str, value: str) -> None:
        """Record `value` under `key`, durably.

        Raises:
            ValueError: there is a record already: a record is never overwritten.
        """
        ...

    def records(self, run_id: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
        """(key, value) of every record whose key starts with `prefix`, in the order they were made."""
        ...

    def open_call(self, row: LedgerRow, *, budget_usd: Decimal | None) -> int | None:
        """Write the intent to make a call, reserving `row.reserved_usd`; the new row's id, or None when the
        run's costs and reservations would exceed `budget_usd`. One transaction. `row.id` is ignored."""
        ...

    def settle_call(
        self,
        row_id: int,
        *,
        state: CallState,
        cost_usd: Decimal,
        usage: Usage | None,
        latency_s: float | None,
        problem: str | None,
        record: tuple[str, str, str] | None = None,
    ) -> None:
        """Complete an open row; `record` (key, kind, value) joins the journal in the same transaction.

        Raises:
            ValueError: no such row is open, or there is a record already; nothing was changed.
        """
        ...

    def calls(self, run_id: str | None = None) -> tuple[LedgerRow, ...]: ...

    def add_event(self, event: Event) -> None: ...

    def events(self, run_id: str) -> tuple[Event, ...]: ...

    def put_approval(self, approval: Approval) -> None: ...

    def approvals(self, run_id: str) -> tuple[Approval, ...]:
        """All of a run's approvals, oldest first."""
        ...

    def add_outcome(self, run_id: str, place: str, value: str) -> None:
        """Keep what an attempt or a review came to, beyond its run; the first value of (run_id, place) stays."""
        ...

    def outcomes(self, limit: int) -> tuple[tuple[str, str], ...]:
        """(place, value) of the newest `limit` outcomes of all runs, in the order they were added."""
        ...

    def lock(self, name: str) -> AbstractContextManager[bool]:
        """Holds the named lock for the block (freed by the kernel if we die); yields False when another process
        holds it."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a fact beyond any run, e.g. a consent. The last value stays."""
        ...

    def recall(self, key: str) -> str | None: ...

    def forget(self, key: str) -> None:
        """Remove a remembered fact; nothing happens where there is none."""
        ...

    def purge(self, run_id: str) -> None:
        """Remove the run with its records, events and approvals, so that their text is in no file any more; safe to
        repeat. Its ledger rows and outcomes stay: what was spent and learnt is not undone."""
        ...
