"""A bundle from outside, read line by line: sizes and counts before contents, and nothing that is not known.

Whoever made the file may be an attacker. What comes out has the form of a bundle; whether it is true is for others.
"""

import binascii
import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from coderoute.domain.bundle import (
    FORMAT,
    MAX_BYTES,
    MAX_LINE_BYTES,
    MAX_LINES,
    MAX_PATCH_LINE_BYTES,
    MAX_USD,
    Bundle,
    Header,
    Told,
    unreadable,
)
from coderoute.domain.conversation import Usage
from coderoute.domain.foreign_patch import MAX_PATCH_BYTES
from coderoute.domain.money import CLASS_OF_ROLE, CallState, LedgerRow
from coderoute.domain.paths import shown

ORDER = ("header", "patch", "record", "call", "event", "end")
ONCE = frozenset({"header", "patch", "end"})
MAX_TOKENS = 10**12
MAX_SECONDS = 10.0**9

RUN_ID = re.compile(r"[0-9a-f]{8}")
OID = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
USD = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,30})?")
WORD = re.compile(r"[A-Za-z0-9._:/@+-]{1,200}")
KEY = re.compile(r"[A-Za-z0-9._/-]{1,300}")
EVENT = re.compile(r"[a-z_.]{1,60}")
TEXT = re.compile(r".{0,100000}", re.DOTALL)


def read(given: Iterable[bytes]) -> Bundle:
    """The bundle in these lines, each with its line break. A line that is too long may be cut.

    Raises:
        BadInput: it is none; the problem begins with the rule's name (`bundle.format`, `bundle.size`, ...).
    """
    reader = _Reader()
    for line in given:
        reader.take(line)
    return reader.bundle()


class _Reader:
    def __init__(self) -> None:
        self._size = self._count = self._at = 0
        self._seen = hashlib.sha256()
        self._ended = False
        self._header: Header | None = None
        self._patch: bytes | None = None
        self._records: dict[str, str] = {}
        self._calls: list[LedgerRow] = []
        self._events: list[Told] = []

    def take(self, line: bytes) -> None:
        self._size += len(line)
        self._count += 1
        self._measure(line)
        if self._ended:
            raise unreadable("format", f"there is more behind the end, at line {self._count}")
        if not line.endswith(b"\n"):
            raise unreadable("truncated", f"line {self._count} breaks off")
        kind, content = self._kind(line)
        self._in_order(kind)
        match kind:
            case "header":
                self._header = _header(content)
            case "patch":
                self._patch = _patch(content)
            case "record":
                self._record(content)
            case "call":
                self._calls.append(_call(content))
            case "event":
                self._events.append(_event(content))
            case _:
                self._end(content)
        self._seen.update(line)

    def bundle(self) -> Bundle:
        if self._count == 0:
            raise unreadable("format", "the file is empty")
        if not self._ended or self._header is None or self._patch is None:
            raise unreadable("truncated", f"the file breaks off after line {self._count}")
        return Bundle(
            header=self._header, patch=self._patch, records=tuple(self._records.items()), calls=tuple(self._calls),
            events=tuple(self._events),
        )  # fmt: skip

    def _measure(self, line: bytes) -> None:
        """Before anything of the line is looked at."""
        limit = MAX_PATCH_LINE_BYTES if line.startswith(b'{"patch":') else MAX_LINE_BYTES
        if len(line) > limit:
            raise unreadable("size", f"line {self._count} has more than {limit} bytes")
        if self._size > MAX_BYTES:
            raise unreadable("size", f"the file has more than {MAX_BYTES} bytes")
        if self._count > MAX_LINES:
            raise unreadable("size", f"the file has more than {MAX_LINES} lines")

    def _kind(self, line: bytes) -> tuple[str, object]:
        found = plain(line, f"line {self._count}")
        if not isinstance(found, dict) or len(found) != 1:
            raise unreadable("format", f"line {self._count} is no line of a bundle")
        kind, content = next(iter(found.items()))
        if kind == "approval":
            raise unreadable("approval", "an approval does not travel: a person approves where the run is merged")
        if kind not in ORDER:
            raise unreadable("format", f"line {self._count} is of an unknown kind {shown(kind)[:60]!r}")
        return kind, content

    def _in_order(self, kind: str) -> None:
        place = ORDER.index(kind)
        if self._count == 1 and kind != "header":
            raise unreadable("format", "the file does not begin as a bundle does")
        if self._count > 1 and place == self._at and kind in ONCE:
            raise unreadable("duplicate", f"there is a second {kind}, at line {self._count}")
        if place < self._at:
            rule = "duplicate" if kind in ONCE else "format"
            raise unreadable(rule, f"line {self._count}, a {kind}, stands behind a {ORDER[self._at]}")
        if self._count == 2 and kind != "patch":
            raise unreadable("format", "the second line is no patch")
        self._at = place

    def _record(self, content: object) -> None:
        match content:
            case [str(key), str(value)] if KEY.fullmatch(key):
                if key in self._records:
                    raise unreadable("duplicate", f"there are two records {shown(key)!r}")
                self._records[key] = value
            case _:
                raise unreadable("format", f"line {self._count} is no record")

    def _end(self, content: object) -> None:
        if content != {"lines": self._count - 1, "sha256": self._seen.hexdigest()}:
            raise unreadable(
                "truncated", "what stands before the end is not what was written: lines are missing or other"
            )
        self._ended = True


