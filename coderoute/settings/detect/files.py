"""A repository's files as far as they are looked at: all paths, a few texts; and reading what they say with patience,
since a broken file must not keep the others from being understood."""

import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """`texts` are of some of `paths`; `version` is that of the last release, as far as its tags tell."""

    paths: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None

    def text(self, path: str) -> str:
        """The text of the file, empty if there is none or it was not read."""
        return self.texts.get(path, "")

    def toml(self, path: str) -> Table:
        try:
            return tomllib.loads(self.text(path).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return {}

    def json(self, path: str) -> Table:
        try:
            found = json.loads(self.text(path).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def ini(self, path: str) -> dict[str, dict[str, str]]:
        """Sections of `key = value`, values as they are written."""
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(self.text(path).removeprefix("\ufeff"))
        except (configparser.Error, ValueError):
            return {}
        return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The paths that match the regular expression wholly, the shortest first."""
        found = (path for path in self.paths if re.fullmatch(pattern, path))
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    def below(self, folder: str) -> "Files":
        """The same for one folder, as if it were the root."""
        if not folder:
            return self
        start = f"{folder}/"
        return Files(
            paths=frozenset(path.removeprefix(start) for path in self.paths if path.startswith(start)),
            texts={path.removeprefix(start): text for path, text in self.texts.items() if path.startswith(start)},
            version=self.version,
        )


def table(found: object, *keys: str) -> Table:
    """The inner table at `keys`, empty where there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def texts(found: object) -> tuple[str, ...]:
    """The texts among the entries of a list."""
    return tuple(entry for entry in found if isinstance(entry, str)) if isinstance(found, list) else ()


def lines(text: str) -> Iterator[str]:
    """Lines without comments, continuations joined, empty ones left out."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        plain = re.sub(r"(^|\s)[#;].*", "", line).strip()
        if plain:
            yield plain


def in_folder(folder: str, command: str) -> str:
    """`command` as it is run in `folder` from the root."""
    return command if not folder else f"cd {shlex.quote(f'./{folder}' if folder[0] == '-' else folder)} && {command}"
