"""What a person must have seen, and the record that binds their word to exactly one patch."""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from coderoute.domain.gate_session import MIN_DIGITS
from coderoute.domain.judgement import Admission
from coderoute.domain.run import Approval, Withdrawal
from coderoute.domain.task import Base
from coderoute.domain.work import Patch
from coderoute.errors import BadInput, Refused

FORMAT = 1
"""Of an approval's record."""

NOTHING_WITHDRAWN: Mapping[str, str] = MappingProxyType({})

LIFETIME = timedelta(hours=24)
CLOCK_SLACK = timedelta(minutes=5)
"""How far a clock may be set back without voiding what was just approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What is approved: one patch on one base, with the hashes of the plan and of all evidence."""

    run_id: str
    base: Base
    patch: Patch
    admission: Admission
    plan_sha256: str
    evidence_sha256: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who speaks: the operating-system user, and whom they claim to be."""

    user: str
    claimed_as: str | None
    note: str | None
    channel: str


def check_patch_name(given: str, patch: Patch) -> None:
    """Raises unless `given` names this patch.

    Raises:
        BadInput: not hexadecimal, or fewer than 12 digits.
        Refused: another patch.
    """
    text = given.strip().lower()
    if len(text) < MIN_DIGITS or len(text) > 64 or any(c not in "0123456789abcdef" for c in text):
        raise BadInput(
            f"--patch {given!r} is no patch hash",
            remedy=f"give the sha256 of the patch or at least its first {MIN_DIGITS} hex digits",
        )
    if not patch.sha256.startswith(text):
        raise Refused(
            f"the patch of this run is {patch.sha256[:MIN_DIGITS]}, not {text[:MIN_DIGITS]}",
            remedy="look at it again: coderoute diff RUN",
        )


def check_acknowledged(admission: Admission, acknowledged: Collection[str]) -> None:
    """Raises unless every protected item is acknowledged and nothing else is.

    Raises:
        BadInput: an acknowledged id that is no item.
        Refused: an item that is not acknowledged.
    """
    known = {item.id for item in admission.protected}
    strange = sorted(set(acknowledged) - known)
    if strange:
        raise BadInput(
            f"--ack {strange[0]!r} is no protected item of this run",
            remedy=f"the items are: {', '.join(sorted(known)) or 'none'}",
        )
    missing = sorted(known - set(acknowledged))
    if missing:
        rows = "\n".join(f"  --ack {item.id}   {item.detail}" for item in admission.protected if item.id in missing)
        raise Refused(
            f"{len(missing)} protected item(s) are not acknowledged:\n{rows}",
            remedy="look at each, then add its --ack to the approve command",
        )


def approve(
    exhibit: Exhibit, person: Person, *, patch_name: str, acknowledged: Sequence[str], seen: bool, key: bytes,
    now: datetime, nonce: str,
) -> Approval:  # fmt: skip
    """The signed record of a person's word.

    Raises:
        BadInput, Refused: a wrong hash, a patch that was not shown in full, an item that was not acknowledged.
    """
    check_patch_name(patch_name, exhibit.patch)
    if exhibit.admission.refusals:
        raise Refused(
            f"admission refuses this patch: {exhibit.admission.refusals[0].detail}",
            remedy="nobody can approve it; send it back: coderoute send-back RUN --comment TEXT",
        )
    if not seen:
        raise Refused(
            "this patch was not shown in full yet", remedy="read it first: coderoute diff RUN (or show, or gate)"
        )
    check_acknowledged(exhibit.admission, acknowledged)
    record = Approval(
        run_id=exhibit.run_id, repository_id=exhibit.base.repository_id, target=exhibit.base.target,
        base_commit=exhibit.base.commit, base_tree=exhibit.base.tree, tree=exhibit.patch.tree,
        patch_sha256=exhibit.patch.sha256, plan_sha256=exhibit.plan_sha256, evidence_sha256=exhibit.evidence_sha256,
        version=exhibit.version, acknowledged=tuple(sorted(set(acknowledged))), by=person.user,
        claimed_as=person.claimed_as, note=person.note, channel=person.channel, at=now.isoformat(),
        expires_at=(now + LIFETIME).isoformat(), nonce=nonce, signature="",
        v=FORMAT,
    )  # fmt: skip
    return replace(record, signature=signature(record, key))


def signature(record: Approval, key: bytes) -> str:
    """HMAC-SHA256 over everything else in the record."""
    body = json.dumps(asdict(replace(record, signature="")), sort_keys=True, separators=(",", ":"))
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


def withdrawal(given: Sequence[Approval], *, why: str, now: datetime) -> Withdrawal:
    """The record that voids the approvals `given`; a later one is another word and holds."""
    return Withdrawal(at=now.isoformat(), why=why, nonces=tuple(sorted({record.nonce for record in given})))


def withdrawn(records: Sequence[Withdrawal]) -> dict[str, str]:
    """Nonce of a void approval -> why it is void."""
    return {nonce: f"{record.why} at {record.at}" for record in reversed(records) for nonce in record.nonces}


def holds(
    record: Approval, exhibit: Exhibit, key: bytes, now: datetime, *, void: Mapping[str, str] = NOTHING_WITHDRAWN
) -> str | None:
    """None if the approval still covers exactly this exhibit; else why not. `void` is what `withdrawn` gives."""
    if not hmac.compare_digest(record.signature.encode("utf-8", "replace"), signature(record, key).encode()):
        return "its signature does not fit: it was not made here, or was changed"
    expected = {
        "run": (record.run_id, exhibit.run_id),
        "repository": (record.repository_id, exhibit.base.repository_id),
        "target": (record.target, exhibit.base.target),
        "base commit": (record.base_commit, exhibit.base.commit),
        "base tree": (record.base_tree, exhibit.base.tree),
        "tree": (record.tree, exhibit.patch.tree),
        "patch": (record.patch_sha256, exhibit.patch.sha256),
        "plan": (record.plan_sha256, exhibit.plan_sha256),
        "evidence": (record.evidence_sha256, exhibit.evidence_sha256),
        "version of coderoute": (record.version, exhibit.version),
    }
    if record.v != FORMAT:
        return f"it was made in another format ({record.v}, and {FORMAT} is known)"
    for name, (approved, found) in expected.items():
        if approved != found:
            return f"the {name} is not what was approved ({approved} then, {found} now)"
    if set(record.acknowledged) != {item.id for item in exhibit.admission.protected}:
        return "the protected items are not those that were acknowledged"
    if record.nonce in void:
        return f"it was withdrawn: {void[record.nonce]}"
    if now < datetime.fromisoformat(record.at) - CLOCK_SLACK:
        return f"it was made at {record.at}, which is still to come: the clock was set back"
    if now >= datetime.fromisoformat(record.expires_at):
        return f"it expired at {record.expires_at}"
    return None
