"""One test, class or file against what it was: what came to it that makes it weaker."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Sequence

from coderoute.domain.weakening.atoms import name_of
from coderoute.domain.weakening.checks import Function
from coderoute.domain.weakening.finding import Weakening, quoted, some, weaker
from coderoute.domain.weakening.notes import MEANS, Kind, Noted, is_narrower
from coderoute.domain.weakening.pairing import Pair
from coderoute.domain.weakening.reading import Role, Scope, TestFile, is_fixture

NEVER_MISSED = frozenset({"TestCase", "unittest.TestCase"})
"""Bases that a class whose name begins with Test may lose: it is collected without them."""

STAND_INS = frozenset({"unittest", "mock", "fake", "fakes", "stub", "stubs", "tests", "test", "conftest", "testing"})
"""Parts of module names that nobody tests: an import from there in the place of another is a stand-in."""


def came_to(pair: Pair) -> Iterator[Weakening]:
    """What is weaker for what came, in a scope that both sides have; lost assertions and cases are found elsewhere."""
    old, new, called = pair.old, pair.new, name_of_scope(pair.new)
    if new.conditions > old.conditions:
        yield weaker(new.line, f"{called} is defined only under a condition now")
    if new.redefined and not old.redefined and new.role is not Role.SUPPORT:
        yield weaker(new.line, f"{called} is defined twice: only the last one runs")
    if pair.unchanged:
        return
    lost = old.bases - new.bases - {"object"}
    if new.leaf.startswith("Test"):
        lost -= NEVER_MISSED
    if lost and old.role is Role.CLASS and holds_tests(pair.before, old):
        yield weaker(new.line, f"{called} no longer derives from {some(sorted(lost))}")
    if old.role is Role.TEST and new.role is not Role.TEST:
        yield weaker(new.line, f"{called} is no test any more")
    for note in _more(new.notes, old.notes):
        if note.kind is not Kind.STRICT and not _is_excused(note, pair):
            yield _told(note, called, new)
    for note in _more(old.notes, new.notes):
        if note.kind is Kind.STRICT:
            yield weaker(new.line, f"{called} {MEANS[note.kind]}: {quoted(note.text)}")
    if does_nothing(new.node) and not does_nothing(old.node) and not old.checks:
        yield weaker(new.line, f"{called} does nothing any more")
    yield from _bound_anew(pair)


def came_around(before: TestFile, came: Sequence[Scope], kept: Sequence[Pair]) -> Iterator[Weakening]:
    """What new functions and classes do to the tests that were there, the `kept` ones."""
    used = frozenset(name for pair in kept for name in pair.new.loads)
    asked_for = frozenset(name for pair in kept for name in pair.old.loads)
    for new in came:
        leaf, node = new.leaf, new.node
        if new.owner not in before.scopes or not isinstance(node, Function):
            continue
        if leaf == "load_tests":
            yield weaker(new.line, "load_tests decides which tests are collected now")
        if leaf in ("__init__", "__new__") and new.owner.rpartition(".")[2].startswith("Test"):
            yield weaker(new.line, f"{new.owner} has {leaf} now, so it is not collected")
        if is_fixture(node) and leaf in asked_for and leaf not in before.bindings:
            yield weaker(new.line, f"{new.name} takes the place of the fixture that tests had from elsewhere")
        if new.role is Role.EVERYWHERE or leaf in used or f"self.{leaf}" in used:
            hard = [one for one in new.notes if one.kind in (Kind.SKIP, Kind.STAND_IN, Kind.SWITCHED_OFF)]
            yield from (_told(note, new.name, new) for note in hard)


def replaced_names(before: TestFile, after: TestFile, kept: Sequence[Pair]) -> Iterator[Weakening]:
    """Names that tests used as they were imported and that stand for something else now."""
    used = frozenset(name for pair in kept for name in pair.old.loads & pair.new.loads)
    for name in sorted(used & after.bindings.keys()):
        was, now = before.meaning(name), after.meaning(name) or ""
        imported = was is not None and was.startswith("import ")
        if was == now or not (imported or (was is None and hasattr(builtins, name))):
            continue
        if now.startswith("import ") and (not imported or not _is_stand_in(now) or _is_stand_in(was or "")):
            continue
        scope = after.scopes.get(name)
        told = now.split("\n", 1)[0]
        yield weaker(scope.line if scope else 1, f"{name} was {quoted(was or 'a builtin')} and is {quoted(told)} now")


def name_of_scope(scope: Scope) -> str:
    return scope.name or "the module"


def holds_tests(file: TestFile, holder: Scope) -> bool:
    """Whether runners look into a class, or a test stands in it."""
    inside = f"{holder.name}."
    named = holder.leaf.startswith("Test")
    return named or any(one.role is Role.TEST and one.name.startswith(inside) for one in file.scopes.values())


def does_nothing(node: ast.AST) -> bool:
    """Whether a function's body is empty but for words."""
    if not isinstance(node, Function):
        return False
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        or (isinstance(one, ast.Return) and (one.value is None or isinstance(one.value, ast.Constant)))
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Yield) and one.value.value is None)
        for one in node.body
    )


