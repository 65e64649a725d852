"""The approved tree lands: a commit, its objects, one transaction of branches, then the checked-out files.

Until the branches move nothing in the repository is visible. A merge that is killed anywhere ends the same when it is
repeated: the commit is the same, branches are compared before they move, and the files and index of a checked-out
branch are brought up from whatever the killed one left.
"""

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from coderoute.adapters.repository_git import checkouts, commits, refs
from coderoute.adapters.repository_git.checkouts import Checkout, Index, index_lock
from coderoute.adapters.repository_git.conversions import converted
from coderoute.adapters.repository_git.differences import changes
from coderoute.adapters.repository_git.files import State, WorkTree
from coderoute.adapters.repository_git.identity import UserConfiguration
from coderoute.adapters.repository_git.layout import Layout, Setting, last
from coderoute.adapters.repository_git.objects import Objects
from coderoute.adapters.repository_git.safe_git import AS_IT_IS, GitFailed, SafeGit
from coderoute.domain.paths import shown
from coderoute.domain.task import Base
from coderoute.domain.work import EXECUTABLE, REGULAR, FileChange
from coderoute.errors import BadInput, Refused, TargetMoved
from coderoute.ports import Identity, MergeResult

_SHARING = re.compile(r"group|all|world|everybody|umask|true|false|[0-7]{4}|[012]", re.IGNORECASE)
_LOCK_FILE = re.compile(r"Unable to create '([^']+\.lock)'")


