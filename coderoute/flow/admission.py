"""Two trees -> Admission: fetches what the pure rules look at."""

from collections.abc import Sequence

from coderoute.domain.admission import admit
from coderoute.domain.judgement import Admission
from coderoute.domain.work import GITLINK, FileChange
from coderoute.keys import held
from coderoute.ports import Repository

ABSENT = "000000"


def admit_tree(
    repository: Repository, base_tree: str, tree: str, *, planned: frozenset[str], protected: Sequence[str],
    in_ci: bool,
) -> Admission:  # fmt: skip
    """The admission rules on the difference of two trees. No `planned` paths: no plan declared any. No change may
    add a key that this process holds; one that is made in CI may not change what CI runs."""
    changes = repository.changes(base_tree, tree)
    if not changes:
        return Admission(items=())
    old, new = contents(repository, changes)
    return admit(
        changes,
        old,
        new,
        all_paths=[file.path for file in repository.files(tree)],
        planned=planned or None,
        protected_patterns=protected,
        known_secrets=held().known,
        in_ci=in_ci,
    )


Contents = dict[str, bytes | None]
"""Path -> bytes; None where that side has no regular file there."""


def contents(repository: Repository, changes: Sequence[FileChange]) -> tuple[Contents, Contents]:
    """What the changed files held before, and what they hold after."""
    blobs = repository.read_many(sorted({oid for change in changes for oid in sides(change)}))
    return (
        {change.path: blobs.get(change.old_oid) for change in changes},
        {change.path: blobs.get(change.new_oid) for change in changes},
    )


def sides(change: FileChange) -> list[str]:
    """The blobs of a change; a gitlink has none."""
    pairs = ((change.old_mode, change.old_oid), (change.new_mode, change.new_oid))
    return [oid for mode, oid in pairs if mode not in (ABSENT, GITLINK)]
