"""What pip is told to install: names in requirements, and the lists that projects keep them in."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from coderoute.settings.detect.files import Files, Table, lines, table, texts

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(rf"\s*({NAME})\s*(\[[^\]]*\])?\s*($|[<>=!~;@( ])")


def name_of(requirement: str) -> str | None:
    """The normalised name a requirement begins with; None if it is none (an option, a path)."""
    found = _REQUIREMENT.match(requirement)
    return None if found is None else normalised(found.group(1))


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names_in(requirements: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in map(name_of, requirements) if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Named lists of requirements: extras or dependency groups. What a list includes of the others is resolved."""

    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def best(self, runner: str | None) -> str | None:
        """The list that is meant for testing: by its name, first of all among those that hold the runner."""
        named = [name for wanted in NAMES_FOR_TESTS for name in self.lists if normalised(name) == wanted]
        with_runner = [name for name in self.lists if runner is not None and runner in names_in(self.lists[name])]
        ordered = [name for name in named if name in with_runner] + with_runner + named
        return ordered[0] if ordered else None


NAMES_FOR_TESTS = ("test", "tests", "testing", "unittest", "unit", "dev", "develop", "development", "ci", "all")


def extras_of(project: Table, own_name: str) -> Lists:
    """[project.optional-dependencies]; an extra may name others as `project[other]`."""
    raw = {name: texts(value) for name, value in table(project, "optional-dependencies").items()}
    return Lists(lists={name: _with_own_extras(name, raw, own_name, frozenset()) for name in raw if is_name(name)})


def _with_own_extras(
    name: str, raw: Mapping[str, tuple[str, ...]], own_name: str, above: frozenset[str]
) -> tuple[str, ...]:
    found: list[str] = []
    for requirement in raw.get(name, ()):
        inner = re.match(rf"\s*({NAME})\s*\[([^\]]*)\]", requirement)
        if inner and normalised(inner.group(1)) == normalised(own_name):
            for other in re.split(r"[,\s]+", inner.group(2)):
                if other not in above | {name}:
                    found += _with_own_extras(other, raw, own_name, above | {name})
        else:
            found.append(requirement)
    return tuple(found)


def groups_of(pyproject: Table) -> Lists:
    """[dependency-groups] (PEP 735)."""
    raw = table(pyproject, "dependency-groups")
    return Lists(lists={name: _with_included(name, raw, frozenset()) for name in raw if is_name(name)})


def _with_included(name: str, raw: Table, above: frozenset[str]) -> tuple[str, ...]:
    entries = raw.get(name)
    found: list[str] = []
    for entry in entries if isinstance(entries, list) else ():
        other = entry.get("include-group") if isinstance(entry, Mapping) else None
        if isinstance(entry, str):
            found.append(entry)
        elif isinstance(other, str) and other not in above | {name}:
            found += _with_included(other, raw, above | {name})
    return tuple(found)


def extras_of_setup(files: Files) -> Lists:
    """The extras that setup.cfg or setup.py give, as far as they are written out."""
    found: dict[str, tuple[str, ...]] = {
        name: tuple(lines(value)) for name, value in files.ini("setup.cfg").get("options.extras_require", {}).items()
    }
    return Lists(lists={name: value for name, value in (found | _extras_in_code(files.text("setup.py"))).items()
                        if is_name(name)})  # fmt: skip


def _extras_in_code(code: str) -> dict[str, tuple[str, ...]]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    for node in ast.walk(tree):
        written = node.value if isinstance(node, ast.keyword) and node.arg == "extras_require" else None
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and "extra" in target.id.lower() for target in node.targets
        ):
            written = node.value
        if isinstance(written, ast.Dict):
            return {
                key.value: tuple(str(entry.value) for entry in getattr(value, "elts", ())
                                 if isinstance(entry, ast.Constant))
                for key, value in zip(written.keys, written.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }  # fmt: skip
    return {}


def is_name(name: str) -> bool:
    """Whether an extra or a group may be called so: anything else would be an option or a piece of shell to pip."""
    return re.fullmatch(NAME, name, re.ASCII) is not None


def safe(requirements: Iterable[str]) -> tuple[str, ...]:
    """Those that begin with a name; options, paths and what has a placeholder or a line break are left out."""
    return tuple(
        requirement.strip()
        for requirement in requirements
        if name_of(requirement) is not None and requirement.isprintable() and not re.search(r"[{}$`\\]", requirement)
    )


def requirement_files(files: Files) -> tuple[str, ...]:
    """Files of requirements for tests or development, the most fitting first."""
    found = files.matching(r"([^/]*requirements[^/]*|requirements/[^/]+)\.txt")
    ranked = []
    for path in found:
        words = re.split(r"[^a-z]+", path.lower())
        ranks = [rank for rank, name in enumerate(NAMES_FOR_TESTS[:8]) if name in words]
        if ranks:
            ranked.append((ranks[0], path))
    return tuple(path for _, path in sorted(ranked))


def names_in_file(files: Files, path: str, above: Collection[str] = ()) -> frozenset[str]:
    """The names a requirements file installs, with those of the files it includes."""
    found: set[str] = set()
    for line in lines(files.text(path)):
        included = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if included:
            other = _joined(path, included.group(1))
            if other not in (*above, path):
                found |= names_in_file(files, other, (*above, path))
        elif (name := name_of(line)) is not None:
            found.add(name)
    return frozenset(found)


def _joined(path: str, other: str) -> str:
    parts = path.split("/")[:-1]
    for part in other.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)
