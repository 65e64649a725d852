"""Admission alone: the verdict on a patch or a commit that somebody else made."""

from collections.abc import Sequence

from coderoute.domain.foreign_patch import admit_unapplied
from coderoute.domain.judgement import Admission
from coderoute.flow.admission import admit_tree
from coderoute.ports import Repository


def check_patch(
    repository: Repository, base_tree: str, patch: bytes, *, protected: Sequence[str], in_ci: bool
) -> Admission:
    """What `patch` would do to `base_tree`. One that names a path no tree may hold is not applied at all.

    Raises:
        BadInput: the patch does not parse or apply.
    """
    refused = admit_unapplied(patch, {file.path for file in repository.files(base_tree)})
    if refused.items:
        return refused
    return check_trees(
        repository, base_tree, repository.apply_patch(base_tree, patch), protected=protected, in_ci=in_ci
    )


def check_trees(
    repository: Repository, old_tree: str, new_tree: str, *, protected: Sequence[str], in_ci: bool
) -> Admission:
    """The difference of two trees, without a plan that it could leave.

    Raises:
        BadInput: one of the trees is missing or malformed.
    """
    return admit_tree(repository, old_tree, new_tree, planned=frozenset(), protected=protected, in_ci=in_ci)
