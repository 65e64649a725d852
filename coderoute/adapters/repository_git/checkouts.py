"""Work trees that have a branch checked out: whether they can follow it, and how their index does."""

import contextlib
import dataclasses
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coderoute.adapters.repository_git import refs
from coderoute.adapters.repository_git.files import State, WorkTree
from coderoute.adapters.repository_git.layout import Layout, small_text
from coderoute.adapters.repository_git.safe_git import GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.domain.work import FileChange
from coderoute.errors import Refused

_IN_PROGRESS = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "sequencer": "a cherry-pick or revert",
}
_LOCK_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """One work tree and the git folder that holds its HEAD and index."""

    root: Path
    git_dir: Path

    @property
    def index(self) -> Path:
        return self.git_dir / "index"

    @property
    def lock(self) -> Path:
        return self.git_dir / "index.lock"


def holding(layout: Layout, target: str) -> tuple[Checkout, ...]:
    """The work trees that have the branch `target` checked out, or are rebasing it."""
    return tuple(checkout for checkout in _all(layout) if target in _branches_of(checkout, layout.common_dir))


def _all(layout: Layout) -> Iterator[Checkout]:
    if layout.git_dir == layout.common_dir:
        yield Checkout(root=layout.root, git_dir=layout.git_dir)
    elif (layout.common_dir / "index").is_file():  # a bare repository has none
        yield Checkout(root=layout.common_dir.parent, git_dir=layout.common_dir)
    for git_dir in sorted((layout.common_dir / "worktrees").glob("*")):
        dot_git = small_text(git_dir / "gitdir")
        if dot_git is not None:
            yield Checkout(root=(git_dir / dot_git).parent.resolve(), git_dir=git_dir)


def _branches_of(checkout: Checkout, common_dir: Path) -> set[str]:
    head = refs.head(checkout.git_dir, common_dir)
    rebased = {small_text(checkout.git_dir / kind / "head-name") for kind in ("rebase-merge", "rebase-apply")}
    return {name for name in (head.name if head else None, *rebased) if name is not None}


class Index:
    """A private copy of a checkout's index, refreshed and changed by git in our own store, then put in its place."""

    def __init__(self, git: SafeGit, checkout: Checkout, *, trusts_mode: bool) -> None:
        self._git = git if trusts_mode else dataclasses.replace(git, config=(*git.config, "core.fileMode=false"))
        self._checkout = checkout
        self._copy = git.store / "merge-index"

    def take(self) -> None:
        """Copy the index with its time stamp, by which git tells what changed since."""
        shutil.copy2(self._checkout.index, self._copy)
        self._copy.chmod(0o600)
        for shared in self._checkout.git_dir.glob("sharedindex.*"):  # the other half of a split index
            shutil.copy2(shared, self._git.store / shared.name)
            (self._git.store / shared.name).chmod(0o600)

    def changed_in_work_tree(self) -> str | None:
        """A tracked file that is not as the index has it, None if all are."""
        printed = self._run("update-index", "--refresh").decode("utf-8", "replace")
        return printed.split("\n")[0].rpartition(": needs ")[0] or None

    def staged(self, tree: str) -> str | None:
        """A path at which the index differs from `tree`, None if it nowhere does."""
        printed = self._run("diff-index", "--cached", "--name-only", "--ignore-submodules", "-z", tree, "--")
        return printed.decode("utf-8", "surrogateescape").split("\0")[0] or None

    def states(self, changes: tuple[FileChange, ...]) -> set[State]:
        """What the index, taken anew, has at the changed paths; nothing where there is no index."""
        if not self._checkout.index.is_file():
            return set()
        self.take()
        printed = self._run("ls-files", "--stage", "-z").decode("utf-8", "surrogateescape")
        entries: dict[str, tuple[str, str]] = {}
        for line in printed.split("\0"):
            description, _, path = line.partition("\t")
            if path:
                mode, oid, stage = description.split(" ")
                entries[path] = (mode, oid if stage == "0" else "unmerged")
        none = ("000000", "0" * 40)
        found = set()
        for change in changes:
            entry = entries.get(change.path, none)
            if entry == (change.new_mode, change.new_oid):
                found.add(State.NEW)
            else:
                found.add(State.OLD if entry == (change.old_mode, change.old_oid) else State.OTHER)
        return found

    def put(self, changes: tuple[FileChange, ...], commit: str) -> None:
        """Give the index the new entries and swap it in. The caller holds the lock."""
        removed_first = sorted(changes, key=lambda change: not change.deleted)
        lines = "".join(f"{change.new_mode} {change.new_oid}\t{change.path}\0" for change in removed_first)
        self._run("update-index", "-z", "--index-info", stdin=lines.encode("utf-8", "surrogateescape"))
        self._run("update-index", "--refresh")
        new = self._checkout.git_dir / f"index.coderoute-{commit[:12]}"
        shutil.copy2(self._copy, new)
        new.chmod(self._checkout.index.stat().st_mode & 0o777)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(self._checkout.index)

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return self._git.run(
            *arguments,
            stdin=stdin,
            env={"GIT_INDEX_FILE": str(self._copy)},
            work_tree=self._checkout.root,
            may_fail_with=(1,),
        )


