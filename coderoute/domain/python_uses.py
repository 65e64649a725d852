"""Which Python files of a repository use which: by import, by a module's name in a string, by a fixture's name.

A name that a package only passes on (`from .fields import Field` in its `__init__.py`) is followed to where it is
made: else every user of the package would use all of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coderoute.domain.symbols import DEFINITION

INIT, MAIN = "__init__.py", "__main__.py"
MAX_HOPS = 5
"""Packages that pass a name on to each other."""

_IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*(?:"
    r"from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]*"
    r"(?P<names>\((?:[^)i]|i(?!mport\b))*\)|(?:[^\n\\;#]|\\\r?\n)+)"  # a bracket that is never closed ends at an import
    r"|import[ \t]+(?P<modules>(?:[^\n\\;#]|\\\r?\n)+)"
    r")",
    re.MULTILINE,
)
_FOR_TYPES = re.compile(r"^if[ \t]+(?:\w+\.)?TYPE_CHECKING:[ \t]*\r?\n(?:[ \t]+\S.*\r?\n|[ \t]*\r?\n)+", re.MULTILINE)
_DOTTED_STRING = re.compile(r"""["'](?:-m )?([A-Za-z_]\w*(?:\.\w+)*)""")
_ASSIGNED = re.compile(r"^([A-Za-z_]\w*)[ \t]*[:=]", re.MULTILINE)
_FOR_ALL = re.compile(r"autouse|^(?:async )?def pytest_|pytest_plugins", re.MULTILINE)


