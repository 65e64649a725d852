"""Which JavaScript and TypeScript files of a repository use which, by the relative paths they import."""

import posixpath
import re
from collections.abc import Iterator, Mapping

ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte")

_SPECIFIER = re.compile(
    r"""(?:\bfrom|\bimport|\b(?:require|import|mock|doMock|unmock|requireActual)\s*\()\s*["']([^"'\n]+)["']"""
)


def uses(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Path -> the paths it imports directly, for every script of `texts` (path -> text)."""
    files = {path: text for path, text in texts.items() if path.endswith(ENDINGS)}
    return {path: frozenset(_imported(path, text, files)) - {path} for path, text in files.items()}


def is_named_otherwise(path: str, texts: Mapping[str, str]) -> bool:
    """Whether some script imports what may be `path` under a name that is no relative path: by an alias, or as a
    package of a workspace. Who uses it can then not be told."""
    stem = posixpath.splitext(path)[0]
    names = {posixpath.basename(stem.removesuffix("/index")), posixpath.basename(path)}
    return any(
        not specifier.startswith(".")
        and "/" in specifier
        and posixpath.splitext(specifier)[0].rpartition("/")[2] in names
        for other, text in texts.items()
        if other.endswith(ENDINGS)
        for specifier in _SPECIFIER.findall(text)
    )


def _imported(path: str, text: str, files: Mapping[str, str]) -> Iterator[str]:
    for specifier in _SPECIFIER.findall(text):
        if specifier.startswith("."):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
            stem = posixpath.splitext(target)[0]  # TypeScript says ./a.js for a.ts
            tried = (target, *(f"{base}{end}" for end in ENDINGS for base in (target, stem, f"{target}/index")))
            yield from (one for one in tried if one in files)
