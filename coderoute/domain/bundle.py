"""A run as one portable file, and what may stand in it.

Lines of JSON in a fixed order: one header, one patch, records, calls, events, one end. No archive: nothing in it is a
path, nothing is packed smaller than it is, and a reader holds one line at a time. The patch alone carries the files: it
holds their bytes in full, and applied to the base commit it must give the tree that the header names.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from coderoute.domain.money import LedgerRow
from coderoute.errors import BadInput, Refused

FORMAT = 1
"""Of the bundle. A reader that knows n reads n alone: what is older was made by nobody."""

MAX_BYTES = 64_000_000
MAX_LINES = 100_000
MAX_LINE_BYTES = 4_000_000
MAX_PATCH_LINE_BYTES = 22_000_000
"""A patch of the size that admission allows, in base64."""
MAX_USD = Decimal(1_000_000)
"""Of one amount; a larger one was made up."""

IMPORTED = "imported"
"""The journal's place of how a run came here."""
IMPORTED_CALLS = "imported/calls"
"""The journal's place of the calls that were made and paid where the run came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How a run came here. `by` is the operating-system user; `source_id` what the repository is over there."""

    at: str
    by: str
    digest: str
    source_id: str
    version: str
    """Of the coderoute that made the bundle, as it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the rest must agree with. `repository` is the first commit of its history, or a forge's address."""

    format: int
    journal: int
    """The format of the records."""
    version: str
    run: str
    created_at: str
    repository: str
    base: str
    base_tree: str
    tree: str
    patch_sha256: str
    plan_sha256: str
    evidence_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event, its data as JSON text."""

    at: str
    event: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A run that travels. `records` are (key, JSON text) in the order they were made."""

    header: Header
    patch: bytes
    records: tuple[tuple[str, str], ...]
    calls: tuple[LedgerRow, ...]
    events: tuple[Told, ...]

    @property
    def digest(self) -> str:
        """Of what the run is: equal for the same run, whatever was told of it since."""
        found = hashlib.sha256()
        for line in (patch_line(self.patch), *map(record_line, self.records), *map(call_line, self.calls)):
            found.update(line)
        return found.hexdigest()


def lines(bundle: Bundle) -> Iterator[bytes]:
    """The bundle's file, line by line."""
    found, count = hashlib.sha256(), 0
    for line in _body(bundle):
        found.update(line)
        count += 1
        yield line
    yield line_of({"end": {"lines": count, "sha256": found.hexdigest()}})


def _body(bundle: Bundle) -> Iterator[bytes]:
    yield line_of({"header": asdict(bundle.header)})
    yield patch_line(bundle.patch)
    yield from map(record_line, bundle.records)
    yield from map(call_line, bundle.calls)
    for event in bundle.events:
        yield line_of({"event": asdict(event)})


def patch_line(patch: bytes) -> bytes:
    return line_of({"patch": base64.b64encode(patch).decode("ascii")})


def record_line(record: tuple[str, str]) -> bytes:
    return line_of({"record": list(record)})


def call_line(call: LedgerRow) -> bytes:
    return line_of({"call": _call(call)})


def calls_text(calls: Iterable[LedgerRow]) -> str:
    """What stands under IMPORTED_CALLS."""
    return json.dumps([_call(call) for call in calls])


def _call(call: LedgerRow) -> dict[str, object]:
    """Without the ids of the row and its run: a line cannot be of another run."""
    amounts = {"reserved_usd": f"{call.reserved_usd:f}", "cost_usd": f"{call.cost_usd:f}"}
    row: dict[str, object] = {**asdict(call), **amounts, "state": call.state.value}
    return {name: value for name, value in row.items() if name not in ("id", "run_id")}


def line_of(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"


def unreadable(rule: str, problem: str) -> BadInput:
    """The refusal of a file that is no bundle of ours, by the name of the rule."""
    return BadInput(f"bundle.{rule}: {problem}", remedy="nothing was imported; export the run anew")


def refused(rule: str, problem: str, *, remedy: str = "nothing was imported; export the run anew") -> Refused:
    """The refusal of a bundle that can be read, by the name of the rule."""
    return Refused(f"bundle.{rule}: {problem}", remedy=remedy)
