"""What the names in a test stand for, so that `r = f(1)`, `assert r == 2` is known to ask `f(1) == 2`."""

import ast
import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from coderoute.domain.weakening.atoms import is_literal

MAX_NODES = 150
"""A value with more of them stays a name: written out in the place of each name a text could grow without end."""

MAX_WRITTEN_OUT = 400
"""The same for an expression after its names are written out."""


@dataclass(frozen=True, slots=True)
class Value:
    node: ast.expr
    nodes: int


Values = Mapping[str, Value]


def value_of(node: ast.expr) -> Value:
    return Value(node, sum(1 for _ in ast.walk(node)))


def bound_once(function: ast.AST) -> dict[str, Value]:
    """The values of the names that are bound in one place of a function or module, by a plain assignment."""
    values: dict[str, ast.expr] = {}
    times: Counter[str] = Counter()
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                values[name] = value
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                values[name] = value
        times.update(stored(node))
    return {name: value_of(value) for name, value in values.items() if times[name] == 1}


def stored(node: ast.AST) -> Iterator[str]:
    """The names that this very node binds or unbinds."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) | ast.ExceptHandler(name=str() as name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
            yield from names  # whatever they stand for, others can change it
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)


def literals(values: Values) -> dict[str, Value]:
    return {name: value for name, value in values.items() if is_literal(value.node)}


class Known:
    """What names stand for at one place of a function, as a walk through it comes along.

    `near` has literals only, `whole` all that can be written out.
    """

    def __init__(self, outer: Values, given: Values, *, alike: bool = False) -> None:
        """`given`: parameters whose values are known. `alike`: `near` is to have everything too."""
        self.whole: dict[str, Value] = {**outer, **given}
        self.near: dict[str, Value] = self.whole if alike else dict(given)

    def bind(self, name: str, value: ast.expr) -> None:
        written = value_of(written_out(value, self.whole))
        self.forget([name])
        if written.nodes <= MAX_NODES:
            self.whole[name] = written
        if self.near is not self.whole and is_literal(value):
            self.near[name] = value_of(value)

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.whole.pop(name, None)
            self.near.pop(name, None)

    def inside(self) -> "Known":
        """The same for a function in there: what it binds is its own."""
        inner = Known({}, {})
        inner.whole = dict(self.whole)
        inner.near = inner.whole if self.near is self.whole else dict(self.near)
        return inner


def all_stored(node: ast.AST) -> set[str]:
    """The names that are bound anywhere in `node`."""
    return {name for one in ast.walk(node) for name in stored(one)}


def written_out(node: ast.expr, values: Values) -> ast.expr:
    """`node` with the values in the place of names; itself where nothing changes or too much would."""
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in values]
    if not names or sum(values[name].nodes for name in names) > MAX_WRITTEN_OUT:
        return node
    return cast(ast.expr, _rebuilt(node, values))


def names_in(node: ast.AST) -> frozenset[str]:
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _rebuilt(node: ast.AST, values: Values) -> ast.AST:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return values[node.id].node if node.id in values else node
    new = copy.copy(node)
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            setattr(new, field, _rebuilt(value, values))
        elif isinstance(value, list):
            setattr(new, field, [_rebuilt(one, values) if isinstance(one, ast.AST) else one for one in value])
    return new
