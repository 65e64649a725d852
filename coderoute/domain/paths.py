"""Which paths a tree of ours may hold: the rules every changed path passes before any object is made of it.

A path is text with `/` between its components; bytes that are not UTF-8 come as lone surrogates (surrogateescape).
The rules look at the path alone, so they say nothing about modes, symlinks or what the base tree has.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 1024
MAX_DEPTH = 64


class PathRefusal(NamedTuple):
    """Why a path is not allowed. `rule` is a stable name (`path.traversal`), `detail` is safe to print."""

    rule: str
    detail: str


def refusal(path: str) -> PathRefusal | None:
    """The first rule that `path` breaks, None when it breaks none."""
    for rule, check in RULES:
        detail = check(path)
        if detail is not None:
            return PathRefusal(rule, f"{shown(path) or 'the empty path'}: {detail}")
    return None


def collisions(paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of different spellings of files or folders that are one name where case and Unicode form do not count.

    Each group is sorted and has at least two members; the groups are sorted too.
    """
    spellings: dict[str, set[str]] = {}
    seen: set[str] = set()
    for path in paths:
        end = len(path)
        while end > 0 and path[:end] not in seen:
            name = path[:end]
            seen.add(name)
            spellings.setdefault(folded(name), set()).add(name)
            end = name.rfind("/")
    return tuple(sorted(tuple(sorted(group)) for group in spellings.values() if len(group) > 1))


def leftover(path: str) -> str | None:
    """The part of `path` that is a build or test leftover (a cache folder, compiled bytes), None if nothing is.

    Whoever asks takes such a file all the same when the base tree has that part.
    """
    components = path.split("/")
    for depth, component in enumerate(components, start=1):
        if _LEFTOVER_NAME.fullmatch(component):
            return "/".join(components[:depth])
    return None


def folded(path: str) -> str:
    """`path` as a file system sees it that ignores case and Unicode form."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def plain_name(component: str) -> str:
    """A component as the most careless file system would open it: no invisible code points, no width or case,
    no `:stream`, no trailing spaces and dots. Compare it with the names that must not be aliased (`.git`).
    """
    visible = "".join(char for char in component if not _is_invisible(char))
    name = unicodedata.normalize("NFKC", visible).casefold()
    return name.partition(":")[0].rstrip(" .")


def shown(text: str) -> str:
    """`text` for a message: everything that is not plainly visible stands there as `<U+XXXX>`."""
    return "".join(char if char.isprintable() and not _is_invisible(char) else f"<U+{ord(char):04X}>" for char in text)


def _traversal(path: str) -> str | None:
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path:
        return "has a backslash"
    for component in path.split("/"):
        if component in ("", ".", ".."):
            return f"has the component {component!r}"
    return None


def _dotgit(path: str) -> str | None:
    for component in path.split("/"):
        name = plain_name(component)
        if name == ".git" or _SHORT_GIT.fullmatch(name):
            return "is read as .git by some file system"
    return None


def _control(path: str) -> str | None:
    return _first(path, lambda char: unicodedata.category(char) == "Cc", "has the control character")


def _invisible(path: str) -> str | None:
    return _first(path, _is_invisible, "has the invisible or direction-changing character")


def _encoding(path: str) -> str | None:
    if any("\ud800" <= char <= "\udfff" for char in path):
        return "is not UTF-8"
    if not unicodedata.is_normalized("NFC", path):
        return "is not in Unicode normal form NFC"
    return None


def _length(path: str) -> str | None:
    components = path.split("/")
    longest = max(len(component.encode("utf-8", "surrogateescape")) for component in components)
    if longest > MAX_COMPONENT_BYTES:
        return f"has a component of {longest} bytes; the limit is {MAX_COMPONENT_BYTES}"
    length = len(path.encode("utf-8", "surrogateescape"))
    if length > MAX_PATH_BYTES:
        return f"has {length} bytes; the limit is {MAX_PATH_BYTES}"
    if len(components) > MAX_DEPTH:
        return f"is {len(components)} levels deep; the limit is {MAX_DEPTH}"
    return None


def _name(path: str) -> str | None:
    if ":" in path:
        return "has a colon"
    for component in path.split("/"):
        if component.startswith("-"):
            return "has a component that begins with '-'"
        if component.endswith((" ", ".")):
            return "has a component that ends in a space or a dot"
    return None


RULES: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("path.traversal", _traversal),
    ("path.dotgit", _dotgit),
    ("path.control", _control),
    ("path.invisible", _invisible),
    ("path.encoding", _encoding),
    ("path.length", _length),
    ("path.name", _name),
)
"""Most dangerous first: the first that fires names the refusal."""

_LEFTOVER_NAME = re.compile(
    r"__pycache__|__pypackages__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.hypothesis|\.pytype|\.pyre|\.tox|\.nox"
    r"|\.venv|\.eggs|node_modules|\.ipynb_checkpoints|\.gradle|htmlcov|\.coverage(\..+)?|\.DS_Store"
    r"|.+\.(egg-info|pyc|pyo|orig|rej)"
)

_SHORT_GIT = re.compile(r"git~[0-9]+")

_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x2800, 0x2800),  # braille blank
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
        (0xE0000, 0xE0FFF),  # tags, variation selectors supplement
    )
    for code in range(first, last + 1)
)
"""What Unicode lets a renderer leave out, beyond the categories in `_is_invisible`."""


def _is_invisible(char: str) -> bool:
    if " " <= char <= "~":
        return False
    return char in _INVISIBLE or unicodedata.category(char) in ("Cf", "Cn", "Co", "Zl", "Zp", "Zs")


def _first(path: str, matches: Callable[[str], bool], problem: str) -> str | None:
    found = next((char for char in path if matches(char)), None)
    return None if found is None else f"{problem} U+{ord(found):04X}"
