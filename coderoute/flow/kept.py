"""What a run has kept: records that must be there, and its patch as people are shown it."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.run import RunRecord
from coderoute.domain.work import Patch
from coderoute.errors import CoderouteError
from coderoute.journal import Journal

if TYPE_CHECKING:
    from coderoute.ports import RunStore

T = TypeVar("T")


def needed(journal: Journal, key: str, kind: type[T]) -> T:
    """The record under `key`, which the story has written before."""
    value = journal.get(key, kind)
    if value is None:
        raise CoderouteError(f"the record {key!r} is missing from this run", remedy="start the run anew: coderoute run")
    return value


def read_patch(patch: Patch) -> bytes:
    """The bytes of the patch file.

    Raises:
        CoderouteError: the file is gone or was changed.
    """
    try:
        data = Path(patch.path).read_bytes()
    except OSError as error:
        raise CoderouteError(
            f"the patch file {patch.path} cannot be read: {error.strerror}", remedy="start the run anew: coderoute run"
        ) from error
    if hashlib.sha256(data).hexdigest() != patch.sha256:
        raise CoderouteError(
            f"the patch file {patch.path} was changed after it was made", remedy="start the run anew: coderoute run"
        )
    return data


def patch_text(store: "RunStore", run: RunRecord) -> tuple[str, bytes] | None:
    """(sha256, bytes) of the change as it stands, None before there is one."""
    numbers = [int(key.rsplit("/", 1)[1]) for key in Journal(store, run.id).keys("candidate/")]
    if not numbers:
        return None
    candidate = needed(Journal(store, run.id), places.candidate(max(numbers)), Candidate)
    return candidate.patch.sha256, read_patch(candidate.patch)


def mark_shown(store: "RunStore", run: RunRecord, patch_sha256: str, now: datetime) -> None:
    """Note that the whole patch was produced for a person."""
    Journal(store, run.id).once(places.shown(patch_sha256), str, now.isoformat)
