"""The assertions of one function, those of the functions it calls included, and what stands in their way."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from coderoute.domain.weakening.atoms import (
    RAISING,
    Atom,
    atom,
    call_atom,
    call_parts,
    called_by_raising,
    name_of,
    parts,
    raising,
    text,
)
from coderoute.domain.weakening.bindings import (
    Known,
    Value,
    Values,
    all_stored,
    names_in,
    value_of,
    written_out,
)
from coderoute.domain.weakening.formatting import one_form

Function = ast.FunctionDef | ast.AsyncFunctionDef

RUNS = "runs"
"""The operation of an atom that is a call in a test without assertions: there it is all that the test asks."""

MAX_DEPTH = 3
"""Of functions that call functions."""

MAX_FOLLOWED = 20_000
"""Assertions found in one file by following calls; further calls count as what they are: calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing a test asks. `guards` counts what may keep it from being asked: conditions, loops, early returns."""

    near: Atom
    """As it stands, with the literals its names stand for."""
    whole: Atom
    """With all its names written out as far as they are known."""
    guards: int
    line: int
    shown: str
    names: frozenset[str]
    """Those that `whole` still has."""
    through: str
    """The function of the same file in which it stands, empty for the test's own."""


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What a function may use of its file: source lines, values of the module, functions by qualified name."""

    lines: Sequence[str]
    values: Values
    functions: Mapping[str, Function]
    silent: set[str] = field(default_factory=set)
    """Functions that ask nothing, or too much to be followed."""
    left: int = MAX_FOLLOWED

    def source(self, node: ast.AST) -> str:
        first = getattr(node, "lineno", 1)
        return " ".join(line.strip() for line in self.lines[first - 1 : getattr(node, "end_lineno", first)])


def checks_of(function: Function, owner: str, around: Surroundings, *, called: bool = False) -> tuple[Check, ...]:
    """`owner` is the class that holds the function, empty without one. Of a function that is `called` by tests the
    parameters count by their place: how it calls them is its own affair."""
    given = _by_place(function) if called else {}
    walk = _Walk(around, owner, Known(around.values, given))
    walk.function(function)
    return tuple(walk.found)


def calls_of(function: Function, around: Surroundings) -> tuple[Check, ...]:
    """The calls that stand alone, for a test without assertions."""
    walk = _Walk(around, "", Known({}, {}))
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            call = node.value.value if isinstance(node.value, ast.Await) else node.value
            walk.add(Atom(op=RUNS, subject=text(call.func if isinstance(call, ast.Call) else call)), None, node, 0)
    return tuple(walk.found)


def checks_among(statements: Sequence[ast.stmt], around: Surroundings) -> tuple[Check, ...]:
    """Those of a module or class outside its functions."""
    walk = _Walk(around, "", Known(around.values, {}))
    walk.block([one for one in statements if not isinstance(one, Function | ast.ClassDef)], 0)
    return tuple(walk.found)


def is_nonempty(node: ast.AST) -> bool:
    """Whether a loop over it surely runs."""
    match node:
        case ast.List(elts=[_, *_]) | ast.Tuple(elts=[_, *_]) | ast.Set(elts=[_, *_]) | ast.Dict(keys=[_, *_]):
            return True
        case ast.Call(func=ast.Name(id="range"), args=[*_, ast.Constant(value=int() as last)]):
            return last > 0
        case ast.Call(func=ast.Name(id="enumerate" | "sorted" | "reversed" | "list"), args=[inner, *_]):
            return is_nonempty(inner)
        case _:
            return False


class _Walk:
    """Goes through a function and collects what it asks in `found`."""

    def __init__(self, around: Surroundings, owner: str, known: Known, through: tuple[str, ...] = ()) -> None:
        self.around = around
        self.owner = owner
        self.known = known
        self.through = through
        self.used: frozenset[str] = frozenset()
        self.found: list[Check] = []

    def function(self, node: Function) -> None:
        self.used = frozenset(
            one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
        )
        self.known.forget({name for one in node.body for name in all_stored(one)})
        self.block(node.body, 0)

    def block(self, statements: Sequence[ast.stmt], guards: int) -> None:
        for statement in statements:
            self.statement(statement, guards)
            guards += _leaves(statement)

    def statement(self, node: ast.stmt, guards: int) -> None:
        match node:
            case ast.Assert(test=test):
                self.conditions(parts(test), node, guards)
            case ast.If(test=test) | ast.While(test=test):
                self.expression(test, guards)
                self.block(node.body, guards + 1)
                self.block(node.orelse, guards + 1)
                self.known.forget(all_stored(node))
            case ast.For(iter=over) | ast.AsyncFor(iter=over):
                self.expression(over, guards)
                surely = is_nonempty(written_out(over, self.known.near))
                self.known.forget(all_stored(node))
                self.block(node.body, guards + (not surely))
                self.block(node.orelse, guards)
                self.known.forget(all_stored(node))
            case ast.Try() | ast.TryStar():
                risk = any(not _fails(handler.body) for handler in node.handlers)
                self.block([*node.body, *node.orelse], guards + risk)
                for handler in node.handlers:
                    self.block(handler.body, guards + 1)
                self.block(node.finalbody, guards)
                if node.handlers:
                    self.known.forget(all_stored(node))
            case ast.With(items=items) | ast.AsyncWith(items=items):
                risks = sum(self.manager(item.context_expr, node, guards) for item in items)
                self.known.forget(
                    name for item in items if item.optional_vars for name in all_stored(item.optional_vars)
                )
                # what must raise there asks nothing else
                self.block([one for one in node.body if not risks or not isinstance(one, ast.Assert)], guards + risks)
            case ast.Match(subject=subject, cases=cases):
                self.expression(subject, guards)
                for case in cases:
                    self.block(case.body, guards + 1)
                self.known.forget(all_stored(node))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.definition(node, guards)
            case ast.Raise(exc=raised) if raised is not None and _is_assertion_error(raised):
                self.add(Atom(op="fail", subject=text(raised)), None, node, guards)
            case _:
                for child in ast.iter_child_nodes(node):
                    alone = isinstance(node, ast.Expr)
                    self.expression(child.value if isinstance(child, ast.Await) else child, guards, stands_alone=alone)
                self.learn(node)

    def definition(self, node: Function | ast.ClassDef, guards: int) -> None:
        """A function or class inside: what it binds is its own, but for what it declares to be of others."""
        outside, self.known = self.known, self.known.inside()
        self.known.forget(all_stored(node))
        unused = isinstance(node, Function) and node.name not in self.used and not node.decorator_list
        self.block(node.body, guards + unused)
        self.known = outside
        declared = (one for one in ast.walk(node) if isinstance(one, ast.Global | ast.Nonlocal))
        self.known.forget({node.name, *(name for one in declared for name in one.names)})

    def learn(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.known.bind(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.known.bind(name, value)
            case _:
                self.known.forget(all_stored(node))

    def manager(self, context: ast.expr, node: ast.With | ast.AsyncWith, guards: int) -> int:
        """1 if the block may end early because of this context manager."""
        if isinstance(context, ast.Call):
            name = name_of(context.func)
            if name in RAISING:
                block = _innermost(node.body)
                near, whole = (_written(block, values) for values in (self.known.near, self.known.whole))
                names = frozenset().union(*map(names_in, whole))
                asked = raising(context, _joined(near))
                self.add(asked, raising(context, _joined(whole)), context, guards, names)
                return asked.op == "raises"  # a warning that does not come keeps no assertion from being reached
            if name == "suppress":
                return 1
        self.expression(context, guards)
        return 0

    def expression(self, node: ast.AST, guards: int, *, stands_alone: bool = False) -> None:
        if isinstance(node, ast.Call):
            if self.call(node, guards, stands_alone=stands_alone):
                return
        elif isinstance(node, ast.Lambda | ast.IfExp | ast.BoolOp):
            guards += 1
        for child in ast.iter_child_nodes(node):
            self.expression(child, guards)

    def call(self, node: ast.Call, guards: int, *, stands_alone: bool) -> bool:
        """Whether the call asks something."""
        name = name_of(node.func)
        conditions = call_parts(node)
        if conditions is not None:
            self.conditions(conditions, node, guards)
        elif name in RAISING:
            near, whole = (
                called_by_raising(cast(ast.Call, written_out(node, known)))
                for known in (self.known.near, self.known.whole)
            )
            if near is None or whole is None:
                return False
            self.add(
                raising(node, near), raising(node, whole), node, guards, names_in(written_out(node, self.known.whole))
            )
        elif self.follow(node, guards):
            return True
        elif name.startswith("assert") or name == "fail" or (stands_alone and _sounds_like_a_check(name)):
            written = cast(ast.Call, written_out(node, self.known.whole))
            self.add(call_atom(node), call_atom(written), node, guards, names_in(written))
        else:
            return False
        return True

    def follow(self, node: ast.Call, guards: int) -> bool:
        """Whether the call is one of a function of this file that asks something."""
        match node.func:
            case ast.Name(id=name):
                qualified = name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                qualified = f"{self.owner}.{name}"
            case _:
                return False
        function = self.around.functions.get(qualified)
        if function is None or qualified in self.around.silent:
            return False
        if qualified in self.through or len(self.through) >= MAX_DEPTH:
            return False
        owner = self.owner if "." in qualified else ""
        given = _arguments(function, node, self.known.whole, is_method="." in qualified)
        known = Known(self.around.values, given, alike=True)
        walk = _Walk(self.around, owner, known, through=(*self.through, qualified))
        walk.function(function)
        self.around.left -= len(walk.found)
        if not walk.found or self.around.left < 0:
            self.around.silent.add(qualified)
            return False
        self.found += [replace(one, guards=one.guards + guards, through=qualified) for one in walk.found]
        return True

    def conditions(self, found: Iterator[tuple[ast.expr, bool]], node: ast.AST, guards: int) -> None:
        for expression, wanted in found:
            plain = one_form(expression)
            near, whole = (written_out(plain, values) for values in (self.known.near, self.known.whole))
            asked = atom(near, wanted)
            names = names_in(whole)
            self.add(asked, asked if whole is near else atom(whole, wanted), node, guards, names)

    def add(
        self, near: Atom, whole: Atom | None, node: ast.AST, guards: int, names: frozenset[str] | None = None
    ) -> None:
        self.found.append(
            Check(
                near=near, whole=whole or near, guards=guards, line=getattr(node, "lineno", 1),
                shown=self.around.source(node), names=names_in(node) if names is None else names, through="",
            )
        )  # fmt: skip


def _innermost(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The block of `with raises(A): with warns(B):`, which is that of `with raises(A), warns(B):` too."""
    match statements:
        case [ast.With(items=items, body=body)] if all(
            isinstance(item.context_expr, ast.Call) and name_of(item.context_expr.func) in RAISING for item in items
        ):
            return _innermost(body)
        case _:
            return statements


