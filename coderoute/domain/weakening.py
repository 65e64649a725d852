"""Tests that ask for less than before: what a change took away from the tests that were there.

Added tests are never weaker, whatever they hold: nothing relied on them. Python is compared by its syntax tree,
other languages, and Python that does not parse, by lines.
"""

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from coderoute.domain.weakening_lines import Weakening, some, weakened_lines

MAX_PARSED_BYTES = 1_000_000


def weakenings(path: str, old: bytes, new: bytes) -> tuple[Weakening, ...]:
    """What the tests in `old` lost on the way to `new`, in the order of the new file; empty when nothing."""
    before, after = (side.decode("utf-8", "replace") for side in (old, new))
    found: Iterable[Weakening]
    if path.endswith(".py") and max(len(old), len(new)) <= MAX_PARSED_BYTES:
        try:
            found = tuple(_compared(_read(before), _read(after)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # nesting made to hurt ends in the last two
            found = weakened_lines(before, after)
    else:
        found = weakened_lines(before, after)
    return tuple(sorted(found, key=lambda one: (one.line or 0, one.rule, one.detail)))


class _Note(Enum):
    """What in a test can make it weaker by going away (the first two) or by coming."""

    CHECK = auto()
    CASE = auto()
    SKIP = auto()
    HOLLOW = auto()
    BROAD_EXCEPT = auto()
    RETURN = auto()
    SWITCHED_OFF = auto()


_COMING = {
    _Note.SKIP: "is skipped or expected to fail now",
    _Note.HOLLOW: "asserts nothing",
    _Note.BROAD_EXCEPT: "swallows every error",
    _Note.RETURN: "can end before its assertions",
    _Note.SWITCHED_OFF: "takes tests out of the collection",
}

Lines = dict[tuple[int, str], list[int]]
"""(how many `if` and `try` it lies behind, its source in normal form) -> the lines where it stands."""


@dataclass(slots=True)
class _Scope:
    """A function with all that is in it, or a class or module without the functions and classes in it."""

    line: int
    node: ast.AST | None = None
    conditions: int = 0
    """How many `if` and loops its definition lies behind."""
    redefined: bool = False
    bases: frozenset[str] = frozenset()
    notes: dict[_Note, Lines] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


Scopes = dict[str, _Scope]
"""By qualified name, `TestA.test_b`; the module is ""."""


def _compared(before: Scopes, after: Scopes) -> Iterator[Weakening]:
    gone = [name for name in before if _is_test_name(name) and name not in after]
    if gone:
        yield Weakening(rule="tests.removed", line=None, detail=_removed(gone, before, after))
    for name, new in after.items():
        old = before.get(name)
        if old is not None:
            for line, what in _lost(old, new):
                yield Weakening(rule="tests.weakened", line=line, detail=f"{name or 'the module'} {what}")


def _is_test_name(name: str) -> bool:
    return name.rpartition(".")[2].startswith("test")


def _removed(gone: list[str], before: Scopes, after: Scopes) -> str:
    bodies = {_body(after[name]): name for name in after if _is_test_name(name) and name not in before}
    told = [f"{name} (now {bodies[_body(before[name])]})" if _body(before[name]) in bodies else name for name in gone]
    return f"tests removed or renamed: {some(told, 5)}"


def _body(scope: _Scope) -> str:
    body = getattr(scope.node, "body", [])
    return "\n".join(map(ast.dump, body))


def _lost(old: _Scope, new: _Scope) -> Iterator[tuple[int, str]]:
    """(line in the new file, what is weaker now) of one scope that both sides have."""
    if new.conditions > old.conditions:
        yield new.line, "runs only under a condition now"
    if new.redefined and not old.redefined:
        yield new.line, "is defined twice: only the last one runs"
    if old.bases - new.bases:
        yield new.line, f"no longer derives from {some(sorted(old.bases - new.bases))}"
    for kind, does in _COMING.items():
        for text, line in _more(new.notes[kind], old.notes[kind]):
            yield line, f"{does}: {some([text])}"
    yield from _fewer(old, new, _Note.CHECK, "assertions")
    yield from _fewer(old, new, _Note.CASE, "cases")


def _fewer(old: _Scope, new: _Scope, kind: _Note, called: str) -> Iterator[tuple[int, str]]:
    gone = [text for text, _ in _more(old.notes[kind], new.notes[kind])]
    came = list(_more(new.notes[kind], old.notes[kind]))
    if gone and came:
        replaced = f"{some(gone)} became {some([text for text, _ in came])}"
        yield came[0][1], f"has changed {called}: {replaced}"
    elif gone:
        yield new.line, f"has lost {called}: {some(gone)}"


def _more(these: Lines, those: Lines) -> Iterator[tuple[str, int]]:
    """(source, line) of what stands more often in `these`, in the order of lines; the last ones count as more."""
    extra = [
        (line, text)
        for (guards, text), lines in these.items()
        for line in sorted(lines)[len(those.get((guards, text), ())) :]
    ]
    return ((text, line) for line, text in sorted(extra))


def _read(source: str) -> Scopes:
    """Every function, class and the module itself; functions inside functions belong to those."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad escapes in a stranger's strings are not our business
        tree = ast.parse(source)
    scopes: Scopes = {"": _Scope(line=1)}
    waiting: list[tuple[ast.AST, str, int]] = [(node, "", 0) for node in reversed(tree.body)]
    while waiting:
        node, owner, conditions = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{owner}.{node.name}" if owner else node.name
            scope = _Scope(line=node.lineno, node=node, conditions=conditions, redefined=name in scopes)
            scopes[name] = scope
            if isinstance(node, ast.ClassDef):
                scope.bases = frozenset(map(ast.unparse, node.bases))
                for decorator in node.decorator_list:
                    _take_notes(decorator, scope)
                waiting.extend((child, name, 0) for child in reversed(node.body))
            else:
                _take_notes(node, scope)
        elif isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.With | ast.ExceptHandler):
            behind = conditions + isinstance(node, ast.If | ast.For | ast.While | ast.ExceptHandler)
            waiting.extend((child, owner, behind) for child in reversed(list(ast.iter_child_nodes(node))))
        else:
            _take_notes(node, scopes[owner])
    return scopes


_SKIPS = frozenset(
    {"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "skipTest", "SkipTest", "importorskip"}
)
_CHECKS = frozenset({"fail", "raises", "warns", "deprecated_call", "approx", "isclose", "allclose"})
_SWITCHES = frozenset({"__test__", "collect_ignore", "collect_ignore_glob"})
_BROAD = frozenset({"Exception", "BaseException"})


def _take_notes(root: ast.AST, scope: _Scope) -> None:
    in_function = isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef)
    waiting: list[tuple[ast.AST, int, bool]] = [(root, 0, False)]
    while waiting:
        node, guards, inside = waiting.pop()
        for kind, noted in _notes(node, in_function=in_function, inside=inside):
            line = getattr(noted, "lineno", scope.line)
            scope.notes[kind][(guards, ast.unparse(noted))].append(line)
        if isinstance(node, ast.Assert) or _called(node) in _CHECKS or _called(node).startswith("assert"):
            continue
        guards += isinstance(node, ast.If | ast.Try | ast.While | ast.IfExp)
        inside = inside or (node is not root and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        waiting.extend((child, guards, inside) for child in ast.iter_child_nodes(node))


def _notes(node: ast.AST, *, in_function: bool, inside: bool) -> Iterator[tuple[_Note, ast.AST]]:
    """What one node says about the strength of the test around it. `inside`: it belongs to a function in there."""
    called = _called(node)
    match node:
        case ast.Assert(test=test):
            yield (_Note.HOLLOW if _always_true(test) else _Note.CHECK), node
        case ast.Call(args=args) if called.startswith("assert") or called in _CHECKS:
            hollow = called in ("assertTrue", "assert_") and bool(args) and _always_true(args[0])
            yield (_Note.HOLLOW if hollow else _Note.CHECK), node
        case ast.Call(args=[_, values, *_]) if called == "parametrize":
            yield from ((_Note.CASE, element) for element in _elements(values))
        case ast.Call(args=args) if called == "suppress" and any(_name(arg) in _BROAD for arg in args):
            yield _Note.BROAD_EXCEPT, node
        case ast.Attribute() | ast.Name() if _name(node) in _SKIPS:
            yield _Note.SKIP, node
        case ast.ExceptHandler(type=kind):
            kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
            if any(one is None or _name(one) in _BROAD for one in kinds):
                yield _Note.BROAD_EXCEPT, kind if kind is not None else ast.Name("except", lineno=node.lineno)
        case ast.Return() if in_function and not inside:
            yield _Note.RETURN, node
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if not in_function:
            if name in _SWITCHES or _is_test_name(name) or name.startswith("Test"):
                yield _Note.SWITCHED_OFF, node
            elif _is_tolerance(name):
                yield _Note.CASE, node
            yield from ((_Note.CASE, element) for element in _elements(value))
        case ast.Delete(targets=targets) if not in_function:
            yield from ((_Note.SWITCHED_OFF, node) for one in targets if _name(one).lower().startswith("test"))


def _elements(value: ast.AST) -> list[ast.AST]:
    """The parts of a literal list, tuple, set or dict; a dict's entries as pairs."""
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return list(elements)
        case ast.Dict(keys=keys, values=values):
            return [
                ast.Tuple(elts=[key or ast.Constant("**"), entry], ctx=ast.Load(), lineno=entry.lineno)
                for key, entry in zip(keys, values, strict=True)
            ]
        case _:
            return []


def _is_tolerance(name: str) -> bool:
    return any(word in name.lower() for word in ("tol", "eps", "delta", "precision", "threshold"))


def _always_true(test: ast.AST) -> bool:
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=elements):
            return bool(elements)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_always_true, values))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case _:
            return False


def _called(node: ast.AST) -> str:
    return _name(node.func) if isinstance(node, ast.Call) else ""


def _name(node: ast.AST | None) -> str:
    """The last part of a dotted name, empty for anything else."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
