"""The user's local git repository, read through a store of our own and changed by nothing but `merge`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from coderoute.adapters.repository_git import (
    commits,
    differences,
    history,
    intake,
    keeping,
    layout,
    mirror,
    patches,
    reapply,
    refs,
    trees,
)
from coderoute.adapters.repository_git.identity import UserConfiguration
from coderoute.adapters.repository_git.layout import Setting
from coderoute.adapters.repository_git.merge import Merge
from coderoute.adapters.repository_git.objects import Objects
from coderoute.adapters.repository_git.safe_git import open_store
from coderoute.adapters.repository_git.transport import GitRemote
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.issue_name import Remotes
from coderoute.domain.past import PastCommit
from coderoute.domain.task import Base, Revision
from coderoute.domain.work import FileChange, SnapshotFile, TreeFile
from coderoute.errors import Refused
from coderoute.ports import Identity, Match, MergeResult, Reapplied


class GitRepository:
    """ports.Repository on disk.

    `path` is a folder in the repository. `quarantine` is the bare repository that holds what a run makes; it is
    created, and kept by whoever keeps the run. `lock_wait_s` is how long `merge` waits for git's own locks. With
    `is_mirror`, `path` is what `mirror.bring_up` made; everything but `merge` works on it.

    Raises:
        BadInput: `path` is in no repository, or in a bare one.
        Unavailable: there is no git.
    """

    def __init__(self, path: Path, quarantine: Path, *, lock_wait_s: float = 10.0, is_mirror: bool = False) -> None:
        self._layout = mirror.layout_of(path) if is_mirror else layout.find(path)
        self._git = open_store(quarantine.absolute(), self._layout.objects, shallow=self._layout.shallow)
        self._objects = Objects(self._git)
        self._lock_wait_s = lock_wait_s

    @property
    def root(self) -> Path:
        """The top folder of the work tree that `path` lies in."""
        return self._layout.root

    @cached_property
    def _settings(self) -> tuple[Setting, ...]:
        return intake.settings(self._git, self._layout)

    def pin(self, base: str | None) -> Base:
        return intake.pin(self._git, self._objects, self._layout, self._settings, base)

    def keep(self, base: Base) -> bool:
        if self._layout.mirror_of is not None:
            return True  # nothing is ever removed from a mirror that a run works from
        return keeping.keep(self._git, self._objects, base)

    def revision(self, name: str | None) -> Revision:
        return intake.revision(self._git, self._layout, self._settings, name)

    def history(self, commit: str, *, limit: int) -> tuple[PastCommit, ...]:
        return history.history(self._git, commit, limit)

    def warnings(self) -> tuple[str, ...]:
        return layout.executable_settings(self._settings)

    def files(self, tree: str) -> tuple[TreeFile, ...]:
        return self._objects.files(tree)

    def read(self, tree: str, path: str) -> bytes | None:
        return self._objects.read(tree, path)

    def read_many(self, oids: Sequence[str]) -> dict[str, bytes]:
        return self._objects.read_many(oids)

    def search(self, tree: str, pattern: str, path: str | None = None, *, fixed: bool = False) -> tuple[Match, ...]:
        return self._objects.search(tree, pattern, path, fixed=fixed)

    def tar(self, tree: str) -> bytes:
        return self._objects.tar(tree)

    def write_tree(self, base_tree: str, files: Iterable[SnapshotFile]) -> str:
        return trees.write_tree(self._git, self._objects, base_tree, files)

    def apply_patch(self, base_tree: str, patch: bytes) -> str:
        return patches.apply_patch(self._git, base_tree, patch)

    def overlay(self, tree: str, other: str, paths: Sequence[str]) -> str:
        return trees.overlay(self._git, self._objects, tree, other, paths)

    def reapply(self, base_tree: str, tree: str, onto_tree: str) -> Reapplied:
        return reapply.reapply(self._git, self._objects, base_tree, tree, onto_tree)

    def changes(self, base_tree: str, tree: str) -> tuple[FileChange, ...]:
        return differences.changes(self._git, base_tree, tree)

    def diff(self, base_tree: str, tree: str) -> bytes:
        return differences.diff(self._git, base_tree, tree)

    def remotes(self) -> Remotes:
        """Where the user's repository fetches from, as its own configuration says."""
        urls: dict[str, str] = {}
        for setting in self._settings:
            kind, _, rest = setting.key.partition(".")
            name, _, key = rest.rpartition(".")
            if kind == "remote" and key == "url" and setting.value:
                urls.setdefault(name, setting.value)
        head = refs.head(self._layout.git_dir, self._layout.common_dir)
        branch = head.name.removeprefix("refs/heads/") if head is not None else ""
        upstream = layout.last(self._settings, f"branch.{branch}.remote")
        return Remotes(urls=urls, upstream=None if upstream is None else upstream.value)

    def remote(
        self, repository: ForgeRepository, *, token: str | None, environ: Mapping[str, str], known: Sequence[str] = ()
    ) -> GitRemote:
        """ports.Remote for `repository` on its forge, with our own store. `known` are commits that the user's
        repository has of it, such as the run's base."""
        return GitRemote(git=self._git, repository=repository, token=token, environ=environ, known=known)

    def commit(self, *, tree: str, base: Base, message: str, author: Identity, at: datetime) -> str:
        return commits.commit(self._git, tree=tree, parent=base.commit, message=message, author=author, at=at)

    def merge(
        self, *, tree: str, base: Base, branch: str, message: str, author: Identity, at: datetime,
        replaces: Collection[str] = (),
    ) -> MergeResult:  # fmt: skip
        if self._layout.mirror_of is not None:
            raise Refused(f"there is no checkout of {self._layout.mirror_of} here", remedy="merge it at the forge")
        return self._merge(
            tree=tree, base=base, branch=branch, message=message, author=author, at=at, replaces=replaces
        ).run()

    def _merge(
        self, *, tree: str, base: Base, branch: str, message: str, author: Identity, at: datetime,
        replaces: Collection[str] = (),
    ) -> Merge:  # fmt: skip
        return Merge(
            git=self._git,
            objects=self._objects,
            layout=self._layout,
            settings=self._settings,
            tree=tree,
            base=base,
            branch=branch,
            message=message,
            author=author,
            at=at,
            replaces=frozenset(replaces),
            lock_wait_s=self._lock_wait_s,
        )

    def author(self) -> Identity | None:
        return UserConfiguration(self._layout, self._settings).identity()
