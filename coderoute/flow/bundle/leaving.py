"""A run that stands before a person -> Bundle."""

import json
from dataclasses import replace

from coderoute.domain.bundle import FORMAT, IMPORTED, IMPORTED_CALLS, Bundle, Header, Imported, Told, refused
from coderoute.domain.bundle_reading import OID, imported_calls
from coderoute.domain.candidate import Candidate
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Base
from coderoute.errors import Refused
from coderoute.flow.bundle.records import STAY, checked, journal_over, kind_of
from coderoute.flow.candidate import exhibit
from coderoute.flow.kept import read_patch
from coderoute.journal import FORMAT as JOURNAL_FORMAT
from coderoute.journal import Journal, from_json, to_json
from coderoute.ports import RunStore


def bundle_of(store: RunStore, run: RunRecord, version: str) -> Bundle:
    """The run as it can travel: without what people said or saw of it here, and without any path of this machine.

    Raises:
        Refused: it has not come to a change yet.
        CoderouteError: the patch file is gone or was changed, or a record is of another version (by the rule's name).
    """
    here = Journal(store, run.id)
    found = exhibit(here, run.id)
    if found is None:
        raise Refused(
            f"run {run.id} is {run.status.value}: there is no change to export yet", remedy=f"coderoute show {run.id}"
        )
    shown, candidate, _ = found
    records = {key: _without_places(key, value) for key, value in store.records(run.id) if _travels(key)}
    leaving = exhibit(journal_over(records, run.id), run.id)
    if leaving is None:  # the records were read a moment ago
        raise refused("record", "the change is gone")
    came = here.get(IMPORTED, Imported)
    header = Header(
        format=FORMAT, journal=JOURNAL_FORMAT, version=version, run=run.id, created_at=run.created_at,
        repository=root_of(shown.base.repository_id if came is None else came.source_id), base=shown.base.commit,
        base_tree=shown.base.tree, tree=candidate.patch.tree, patch_sha256=candidate.patch.sha256,
        plan_sha256=leaving[0].plan_sha256, evidence_sha256=leaving[0].evidence_sha256,
    )  # fmt: skip
    events = tuple(Told(at=e.at, event=e.event, data=json.dumps(e.data)) for e in store.events(run.id))
    made = store.calls(run.id) or imported_calls(store.record(run.id, IMPORTED_CALLS), run.id)
    calls = tuple(replace(call, id=0, run_id="") for call in made)
    return Bundle(
        header=header, patch=read_patch(candidate.patch), records=tuple(records.items()), calls=calls, events=events
    )


def root_of(repository_id: str) -> str:
    """A repository's id without its path on this machine; a forge's address is one everywhere."""
    first, _, _ = repository_id.partition(":")
    return first if OID.fullmatch(first) else repository_id


def _travels(key: str) -> bool:
    return STAY.fullmatch(key) is None and kind_of(key) is not None


def _without_places(key: str, value: str) -> str:
    """The record without what it says about this machine: where the patch file and the repository lie."""
    kind = kind_of(key)
    if kind is Candidate:
        candidate = from_json(Candidate, value)
        return to_json(Candidate, replace(candidate, patch=replace(candidate.patch, path="")))
    if kind is Base:
        return to_json(Base, replace(from_json(Base, value), repository_id=""))
    return checked(key, value)