def uses(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Path -> the paths it uses directly, for every Python file of `texts` (path -> text)."""
    files = {path: _FOR_TYPES.sub("", text) for path, text in texts.items() if path.endswith(".py")}
    modules = _Modules.of(files)
    found = {path: set(modules.used_by(path)) for path in files}
    for conftest in files:
        if conftest.rpartition("/")[2] == "conftest.py":
            for user in _users_of_conftest(conftest, files):
                found[user].add(conftest)
    return {path: frozenset(used - {path}) for path, used in found.items()}


def _users_of_conftest(conftest: str, files: Mapping[str, str]) -> Iterator[str]:
    """The files below its folder that name a fixture of it; all of them if it acts without being named."""
    folder, text = conftest.removesuffix("conftest.py"), files[conftest]
    fixtures = set(DEFINITION.findall(text))
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(fixtures)))})\b") if fixtures else None
    for path, other in files.items():
        if path.startswith(folder) and path != conftest and (_FOR_ALL.search(text) or (named and named.search(other))):
            yield path


@dataclass(frozen=True, slots=True)
class _Imported:
    """`from module import name as alias`, or `import module as alias` with an empty name."""

    module: str
    name: str
    alias: str


@dataclass(slots=True)
class _Modules:
    texts: Mapping[str, str]
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Dotted name -> the files it can mean. A file has its package's name for it and, since a folder may be on
    Python's path or not, the longer ones up to the repository's root."""
    imports: dict[str, tuple[_Imported, ...]] = field(default_factory=dict)
    made: dict[str, frozenset[str]] = field(default_factory=dict)
    """Path -> the names it defines, as far as anyone has asked."""

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> "_Modules":
        modules = cls(texts)
        for path, text in texts.items():
            parts = path.removesuffix(".py").split("/")
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            for start in range(modules._depth_of_package(path), -1, -1):
                modules.by_name[".".join(parts[start:])].append(path)
            modules.imports[path] = tuple(_imported(path, text))
        return modules

    def _depth_of_package(self, path: str) -> int:
        """How many folders stand above the outermost package that `path` is in."""
        folders = path.split("/")[:-1]
        while folders and "/".join((*folders, INIT)) in self.texts:
            folders = folders[:-1]
        return len(folders)

    def used_by(self, path: str) -> Iterator[str]:
        text = self.texts[path]
        for one in self.imports[path]:
            if one.name == "*":
                yield from self._everything(one.module)
            elif one.name:
                yield from self._named(one.module, one.name, text, one.alias)
            else:
                yield from self._through(one.module, one.alias, text)
        for dotted in set(_DOTTED_STRING.findall(text)):
            yield from self._longest(dotted)

    def _named(self, module: str, name: str, text: str, alias: str) -> Iterator[str]:
        """What `from module import name` brings: a module, or something made in one."""
        submodule = f"{module}.{name}".removeprefix(".")
        if submodule in self.by_name:
            yield from self._through(submodule, alias, text)
            return
        for file in self.by_name.get(module, ()):
            yield from self._makers(file, name, MAX_HOPS)

    def _through(self, module: str, alias: str, text: str) -> Iterator[str]:
        """What `alias.name` in `text` uses of `module`."""
        for file in self.by_name.get(module, ()):
            if not file.endswith(INIT):
                yield file
                continue
            names = set(re.findall(rf"\b{re.escape(alias)}\s*\.\s*(\w+)", text))
            yield from () if names else (file,)  # handed on whole, or a function of the package's name
            for name in names:
                yield from self._makers(file, name, MAX_HOPS)

    def _makers(self, file: str, name: str, hops: int) -> Iterator[str]:
        """The files in which `name` of `file` is made; `file` itself unless that is a package passing it on."""
        if not file.endswith(INIT):
            yield file
            return
        found = list(
            self.texts.keys() & {f"{file.removesuffix(INIT)}{name}.py", f"{file.removesuffix(INIT)}{name}/{INIT}"}
        )
        passed_on = [one for one in self.imports[file] if one.alias == name or one.name == "*"] if hops else []
        for one in passed_on:
            for origin in self.by_name.get(one.module, ()):
                if one.name != "*" or self._makes(origin, name):
                    found += self._makers(origin, one.name if one.name != "*" else name, hops - 1)
        if not found or self._makes(file, name):
            yield file
            found += [] if found or "__getattr__" not in self.texts[file] else self._below(file)
        yield from found

    def _everything(self, module: str) -> Iterator[str]:
        for file in self.by_name.get(module, ()):
            yield file
            for one in self.imports[file] if file.endswith(INIT) else ():
                submodule = f"{one.module}.{one.name}"
                yield from self.by_name.get(submodule if submodule in self.by_name else one.module, ())

    def _below(self, file: str) -> list[str]:
        folder = file.removesuffix(INIT)
        return [path for path in self.texts if path.startswith(folder)]

    def _longest(self, dotted: str) -> Iterator[str]:
        """What the longest beginning of `dotted` that is a module's name stands for, as in `patch("pkg.mod.name")`; a
        package alone (`"-m", "pkg"`) is what runs it."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            files = self.by_name.get(".".join(parts[:end]))
            for file in files or ():
                if not file.endswith(INIT):
                    yield from [file] if end > 1 else []
                elif end < len(parts):
                    yield from self._makers(file, parts[end], MAX_HOPS)
                else:
                    yield from self.texts.keys() & {file.removesuffix(INIT) + MAIN}
            if files:
                return

    def _makes(self, file: str, name: str) -> bool:
        if file not in self.made:
            text = self.texts[file]
            self.made[file] = frozenset(DEFINITION.findall(text) + _ASSIGNED.findall(text))
        return name in self.made[file]


def _imported(path: str, text: str) -> Iterator[_Imported]:
    for match in _IMPORT.finditer(text):
        if match["modules"] is not None:
            for module, alias in _aliased(match["modules"]):
                yield _Imported(module, "", alias or module)
            continue
        absolute = _absolute(path, match["module"])
        if absolute is not None:
            for name, alias in _aliased(match["names"]):
                yield _Imported(absolute, name, alias or name)


def _aliased(words: str) -> Iterator[tuple[str, str]]:
    """(name, alias or nothing) of each part of an import's list."""
    plain = re.sub(r"#[^\n]*|[()\\]", " ", words)
    for part in plain.split(","):
        match part.split():
            case [name]:
                yield name, ""
            case [name, "as", alias]:
                yield name, alias


def _absolute(path: str, module: str) -> str | None:
    """A relative module as it is called from the repository's root; None above it."""
    name = module.lstrip(".")
    level = len(module) - len(name)
    if not level:
        return name
    folders = path.split("/")[:-1]
    if level - 1 > len(folders):
        return None
    return ".".join((*folders[: len(folders) - level + 1], *([name] if name else ())))