def _written(statements: Sequence[ast.stmt], values: Values) -> list[ast.AST]:
    """The statements of a block; of one that computes a value only that, with the values in the place of names."""
    return [written_out(computed, values) if (computed := _computed(one)) else one for one in statements]


def _computed(statement: ast.stmt) -> ast.expr | None:
    match statement:
        case ast.Expr(value=value) | ast.Assign(targets=[ast.Name()], value=value) | ast.Assert(test=value):
            return value
        case _:
            return None


def _joined(nodes: Sequence[ast.AST]) -> str:
    return "; ".join(map(text, nodes))


def _by_place(function: Function) -> dict[str, Value]:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return {name: value_of(ast.Name(f"argument_{place}", ast.Load())) for place, name in enumerate(names)}


def _arguments(function: Function, call: ast.Call, values: Values, *, is_method: bool) -> dict[str, Value]:
    """What a call hands over, by the function's own names; what cannot be told is left out."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)][is_method:]
    given: dict[str, ast.expr] = {}
    if not any(isinstance(one, ast.Starred) for one in call.args):
        given.update(zip(names, call.args, strict=False))
    known = {*names, *(one.arg for one in function.args.kwonlyargs)}
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in known and keyword.arg})
    return {name: value_of(written_out(value, values)) for name, value in given.items()}


def _leaves(statement: ast.stmt, *, in_loop: bool = False) -> bool:
    """Whether what follows in its block may not run because of it."""
    match statement:
        case ast.Return() | ast.Raise():
            return True
        case ast.Continue() | ast.Break():
            return not in_loop
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            in_loop = in_loop or not isinstance(statement, ast.If)
            inner = [*statement.body, *statement.orelse]
        case ast.With() | ast.AsyncWith():
            inner = statement.body
        case ast.Try() | ast.TryStar():
            inner = [*statement.body, *statement.orelse, *(one for each in statement.handlers for one in each.body)]
        case _:
            return False
    return any(_leaves(one, in_loop=in_loop) for one in inner if not isinstance(one, ast.Raise))


def _fails(body: Sequence[ast.stmt]) -> bool:
    """Whether an except block ends in a failure of its own."""
    return any(
        isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.Call) and name_of(node.func) == "fail")
        for statement in body
        for node in ast.walk(statement)
    )


def _is_assertion_error(raised: ast.expr) -> bool:
    return name_of(raised.func if isinstance(raised, ast.Call) else raised) == "AssertionError"


def _sounds_like_a_check(name: str) -> bool:
    plain = name.lstrip("_").lower()
    return plain.startswith(("check", "verify", "expect", "ensure", "validate_", "compare", "should"))
