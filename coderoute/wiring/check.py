"""A change that is only looked at: the file or commit behind a name, and what the admission rules say about it."""

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from coderoute.domain.foreign_patch import MAX_PATCH_BYTES
from coderoute.domain.judgement import Admission
from coderoute.domain.paths import shown
from coderoute.domain.task import Revision
from coderoute.errors import BadInput
from coderoute.keys import held
from coderoute.ports import Repository
from coderoute.wiring.terms import in_ci, settings_for
from coderoute.wiring.world import hold_keys

STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`subject` and `against` say what was compared with what, safe to print."""

    subject: str
    against: str
    admission: Admission


def check(
    environ: Mapping[str, str], given: str, *, repo: Path, base: str | None, stdin: BinaryIO,
    warn: Callable[[str], None], as_ci: bool | None = None,
) -> Checked:  # fmt: skip
    """The admission of the patch in the file `given` (`-`: from `stdin`), or of the commit of that name.

    Nothing is kept: what is made of the change lies in a folder that is gone afterwards. The settings are the user's
    and those of the repository at `base`; without one, where the patch starts from or at the commit's first parent.
    With `as_ci` it is judged as a change that is made in CI; None: where this is one.

    Raises:
        BadInput: no such file or commit, or a patch that does not apply.
        ConfigurationError
    """
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.flow.check import check_patch, check_trees

    is_ci = in_ci(environ) if as_ci is None else as_ci
    patch = read_patch(given, stdin)
    with tempfile.TemporaryDirectory(prefix="coderoute-check-") as folder:
        repository = GitRepository(repo, Path(folder) / "q.git")
        for warning in repository.warnings():
            warn(warning)
        if patch is not None:
            start = repository.revision(base)
            protected = protected_paths(environ, repository, start.tree)
            found = check_patch(repository, start.tree, patch, protected=protected, in_ci=is_ci)
            name = "the patch" if given == STDIN else shown(given)
            return Checked(subject=name, against=f"commit {start.commit[:12]}", admission=found)
        commit = named_commit(repository, given)
        settled = commit.parent_tree if base is None else repository.revision(base).tree
        protected = protected_paths(environ, repository, settled)
        found = check_trees(repository, commit.parent_tree, commit.tree, protected=protected, in_ci=is_ci)
        parent = "nothing, as it is a first commit" if commit.parent is None else f"its parent {commit.parent[:12]}"
        return Checked(subject=f"commit {commit.commit[:12]}", against=parent, admission=found)


def protected_paths(environ: Mapping[str, str], repository: Repository, tree: str) -> tuple[str, ...]:
    """What the settings protect. The keys they name are held from here on: no change may add one of them."""
    settings = settings_for(environ, repository, tree, ())
    hold_keys(held(), (settings.models.frontier, settings.models.cheap, settings.models.premium))
    return settings.gate.protected_paths


def read_patch(given: str, stdin: BinaryIO) -> bytes | None:
    """The bytes of the patch, at most one more than are allowed; None if there is no such file."""
    if given == STDIN:
        return stdin.read(MAX_PATCH_BYTES + 1)
    try:
        if stat.S_ISDIR(os.stat(given).st_mode):  # noqa: PTH116 - Path.stat takes no name with a NUL either
            return None
        with open(given, "rb") as file:  # noqa: PTH123
            return file.read(MAX_PATCH_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise BadInput(
            f"{shown(given)} cannot be read: {error.strerror}", remedy="name a readable file, or pipe it: check -"
        ) from error


def named_commit(repository: Repository, given: str) -> Revision:
    try:
        return repository.revision(given)
    except BadInput as error:
        raise BadInput(
            f"there is no file {shown(given)!r}, and as a commit: {error.problem}", remedy=error.remedy
        ) from error