def obstacle(index: Index, checkout: Checkout, files: WorkTree, base_tree: str) -> str | None:
    """Why the checkout cannot follow its branch from the base to the new tree; None if it can.

    Leaves the private copy of the index taken and refreshed.
    """
    if not checkout.root.is_dir():
        return f"its work tree {checkout.root} is not there"
    for name, what in _IN_PROGRESS.items():
        if (checkout.git_dir / name).exists():
            return f"{what} is in progress in {checkout.root}"
    if not checkout.index.is_file():
        return f"{checkout.root} has no index"
    try:
        index.take()
        changed = index.changed_in_work_tree()
        if changed is not None:
            return f"{checkout.root} has uncommitted changes ({shown(changed)})"
        staged = index.staged(base_tree)
        if staged is not None:
            return f"{checkout.root} has staged changes ({shown(staged)})"
        in_the_way = next((path for path, state in files.states().items() if state is not State.OLD), None)
    except GitFailed as failed:
        return f"the index of {checkout.root} cannot be read: {shown(failed.stderr)}"
    except OSError as failed:
        return f"{checkout.root} cannot be read: {failed}"
    if in_the_way is not None:
        return f"{shown(in_the_way)} in {checkout.root} is not as the base has it (untracked, hidden or converted)"
    return None


@contextlib.contextmanager
def index_lock(checkout: Checkout, commit: str, *, wait_s: float) -> Iterator[None]:
    """Holds git's own lock on the checkout's index. One that a killed merge of the same commit left is taken over:
    it is known by its content. Any other is waited for and never deleted.

    Raises:
        Refused: somebody else holds it for longer than `wait_s`.
    """
    deadline = time.monotonic() + wait_s
    while not _take_lock(checkout, commit):
        if time.monotonic() >= deadline:
            raise Refused(
                f"{checkout.lock} exists: another git process works in {checkout.root}",
                remedy="wait for it, or remove the file if no git process runs, then repeat: coderoute merge",
            )
        time.sleep(_LOCK_POLL_S)
    try:
        yield
    finally:
        checkout.lock.unlink(missing_ok=True)


def is_left_locked(checkout: Checkout, commit: str) -> bool:
    """Whether a killed merge of `commit` left the checkout's index locked."""
    return small_text(checkout.lock) == _token(commit)


def _take_lock(checkout: Checkout, commit: str) -> bool:
    unlinked = checkout.git_dir / f"index.lock.coderoute-{commit[:12]}"
    try:
        unlinked.write_text(_token(commit))
        try:
            os.link(unlinked, checkout.lock)  # with its content, or not at all
        except FileExistsError:
            return is_left_locked(checkout, commit)
        finally:
            unlinked.unlink()
    except OSError as failed:
        raise Refused(f"{checkout.lock} cannot be made: {failed}", remedy="give access to the folder") from failed
    return True


def _token(commit: str) -> str:
    return f"coderoute merge {commit}"
