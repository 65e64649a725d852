"""What a test is tried with: parameters, entries of tables, generated examples; and how close an answer must come."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coderoute.domain.weakening.atoms import is_literal, name_of, text
from coderoute.domain.weakening.bindings import MAX_WRITTEN_OUT, bound_once
from coderoute.domain.weakening.checks import Function

DEFAULT_EXAMPLES = 100
"""Hypothesis, when nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`parts` are (parameter, value) as source. `amount`, where there is one, may grow but not shrink: a number of
    rounds, or a tolerance with its sign turned."""

    parts: frozenset[tuple[str, str]]
    line: int
    shown: str
    amount: float | None = None
    table: str = ""
    """The name of the class or module it belongs to, empty in a function."""

    def covers(self, other: "Case") -> bool:
        """Whether it tries all that another one tried; a parameter may have come."""
        enough = other.amount is None or (self.amount is not None and self.amount >= other.amount)
        return enough and other.parts <= self.parts

    @property
    def value(self) -> str:
        """What is tried, whatever the place is called where it stands; empty for an amount."""
        return self.shown if self.amount is None else ""


def cases_in(function: Function) -> Iterator[Case]:
    decorators = [one for one in function.decorator_list if isinstance(one, ast.Call)]
    for decorator in decorators:
        yield from _decorated(decorator)
    if any(name_of(one.func) == "given" for one in decorators):
        yield _examples(decorators)
    for node in ast.walk(function):
        if isinstance(node, ast.For):
            yield from _rounds(node)
    for value in bound_once(function).values():
        if value.nodes > MAX_WRITTEN_OUT and is_literal(value.node):
            yield from (_one("", element) for element in elements(value.node))


def cases_outside(statements: Sequence[ast.stmt]) -> Iterator[Case]:
    """Tables and constants of a class or module."""
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if name.startswith(("__", "pytest_plugins", "collect_ignore", "pytestmark")):
            continue
        inner = elements(value)
        if inner:
            yield from (_one("", element, table=name) for element in inner)
        elif is_literal(value) or not isinstance(value, ast.Call | ast.Attribute | ast.Name | ast.Lambda):
            amount = _amount(value)
            turned = -amount if amount is not None and _is_tolerance(name) else None
            parts = frozenset({(name, "" if turned is not None else text(value))})
            yield Case(parts=parts, line=node.lineno, shown=text(node), amount=turned, table=name)


def elements(value: ast.AST) -> list[ast.expr]:
    """The parts of a literal list, tuple, set or dict; a dict's entries as pairs."""
    match value:
        case ast.List(elts=inner) | ast.Tuple(elts=inner) | ast.Set(elts=inner):
            return list(inner)
        case ast.Dict(keys=keys, values=values):
            return [
                ast.Tuple(elts=[key or ast.Constant("**"), entry], ctx=ast.Load(), lineno=entry.lineno)
                for key, entry in zip(keys, values, strict=True)
            ]
        case _:
            return []


def _decorated(call: ast.Call) -> Iterator[Case]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    match name_of(call.func):
        case "parametrize":
            names = call.args[0] if call.args else given.get("argnames")
            values = call.args[1] if len(call.args) > 1 else given.get("argvalues")
            if names is not None and values is not None:
                yield from _parameters(names, values)
        case "fixture" | "yield_fixture" if "params" in given:
            yield from _table("param", given["params"])
        case "expand" if call.args:
            yield from _table("expand", call.args[0])
        case "given" | "example" | "data":
            yield from (_one(name_of(call.func), one) for one in call.args)
            yield from (_one(keyword.arg or "**", keyword.value) for keyword in call.keywords)
        case _:
            pass


def _parameters(names: ast.expr, values: ast.expr) -> Iterator[Case]:
    match names:
        case ast.Constant(value=str(written)):
            known = [name.strip() for name in written.split(",") if name.strip()]
        case _:
            known = [str(one.value) for one in elements(names) if isinstance(one, ast.Constant)]
    if not elements(values):
        yield _one(",".join(known), values)
    for element in elements(values):
        marked = isinstance(element, ast.Call) and name_of(element.func) == "param"
        inner = element.args if isinstance(element, ast.Call) and marked else elements(element) if known[1:] else []
        if marked and len(known) <= 1 and inner:
            yield _one(known[0] if known else "", inner[0], shown=element)
        elif len(inner) == len(known) > 1:
            parts = frozenset(zip(known, map(text, inner), strict=True))
            yield Case(parts=parts, line=element.lineno, shown=text(element))
        else:
            yield _one(",".join(known), element)


def _table(name: str, values: ast.expr) -> Iterator[Case]:
    yield from (_one(name, one) for one in (elements(values) or [values]))


def _examples(decorators: Sequence[ast.Call]) -> Case:
    settings = [one for one in decorators if name_of(one.func) == "settings"]
    amounts = [_amount(keyword.value) for one in settings for keyword in one.keywords if keyword.arg == "max_examples"]
    amount = amounts[0] if amounts and amounts[0] is not None else DEFAULT_EXAMPLES
    node = settings[0] if settings else decorators[0]
    shown = f"max_examples={amount:g}"
    return Case(parts=frozenset({("max_examples", "")}), line=node.lineno, shown=shown, amount=amount)


def _rounds(loop: ast.For) -> Iterator[Case]:
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=[*_, last]) if _amount(last) is not None:
            parts = frozenset({(f"for {text(loop.target)}", "range")})
            yield Case(parts=parts, line=loop.lineno, shown=text(loop.iter), amount=_amount(last))
        case _:
            yield from (_one("for", one) for one in elements(loop.iter))


def _one(name: str, value: ast.expr, shown: ast.AST | None = None, table: str = "") -> Case:
    parts = frozenset({(name, text(value))})
    return Case(parts=parts, line=value.lineno, shown=text(shown or value), table=table)


def _amount(node: ast.AST) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return min(float(value), 1e308) if abs(value) < 10**308 else 1e308
        case _:
            return None


def _is_tolerance(name: str) -> bool:
    return any(word in name.lower() for word in ("tol", "eps", "delta"))