def imported_calls(recorded: str | None, run_id: str) -> tuple[LedgerRow, ...]:
    """The calls that were made where an imported run came from: never of this installation's ledger. `recorded` is what
    stands under IMPORTED_CALLS, None for a run that was made here."""
    found = [] if recorded is None else plain(recorded, "the record of imported calls")
    if not isinstance(found, list):
        raise unreadable("ledger", "the record of imported calls is none")
    return tuple(replace(_call(each), id=number, run_id=run_id) for number, each in enumerate(found, 1))


def plain(text: bytes | str, what: str) -> object:
    """JSON with each name of an object once and no number that is none.

    Raises:
        BadInput: it is not that.
    """

    def once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise unreadable("duplicate", f"{what} has an object with a name twice")
        return found

    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number")

    try:
        return json.loads(text, object_pairs_hook=once_each, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise unreadable("format", f"{what} is no JSON: {type(error).__name__}") from error


class _Fields:
    """An object with exactly the fields of a dataclass, taken out one by one."""

    def __init__(self, what: str, content: object, names: Iterable[str], rule: str = "format") -> None:
        if not isinstance(content, dict) or content.keys() != set(names):
            raise unreadable(rule, f"the {what} has not the fields it must have")
        self._what, self._content, self._rule = what, content, rule

    def text(self, name: str, pattern: re.Pattern[str] = TEXT) -> str:
        value = self._content[name]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.wrong(name)
        return value

    def maybe_text(self, name: str) -> str | None:
        return None if self._content[name] is None else self.text(name)

    def whole(self, name: str, limit: int) -> int:
        value = self._content[name]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
            raise self.wrong(name)
        return value

    def seconds(self, name: str) -> float | None:
        value = self._content[name]
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_SECONDS:
            raise self.wrong(name)
        return float(value)

    def usd(self, name: str) -> Decimal:
        amount = Decimal(self.text(name, USD))
        if amount > MAX_USD:
            raise self.wrong(name)
        return amount

    def moment(self, name: str) -> str:
        """ISO 8601 with a time zone."""
        text = self.text(name)
        try:
            zoned = len(text) <= 40 and datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            zoned = False
        if not zoned:
            raise self.wrong(name)
        return text

    def inner(self, name: str) -> object:
        return self._content[name]

    def wrong(self, name: str) -> Exception:
        return unreadable(self._rule, f"{name} of the {self._what} is not what it can be")


def _header(content: object) -> Header:
    version_first(content)
    found = _Fields("header", content, (field.name for field in fields(Header)))
    return Header(
        format=FORMAT,
        journal=found.whole("journal", 1_000_000),
        version=found.text("version", WORD),
        run=found.text("run", RUN_ID),
        created_at=found.moment("created_at"),
        repository=found.text("repository", WORD),
        base=found.text("base", OID),
        base_tree=found.text("base_tree", OID),
        tree=found.text("tree", OID),
        patch_sha256=found.text("patch_sha256", SHA256),
        plan_sha256=found.text("plan_sha256", SHA256),
        evidence_sha256=found.text("evidence_sha256", SHA256),
    )


def version_first(content: object) -> None:
    """Raises BadInput for a bundle of another format, whatever else it has."""
    match content:
        case {"format": int(number)} if not isinstance(number, bool):
            if number != FORMAT:
                age = "a newer" if number > FORMAT else "an older"
                raise unreadable(
                    "version", f"it has format {number}, of {age} coderoute; this one reads format {FORMAT}"
                )
        case _:
            raise unreadable("version", f"it does not say which format it has; this coderoute reads format {FORMAT}")


def _patch(content: object) -> bytes:
    try:
        if not isinstance(content, str):
            raise ValueError("no text")
        patch = b64decode(content, validate=True)
    except (ValueError, binascii.Error) as error:
        raise unreadable("format", "the patch is no base64") from error
    if len(patch) > MAX_PATCH_BYTES:
        raise unreadable("size", f"the patch has more than {MAX_PATCH_BYTES} bytes")
    return patch


def _call(content: object) -> LedgerRow:
    names = [field.name for field in fields(LedgerRow) if field.name not in ("id", "run_id")]
    found = _Fields("call", content, names, "ledger")
    role, state = found.text("role", WORD), found.text("state", WORD)
    if role not in CLASS_OF_ROLE:
        raise found.wrong("role")
    if state not in set(CallState):
        raise found.wrong("state")
    return LedgerRow(
        id=0, run_id="", at=found.moment("at"), provider=found.text("provider", WORD),
        model=found.text("model", WORD), role=role, stage=found.text("stage", WORD), step=found.text("step", WORD),
        attempt=found.whole("attempt", 1_000_000), state=CallState(state), reserved_usd=found.usd("reserved_usd"),
        cost_usd=found.usd("cost_usd"), usage=_usage(found.inner("usage")), latency_s=found.seconds("latency_s"),
        problem=found.maybe_text("problem"),
    )  # fmt: skip


def _usage(content: object) -> Usage | None:
    if content is None:
        return None
    found = _Fields("usage", content, (field.name for field in fields(Usage)), "ledger")
    usage = Usage(**{field.name: found.whole(field.name, MAX_TOKENS) for field in fields(Usage)})
    if usage.cached_input_tokens + usage.cache_write_tokens > usage.input_tokens:
        raise found.wrong("cached_input_tokens")
    return usage


def _event(content: object) -> Told:
    found = _Fields("event", content, (field.name for field in fields(Told)))
    data = found.text("data", re.compile(r".{2,400000}", re.DOTALL))
    if not isinstance(plain(data, "the data of an event"), dict):
        raise found.wrong("data")
    return Told(at=found.moment("at"), event=found.text("event", EVENT), data=data)
