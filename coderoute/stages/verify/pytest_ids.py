"""pytest's own node ids (`path/test_x.py::Class::test[param]`) from the test cases of its xunit1 report.

A report has no node ids: `classname` is the id's path and classes joined by dots, `name` its last part, and `file`
is where the test's code stands, which for an inherited test is another module than the id's.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from coderoute.domain.judgement import Outcome
from coderoute.stages.verify.junit import Case

Existing = Callable[[Collection[str]], frozenset[str]]
"""Those of the paths (relative to the checkout) that are files."""


def node_ids(cases: Sequence[Case], root: str, existing: Existing) -> tuple[str, ...]:
    """The node id of every case, in order, its path counted from the checkout's root.

    A file or class that could not be collected is reported as a failed case; its id is the file's path
    (`tests/test_x.py`) or the class's id.

    Args:
        root: pytest's root directory below the checkout, "" or with a slash at its end.
    """
    modules = {_dotted(case.file): f"{root}{case.file}" for case in cases if case.file}
    strays = sorted({case.classname for case in cases if case.classname and _module_of(case, modules) is None})
    modules |= _modules_on_disk(strays, root, existing)
    return tuple(_node_id(case, modules) for case in cases)


def outcomes(ids: Iterable[str], cases: Iterable[Case]) -> dict[str, Outcome]:
    """One outcome per id. Of several cases with one id (a failed call and a failed teardown, repeated runs) a
    failure wins, then a pass."""
    rank = {Outcome.FAILED: 2, Outcome.PASSED: 1, Outcome.SKIPPED: 0}
    found: dict[str, Outcome] = {}
    for node_id, case in zip(ids, cases, strict=True):
        known = found.get(node_id)
        if known is None or rank[case.outcome] > rank[known]:
            found[node_id] = case.outcome
    return found


def _node_id(case: Case, modules: dict[str, str]) -> str:
    if not case.classname:
        return modules.get(case.name, case.name)
    module = _module_of(case, modules)
    if module is None:
        return "::".join((case.classname, case.name))
    dotted, classes = module
    return "::".join((modules[dotted], *classes, case.name))


def _module_of(case: Case, modules: dict[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """The longest known module that `classname` begins with, and the classes behind it."""
    classname = case.classname
    end = len(classname)
    while end > 0:
        if classname[:end] in modules:
            return classname[:end], _classes(classname[end:])
        end = classname.rfind(".", 0, end)
    if case.file:  # --junitprefix puts words of the user's in front
        dotted = _dotted(case.file)
        _, found, classes = f"{classname}.".partition(f".{dotted}.")
        if found:
            return dotted, _classes(classes.removesuffix("."))
    return None


def _classes(rest: str) -> tuple[str, ...]:
    return tuple(rest.strip(".").split(".")) if rest.strip(".") else ()


def _modules_on_disk(classnames: Sequence[str], root: str, existing: Existing) -> dict[str, str]:
    """Modules that the report names in no `file`, because each of their tests is inherited from elsewhere."""
    candidates: dict[str, str] = {}
    for classname in classnames:
        words = classname.split(".")
        for count in range(1, len(words) + 1):
            candidates[".".join(words[:count])] = f"{root}{'/'.join(words[:count])}.py"
    if not candidates:
        return {}
    files = existing(frozenset(candidates.values()))
    return {dotted: path for dotted, path in candidates.items() if path in files}


def _dotted(path: str) -> str:
    return re.sub(r"\.py$", "", path.replace("/", "."))