def _told(note: Noted, called: str, scope: Scope) -> Weakening:
    line = getattr(note.node, "lineno", scope.line)
    return weaker(line, f"{called} {MEANS[note.kind]}: {quoted(note.text)}")


def _more(these: Sequence[Noted], those: Sequence[Noted]) -> Iterator[Noted]:
    """What stands more often in `these`; the last ones count as more."""
    known = Counter((note.kind, note.text) for note in those)
    for note in these:
        if known[note.kind, note.text] > 0:
            known[note.kind, note.text] -= 1
        else:
            yield note


def _is_excused(note: Noted, pair: Pair) -> bool:
    """Whether it came in the place of one that did more, or of the same under another name."""
    gone = [one for one in _more(pair.old.notes, pair.new.notes) if one.kind is note.kind]
    if note.kind is Kind.SKIP:
        return any(is_narrower(note.text, one.text) for one in gone)
    if note.kind is Kind.STAND_IN:
        return any(_target(note) == _target(one) for one in gone)
    return False


def _target(note: Noted) -> str:
    """What a stand-in replaces, without the place where that is."""
    match note.node:
        case ast.Call(args=[ast.Constant(value=str(path)), *_]):
            return path.rpartition(".")[2]
        case ast.Call(args=[_, ast.Constant(value=str(name)), *_]):
            return name
        case ast.Assign(targets=[target, *_]):
            return name_of(target)
        case _:
            return note.text


def _bound_anew(pair: Pair) -> Iterator[Weakening]:
    """A test that gives a name of its own to what it used as it was imported."""
    old, new = pair.old, pair.new
    outside = pair.before.imports.keys() | vars(builtins).keys()
    for name in sorted((new.stores.keys() - old.stores.keys()) & old.loads & outside):
        imported = pair.before.imports.get(name, "")
        if not any(_brings(node, name, imported) for node in ast.walk(new.node)):
            node = next((one for one in ast.walk(new.node) if getattr(one, "id", "") == name), new.node)
            yield weaker(getattr(node, "lineno", new.line), f"{name_of_scope(new)} gives another meaning to `{name}`")


def _brings(node: ast.AST, name: str, imported: str) -> bool:
    """Whether a local import brings what the file imported under the name."""
    match node:
        case ast.ImportFrom(module=module, names=aliases, level=level):
            source = "." * level + (module or "")
            return any((one.asname or one.name) == name and f"{source}.{one.name}" == imported for one in aliases)
        case ast.Import(names=aliases):
            return any((one.asname or one.name.partition(".")[0]) == name for one in aliases)
        case _:
            return False


def _is_stand_in(binding: str) -> bool:
    source = binding.removeprefix("import ")
    return source.startswith(".") or bool(STAND_INS & set(source.lower().replace("_", ".").split(".")))
