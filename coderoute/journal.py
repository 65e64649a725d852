"""Each step of a run happens once: what it returned is recorded under its place in the story.

Values are stored as JSON and read back against the type that the caller names, so nothing executable is ever loaded.
"""

import hashlib
import json
from collections.abc import Callable, Hashable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from coderoute.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from coderoute.ports import RunStore

P = ParamSpec("P")
T = TypeVar("T")

FORMAT = 1
"""Of the JSON in a record. A reader that knows n reads 1 to n."""


class Journal:
    """The records of one run. Keys are places in the story, such as `execute/step-2/cheap/1`."""

    def __init__(self, store: "RunStore", run_id: str) -> None:
        self._store = store
        self._run_id = run_id

    def once(self, key: str, kind: type[T], work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returned the first time this run completed `key`; it is called only if it never did.

        Nothing is recorded until `work` returns, so after a crash it runs again: it must be safe to repeat.
        What comes back is always what was stored, read anew: the first time and a resumed one do not differ.

        Raises:
            ConfigurationError: the record does not fit `kind` any more, but the version that wrote it reads it.
            ValueError: `work` itself recorded something under `key`.
        """
        stored = self._store.record(self._run_id, key)
        if stored is None:
            stored = to_json(kind, work(*args, **kwargs))
            self._store.put_record(self._run_id, key, _name(kind), stored)
        return self._read(key, kind, stored)

    def get(self, key: str, kind: type[T]) -> T | None:
        """What was recorded under `key`, None if nothing was.

        Raises:
            ConfigurationError: the record does not fit `kind` any more, but the version that wrote it reads it.
        """
        stored = self._store.record(self._run_id, key)
        return None if stored is None else self._read(key, kind, stored)

    def put(self, key: str, kind: type[T], value: T) -> None:
        """Record `value` under `key`.

        Raises:
            ValueError: there is a record already.
        """
        self._store.put_record(self._run_id, key, _name(kind), to_json(kind, value))

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """The recorded keys that start with `prefix`, in the order they were made."""
        return tuple(key for key, _ in self._store.records(self._run_id, prefix))

    def _read(self, key: str, kind: type[T], stored: str) -> T:
        try:
            return from_json(kind, stored)
        except ValueError as error:
            raise ConfigurationError(
                f"the record {key!r} of run {self._run_id} is no {_name(kind)} to this version of coderoute: {error}",
                remedy="continue the run with the version that made it, or start it anew: coderoute run",
            ) from error


def to_json(kind: type[T], value: T) -> str:
    """`value` as ASCII JSON.

    Raises:
        Exception: of pydantic or json, when the value is not what `kind` says or cannot be written down: a bug.
    """
    # pydantic's own JSON refuses lone surrogates, which a model's text may hold, and writes infinity as null.
    return json.dumps(_adapter(kind).dump_python(value, warnings="error"), default=_digits)


def from_json(kind: type[T], text: str) -> T:
    """The value `text` stands for.

    Raises:
        ValueError: it is not JSON, or not a `kind`.
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(json.loads(text))
    except ValidationError as error:
        misfits = [f"{'.'.join(map(str, misfit['loc']))}: {misfit['msg']}" for misfit in error.errors()]
        raise ValueError("; ".join(misfits[:3])) from error


def canonical_sha256(kind: type[T], value: T) -> str:
    """Hex digest over the canonical JSON of `value`: sorted keys, no spaces. Equal values have equal digests."""
    plain = json.loads(to_json(kind, value))
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _digits(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} does not belong in a record")


def _adapter(kind: type[T]) -> "TypeAdapter[T]":
    return _made_adapter(cast("Hashable", kind))


@cache
def _made_adapter(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _name(kind: type[T]) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)
