"""Tests that ask for less than before: what a change took away from the tests that were there.

Added tests are never weaker, whatever they hold: nothing relied on them. Python is compared by its syntax tree,
other languages, and Python that does not parse, by lines.
"""

import ast
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from coderoute.domain.visible import one_line
from coderoute.domain.weakening_lines import Weakening, weakened_lines

MAX_PARSED_BYTES = 1_000_000

_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__", "e2e", "__snapshots__"})
_STEM_ENDS = ("_test", "_tests", "_spec", ".test", ".spec", ".e2e", "Test", "Tests", "Spec", "TestCase")
_SKIPS = frozenset(
    {"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "skipTest", "SkipTest", "importorskip"}
)
_CHECKS = frozenset({"fail", "raises", "warns", "deprecated_call", "approx", "isclose", "allclose"})
_SWITCHES = frozenset({"__test__", "collect_ignore", "collect_ignore_glob"})
_BROAD = frozenset({"Exception", "BaseException"})


def is_test(path: str) -> bool:
    """Whether runners or people would take the file for a part of the tests, by its name alone."""
    *folders, name = path.split("/")
    stem = name.rsplit(".", 1)[0]
    if _FOLDERS & {folder.lower() for folder in folders}:
        return True
    return stem.startswith("test_") or stem.endswith(_STEM_ENDS) or name in ("tests.py", "tests.rs")


def weakenings(path: str, old: bytes, new: bytes) -> tuple[Weakening, ...]:
    """What the tests in `old` lost on the way to `new`, in the order of the new file; empty when nothing."""
    before, after = (side.decode("utf-8", "replace") for side in (old, new))
    if path.endswith((".py", ".pyi")) and len(old) <= MAX_PARSED_BYTES and len(new) <= MAX_PARSED_BYTES:
        try:
            found = tuple(_compared(_read(before), _read(after)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # hostile nesting ends in the last two
            found = weakened_lines(before, after)
    else:
        found = weakened_lines(before, after)
    return tuple(sorted(found, key=lambda one: (one.line or 0, one.rule, one.detail)))


@dataclass
class _Scope:
    """A function, a class or a module: what stands directly in it, without the functions and classes inside."""

    line: int
    conditions: int = 0
    """How many `if` it lies behind."""
    bases: frozenset[str] = frozenset()
    checks: dict[str, list[ast.AST]] = field(default_factory=dict)
    """Assertions by their normalised text."""
    cases: Counter[str] = field(default_factory=Counter)
    """Elements of parameter lists and of lists with a name."""
    skips: list[int] = field(default_factory=list)
    """Lines that skip or expect failure."""
    switches: list[int] = field(default_factory=list)
    broad_excepts: list[int] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    redefined: bool = False


Scopes = dict[str, _Scope]
"""By qualified name: `TestA.test_b`; the module is ""."""


def _read(source: str) -> Scopes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in a stranger's strings are none of our business
        tree = ast.parse(source)
    scopes: Scopes = {"": _Scope(line=1)}
    waiting: list[tuple[ast.AST, str, int]] = [(child, "", 0) for child in tree.body]
    while waiting:
        node, owner, conditions = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{owner}.{node.name}" if owner else node.name
            scopes[name] = _scope(node, conditions, redefined=name in scopes)
            if isinstance(node, ast.ClassDef):
                waiting.extend((child, name, 0) for child in node.body)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            behind = conditions + isinstance(node, ast.If | ast.For | ast.While)
            waiting.extend((child, owner, behind) for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
            waiting.extend((child, owner, conditions) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        else:
            _note(node, scopes[owner])
    return scopes
