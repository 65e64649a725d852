"""What a change does to the settings of test runners and of coverage, setting by setting."""

import configparser
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from coderoute.domain.visible import one_line

MAX_SHOWN = 100

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One that differs; None: it is not set."""

    name: str
    was: object
    now: object

    @property
    def told(self) -> str:
        was, now = ("not set" if value is None else f"`{_shown(value)}`" for value in (self.was, self.now))
        return f"{one_line(self.name, MAX_SHOWN)} was {was}, is {now}"

    @property
    def is_stricter(self) -> bool:
        """Whether it can only make more tests fail: no person needs to look at it."""
        match self.name.rpartition(".")[2]:
            case "fail_under":
                was, now = _number(self.was), _number(self.now)
                return now is not None and (self.was is None or (was is not None and now >= was))
            case "markers":
                return _lines(self.was) <= _lines(self.now)
            case "filterwarnings":
                came = _lines(self.now) - _lines(self.was)
                return _lines(self.was) <= _lines(self.now) and all(one.startswith("error") for one in came)
            case "xfail_strict" | "strict_markers" | "strict_config" | "strict" | "branch":
                return str(self.now).lower() in ("true", "1")
            case _:
                return False


def changed_settings(name: str, old: bytes | None, new: bytes | None) -> tuple[Setting, ...] | None:
    """By the file's `name`; None where it has another form, or cannot be read."""
    reader = READERS.get(name)
    if reader is None:
        return None
    read, wanted = reader
    try:
        before, after = (dict(_flat(read(side))) if side is not None else {} for side in (old, new))
    except (ValueError, RecursionError, configparser.Error):
        return None
    names = sorted(key for key in {*before, *after} if any(fnmatchcase(key, one) for one in wanted))
    return tuple(
        Setting(name=key, was=before.get(key), now=after.get(key)) for key in names if before.get(key) != after.get(key)
    )


def _toml(data: bytes) -> Table:
    return tomllib.loads(data.decode("utf-8"))


def _json(data: bytes) -> Table:
    parsed = json.loads(data)
    return parsed if isinstance(parsed, dict) else {}


def _ini(data: bytes) -> Table:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(data.decode("utf-8"))
    return {"DEFAULT": dict(parser.defaults()), **{name: dict(parser.items(name)) for name in parser.sections()}}


READERS: Mapping[str, tuple[Callable[[bytes], Table], tuple[str, ...]]] = {
    "pyproject.toml": (_toml, ("tool.pytest*", "tool.coverage*", "tool.tox*", "project.entry-points.pytest11*")),
    "setup.cfg": (_ini, ("tool:pytest.*", "coverage*")),
    "package.json": (_json, ("jest*", "mocha*", "vitest*", "ava*", "nyc*", "c8*", "tap*")),
    **dict.fromkeys(("pytest.ini", ".pytest.ini", "tox.ini", ".coveragerc"), (_ini, ("*",))),
    **dict.fromkeys(("pytest.toml", ".pytest.toml"), (_toml, ("*",))),
}
"""File name -> its reader, and the settings that concern tests."""


def _flat(table: Table, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _lines(value: object) -> frozenset[str]:
    parts = value if isinstance(value, list) else str(value or "").splitlines()
    return frozenset(str(part).strip() for part in parts if str(part).strip())


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return one_line(text, MAX_SHOWN)
