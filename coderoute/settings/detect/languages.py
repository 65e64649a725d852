"""The languages of a repository, and which of them its tests are taken from.

To add one: a module with `find(files) -> Found | None`, its entry in LANGUAGES, its rows in the table test.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from coderoute.settings.detect import go, java, node, python, rust
from coderoute.settings.detect.files import Files, in_folder
from coderoute.settings.detect.found import Detection, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Patterns of file names: `manifests` make a folder one of this language, `rootly` the root, too."""

    find: Callable[[Files], Found | None]
    manifests: str
    sources: str
    rootly: str | None = None


LANGUAGES = {
    "Python": Language(
        find=python.find,
        manifests=r"pyproject\.toml|setup\.py|setup\.cfg|manage\.py",
        sources=r"\.py",
        rootly=python.MANIFESTS,
    ),
    "Node": Language(find=node.find, manifests=r"package\.json", sources=r"\.[cm]?[jt]sx?|\.vue|\.svelte"),
    "Go": Language(find=go.find, manifests=r"go\.mod|go\.work", sources=r"\.go"),
    "Rust": Language(find=rust.find, manifests=r"Cargo\.toml", sources=r"\.rs"),
    "Java": Language(find=java.find, manifests=r"pom\.xml|build\.gradle(\.kts)?", sources=r"\.java|\.kt|\.groovy"),
}

ASIDE = re.compile(
    r"(^|.*/)(\.[^/]+|node_modules|vendor|third_party|external|examples?|docs?|tests?|testdata|fixtures|samples?"
    r"|templates?|benchmarks?|scripts|tools|dist|build|target)(/.*|$)"
)
"""Folders in which a manifest is not the repository's own."""

WORTH_READING = re.compile(
    r"pyproject\.toml|setup\.(py|cfg)|tox\.(ini|toml)|\.?pytest\.(ini|toml)|noxfile\.py|manage\.py|Pipfile|Makefile"
    r"|[^/]*requirements[^/]*\.txt|package\.json|\.nvmrc|\.node-version|go\.(mod|work)|Cargo\.toml|rust-toolchain.*"
    r"|(CHANGE|HISTORY|NEWS|RELEASE)[^/]*|\.travis\.yml|\.gitlab-ci\.yml"
)
MOST_READ = 120
MOST_TESTS_READ = 12
DEPTH = 2
"""Folders between the root and a manifest, at most."""


def worth_reading(paths: Iterable[str]) -> tuple[str, ...]:
    """The files whose texts `detect` looks at, at most MOST_READ of them."""
    near = sorted((path for path in paths if path.count("/") <= DEPTH), key=lambda path: (path.count("/"), path))
    manifests = [
        path for path in near
        if WORTH_READING.fullmatch(path.rpartition("/")[2])
        or re.fullmatch(r"(.*/)?requirements/[^/]+\.txt|\.github/workflows/[^/]+\.ya?ml", path)
    ]  # fmt: skip
    tests = [path for path in near if re.fullmatch(python.TEST_FILE, path)][:MOST_TESTS_READ]
    return tuple(dict.fromkeys([*manifests[: MOST_READ - MOST_TESTS_READ], *tests]))


def detect(files: Files) -> Detection:
    """What the repository is made of, and how its tests are run.

    First stands what has tests, at the root rather than in a folder, and of several languages the one with most source
    files. A path that cannot be shown as it is does not count.
    """
    files = replace(files, paths=frozenset(path for path in files.paths if path.isprintable()))
    found = [made for language in LANGUAGES.values() for made in places(language, files)]
    found.sort(key=lambda one: (one.command is None, one.folder != "", -sources(one, files), one.folder))
    if all(one.command is None for one in found):
        found = [*by_make(files), *found]
    return Detection(first=found[0] if found else None, others=tuple(found[1:]))


def places(language: Language, files: Files) -> Iterable[Found]:
    """The language at the root; where it is not there, in the folders that have a manifest of it."""
    folders = folders_of(language, files)
    at_root = language.find(files)
    if at_root is not None and (not folders or files.matching(language.rootly or language.manifests)):
        yield at_root
        return
    for folder in folders:
        made = language.find(files.below(folder))
        if made is not None:
            yield replace(
                made, folder=folder, command=None if made.command is None else in_folder(folder, made.command),
                setup=tuple(in_folder(folder, command) for command in made.setup),
            )  # fmt: skip


def folders_of(language: Language, files: Files) -> tuple[str, ...]:
    """The folders with a manifest of the language, none of them within another."""
    taken: list[str] = []
    for path in files.matching(rf"([^/]+/){{1,{DEPTH}}}({language.manifests})"):
        folder = path.rpartition("/")[0]
        if not ASIDE.fullmatch(folder) and not any(f"{folder}/".startswith(f"{other}/") for other in taken):
            taken.append(folder)
    return tuple(taken)


def sources(found: Found, files: Files) -> int:
    pattern = re.compile(rf".*({LANGUAGES[found.language].sources})")
    below = files.below(found.folder).paths
    return sum(1 for path in below if pattern.fullmatch(path) and not re.match(r"(.*/)?(node_modules|vendor)/", path))


def by_make(files: Files) -> Iterable[Found]:
    """A target of the Makefile, where no language's own tests were found."""
    target = re.search(r"(?m)^(test|tests|check)\s*:(?!=)", files.text("Makefile"))
    if target:
        yield Found(
            language="make", command=f"make {target.group(1)}",
            why_command=f"Makefile has the target {target.group(1)}",
            notes=("only its exit code counts: which test failed is not known",),
        )  # fmt: skip
