"""Two trees -> Admission: fetches what the pure rules look at."""

from collections.abc import Sequence

from coderoute.domain.admission import admit
from coderoute.domain.judgement import Admission
from coderoute.domain.work import GITLINK, FileChange
from coderoute.ports import Repository

ABSENT = "000000"


def admit_tree(
    repository: Repository, base_tree: str, tree: str, *, planned: frozenset[str], protected: Sequence[str]
) -> Admission:
    """The admission rules on the difference of two trees. No `planned` paths: no plan declared any."""
    changes = repository.changes(base_tree, tree)
    if not changes:
        return Admission(items=())
    oids = {oid for change in changes for oid in sides(change)}
    blobs = repository.read_many(sorted(oids))
    return admit(
        changes,
        {change.path: blobs.get(change.old_oid) for change in changes},
        {change.path: blobs.get(change.new_oid) for change in changes},
        all_paths=[file.path for file in repository.files(tree)],
        planned=planned or None,
        protected_patterns=protected,
    )


def sides(change: FileChange) -> list[str]:
    """The blobs of a change; a gitlink has none."""
    pairs = ((change.old_mode, change.old_oid), (change.new_mode, change.new_oid))
    return [oid for mode, oid in pairs if mode not in (ABSENT, GITLINK)]
