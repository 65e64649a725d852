"""Checked values with the place where each was written; and what was wrong, collected instead of raised."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coderoute.settings import keys
from coderoute.settings.keys import KEYS, Named, Tree
from coderoute.settings.values import Check, Written, Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value of the type that its key's check returns, and the place where it was written."""

    value: Any
    where: str


Entries = dict[keys.Path, Entry]


@dataclass(slots=True)
class Mistakes:
    """What is wrong so far, a line each; `about` are the keys whose value could not be used."""

    lines: list[str] = field(default_factory=list)
    about: set[keys.Path] = field(default_factory=set)

    def add(self, where: str, path: keys.Path, wrong: str, value: str | None = None) -> None:
        self.about.add(path)
        equals = "" if value is None else f" = {value}"
        self.lines.append(f"{where}: {keys.shown(path)}{equals}: {wrong}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One source on its way into `entries`. `raw` is its text if it is one value without quotes; `forbidden` says why
    a known key may not be set there, None if it may."""

    where: str
    mistakes: Mistakes
    raw: str | None = None
    forbidden: Callable[[keys.Path], str | None] = lambda _: None
    entries: Entries = field(default_factory=dict)

    def table(self, tree: Tree, found: object, path: keys.Path = ()) -> None:
        """Read `found` as a table with the keys of `tree`."""
        if not isinstance(found, dict):
            self.mistakes.add(self.where, path, "must be a table", _shown(found))
            return
        for key, value in (_dotted(found) if path == ("routes",) else found).items():
            inner = (*path, key)
            match tree.get(key):
                case None:
                    self.mistakes.add(self.where, inner, f"unknown key; {keys.hint(inner, tree)}")
                case Named() as named:
                    self._names(named, value, inner)
                case node:
                    self._node(node, value, inner)

    def _names(self, named: Named, found: object, path: keys.Path) -> None:
        if not isinstance(found, dict):
            self.mistakes.add(self.where, path, "must be a table", _shown(found))
            return
        for name, value in found.items():
            try:
                named.name(Written(value=name))
            except Wrong as wrong:
                self.mistakes.add(self.where, (*path, name), f"its name {wrong.allowed}")
            else:
                self._node(named.each, value, (*path, name))

    def _node(self, node: Check | Tree, value: object, path: keys.Path) -> None:
        if isinstance(node, dict):
            self.table(node, value, path)
        elif reason := self.forbidden(path):
            self.mistakes.add(self.where, path, reason)
        else:
            try:
                self.entries[path] = Entry(value=node(Written(value=value, raw=self.raw)), where=self.where)
            except Wrong as wrong:
                self.mistakes.add(self.where, path, wrong.allowed, None if wrong.secret else _shown(value))


def read(
    found: Mapping[str, object],
    where: str,
    mistakes: Mistakes,
    *,
    raw: str | None = None,
    forbidden: Callable[[keys.Path], str | None] = lambda _: None,
) -> Entries:
    """The entries of one parsed source; see Reading for `raw` and `forbidden`."""
    reading = Reading(where=where, mistakes=mistakes, raw=raw, forbidden=forbidden)
    reading.table(KEYS, found)
    return reading.entries


def _dotted(routes: Mapping[str, object]) -> dict[str, object]:
    """`routes` with the keys of its inner tables joined by a dot: TOML reads `edit.local = "cheap"` as a table."""
    flat: dict[str, object] = {}
    for key, value in routes.items():
        flat |= {f"{key}.{inner}": kind for inner, kind in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def _shown(value: object) -> str:
    """The value as in TOML, on one line of at most 60 characters."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = json.dumps(value, ensure_ascii=not value.isprintable())
        case dict():
            text = "a table"
        case list():
            text = f"[{', '.join(map(_shown, value))}]"
        case _:
            text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