@dataclass(frozen=True, kw_only=True)
class Merge:
    """One merge of `tree`, committed on `base`. `run` may be repeated."""

    git: SafeGit
    objects: Objects
    layout: Layout
    settings: tuple[Setting, ...]
    tree: str
    base: Base
    branch: str
    message: str
    author: Identity
    at: datetime
    replaces: frozenset[str]
    lock_wait_s: float

    def run(self) -> MergeResult:
        """See ports.Repository.merge."""
        from filelock import FileLock

        self._check_names()
        with FileLock(self.git.store / "merge.lock", mode=0o600):
            self._check_changes()
            self._check_branch()
            if self.base.target is None:
                self._require_base()
                self._land(with_target=False)
                return self._waiting("the base is no branch: there is nothing to move")
            holders = checkouts.holding(self.layout, self.base.target)
            if self._target_is_at_base():
                return self._move(holders)
            return self._finish(holders)

    @cached_property
    def commit(self) -> str:
        """The id of the commit: the same for the same arguments."""
        return commits.commit(
            self.git, tree=self.tree, parent=self.base.commit, message=self.message, author=self.author, at=self.at
        )

    @cached_property
    def changes(self) -> tuple[FileChange, ...]:
        return changes(self.git, self.base.tree, self.tree)

    def _check_names(self) -> None:
        target = self.base.target
        if target is not None and not (target.startswith("refs/heads/") and refs.is_ref_name(target)):
            raise BadInput(f"{shown(target)!r} is not a branch", remedy="start the run anew")
        if not refs.is_ref_name(self.branch):
            raise BadInput(f"{shown(self.branch)!r} cannot be a branch's name", remedy="see: git check-ref-format")

    def _check_changes(self) -> None:
        for change in self.changes:
            if not change.deleted and change.new_mode not in (REGULAR, EXECUTABLE):
                raise Refused(
                    f"type.mode: {shown(change.path)} would become {change.new_mode}; only files are merged",
                    remedy="take it out of the change",
                )

    def _check_branch(self) -> None:
        existing = refs.resolve(self.layout.common_dir, f"refs/heads/{self.branch}")
        if existing is not None and existing.oid != self.commit and existing.oid not in self.replaces:
            raise Refused(
                f"the branch {self.branch} exists already at {existing.oid}",
                remedy=f"rename it: git branch -m {self.branch} <other name>",
            )

    def _require_base(self) -> None:
        """Raises Refused where only our store still has the commit that the branch would stand on."""
        theirs = {"GIT_OBJECT_DIRECTORY": str(self.layout.objects)}
        found = self.git.run("cat-file", "--batch-check", stdin=f"{self.base.commit}\n".encode(), env=theirs)
        if b" commit " not in found:
            raise Refused(
                f"{self.layout.root} no longer has {self.base.commit}, which the change was made on",
                remedy="fetch it, then repeat: coderoute merge\n"
                "or take the change by hand: coderoute diff RUN > change.patch, then: git apply change.patch",
            )

    def _target_is_at_base(self) -> bool:
        """Whether the target still is where it was; False when it is at our commit, or beyond it.

        Raises:
            Refused: it is anywhere else.
        """
        target = self.base.target or ""
        current = refs.resolve(self.layout.common_dir, target)
        where = current.oid if current is not None else None
        if where == self.base.commit:
            return True
        if where is not None and self._is_in_history_of(where):
            return False
        raise TargetMoved(f"{target} is {where or 'gone'}, the change was made for {self.base.commit}")

    def _is_in_history_of(self, commit: str) -> bool:
        if commit == self.commit:
            return True
        try:
            self.git.run("merge-base", "--is-ancestor", self.commit, commit)
        except GitFailed:
            return False
        return True

    def _move(self, holders: tuple[Checkout, ...]) -> MergeResult:
        """The target is at the base: move it, together with the files of the one work tree that has it."""
        if not holders:
            self._land(with_target=True)
            return self._moved()
        if len(holders) > 1:
            self._land(with_target=False)
            return self._waiting(f"{self.base.target} is checked out in {len(holders)} work trees")
        holder = holders[0]
        with index_lock(holder, self.commit, wait_s=self.lock_wait_s):
            if not self._target_is_at_base():  # somebody was faster
                return self._moved()
            index, files = self._parts_of(holder)
            why = checkouts.obstacle(index, holder, files, self.base.tree) or self._conversion()
            self._land(with_target=why is None, holder=holder)
            if why is not None:
                return self._waiting(why)
            return self._bring_up(holder, index, files)

    def _finish(self, holders: tuple[Checkout, ...]) -> MergeResult:
        """The target has our commit: finish what a killed merge may have left in a work tree."""
        self._land(with_target=False)
        for holder in holders:
            index, files = self._parts_of(holder)
            if checkouts.is_left_locked(holder, self.commit) or self._is_behind(index):
                with index_lock(holder, self.commit, wait_s=self.lock_wait_s):
                    if self._is_behind(index):
                        return self._bring_up(holder, index, files)
        return self._moved()

    def _is_behind(self, index: Index) -> bool:
        """Whether the branch is at our commit and the index is still as the base has it."""
        current = refs.resolve(self.layout.common_dir, self.base.target or "")
        at_commit = current is not None and current.oid == self.commit
        return at_commit and index.states(self.changes) == {State.OLD}

    def _parts_of(self, holder: Checkout) -> tuple[Index, WorkTree]:
        setting = last(self.settings, "core.filemode")
        trusts_mode = setting is None or setting.is_true
        return (
            Index(self.git, holder, trusts_mode=trusts_mode),
            WorkTree(holder.root, self.changes, trusts_mode=trusts_mode),
        )

    def _conversion(self) -> str | None:
        return converted(
            self.git,
            self.objects,
            self.layout,
            UserConfiguration(self.layout, self.settings),
            tree=self.tree,
            changes=self.changes,
            blobs=self._new_blobs,
        )

    @cached_property
    def _new_blobs(self) -> dict[str, bytes]:
        return self.objects.read_many([change.new_oid for change in self.changes if not change.deleted])

    def _bring_up(self, holder: Checkout, index: Index, files: WorkTree) -> MergeResult:
        try:
            left = files.follow(self._new_blobs)
            index.put(self.changes, self.commit)
        except (OSError, GitFailed) as failed:
            raise Refused(
                f"{self.base.target} moved to {self.commit}, but its files in {holder.root} could not follow: {failed}",
                remedy="make room or give access, then repeat: coderoute merge",
            ) from failed
        if left:
            return dataclasses.replace(
                self._moved(),
                why=f"these files were edited meanwhile and stay as they are: {', '.join(map(shown, left))}",
                command="git diff",
            )
        return self._moved()

    def _land(self, *, with_target: bool, holder: Checkout | None = None) -> None:
        """Bring the objects over, then create the branch and perhaps move the target, in one transaction."""
        commands = []
        standing = refs.resolve(self.layout.common_dir, f"refs/heads/{self.branch}")
        if standing is None:
            commands.append(f"create refs/heads/{self.branch}\0{self.commit}\0")
        elif standing.oid in self.replaces:
            commands.append(f"update refs/heads/{self.branch}\0{self.commit}\0{standing.oid}\0")
        if with_target:
            commands.append(f"update {self.base.target}\0{self.commit}\0{self.base.commit}\0")
        if not commands:
            return
        wait_ms = int(self.lock_wait_s * 1000)
        waits = (f"core.filesRefLockTimeout={wait_ms}", f"core.packedRefsTimeout={wait_ms}")
        try:
            self._bring_objects()
            dataclasses.replace(self.git, config=waits).run(
                *("update-ref", "-z", "--stdin", "-m", f"coderoute: merge {self.branch}"),
                stdin="".join(["start\0", *commands, "prepare\0", "commit\0"]).encode("utf-8", "surrogateescape"),
                env=commits.identity(self.author),
                git_dir=holder.git_dir if holder is not None else self.layout.git_dir,
            )
        except GitFailed as failed:
            raise self._refusal(failed) from failed

    def _bring_objects(self) -> None:
        """Every object of the commit that its parent does not have, checked strictly, in the user's object store."""
        wanted = f"{self.commit}\n^{self.base.commit}\n".encode()
        pack = self.git.run("pack-objects", "--revs", "--thin", "--stdout", "-q", "--delta-base-offset", stdin=wanted)
        writing = dataclasses.replace(self.git, umask=AS_IT_IS)
        sharing = last(self.settings, "core.sharedrepository")
        if sharing is not None and sharing.value is not None and _SHARING.fullmatch(sharing.value):
            writing = dataclasses.replace(writing, config=(f"core.sharedRepository={sharing.value}",))
        writing.run(
            *("unpack-objects", "--strict", "-q"),
            stdin=pack,
            env={"GIT_OBJECT_DIRECTORY": str(self.layout.objects)},
        )

    def _refusal(self, failed: GitFailed) -> Refused:
        lock = _LOCK_FILE.search(failed.stderr)
        if lock is not None:
            return Refused(
                f"{lock[1]} exists: another git process works in this repository",
                remedy="wait for it, or remove the file if no git process runs, then repeat: coderoute merge",
            )
        if self.base.target is not None and f"'{self.base.target}'" in failed.stderr:
            return TargetMoved(shown(failed.stderr))
        return Refused(f"git refuses the merge: {shown(failed.stderr)}", remedy="check the repository: git fsck")

    def _moved(self) -> MergeResult:
        return MergeResult(branch=self.branch, commit=self.commit, target_moved=True, why=None, command=None)

    def _waiting(self, why: str) -> MergeResult:
        return MergeResult(
            branch=self.branch,
            commit=self.commit,
            target_moved=False,
            why=why,
            command=f"git merge --ff-only {self.branch}",
        )
