"""Two trees -> Admission: fetches what the pure rules look at."""

from coderoute.domain.admission import admit
from coderoute.domain.judgement import Admission
from coderoute.domain.work import GITLINK, FileChange
from coderoute.flow.world import World

ABSENT = "000000"


def admit_tree(world: World, base_tree: str, tree: str, planned: frozenset[str] | None) -> Admission:
    """The admission rules on the difference of two trees. `planned` None: no plan declared any paths."""
    changes = world.repository.changes(base_tree, tree)
    if not changes:
        return Admission(items=())
    oids = {oid for change in changes for oid in sides(change)}
    blobs = world.repository.read_many(sorted(oids))
    return admit(
        changes,
        {change.path: blobs.get(change.old_oid) for change in changes},
        {change.path: blobs.get(change.new_oid) for change in changes},
        all_paths=[file.path for file in world.repository.files(tree)],
        planned=planned,
        protected_patterns=world.terms.protected_paths,
    )


def sides(change: FileChange) -> list[str]:
    """The blobs of a change; a gitlink has none."""
    pairs = ((change.old_mode, change.old_oid), (change.new_mode, change.new_oid))
    return [oid for mode, oid in pairs if mode not in (ABSENT, GITLINK)]
