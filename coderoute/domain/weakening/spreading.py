"""A parametrized test as the assertions it makes for each of its cases."""

import ast
import builtins
from collections.abc import Hashable, Iterator
from dataclasses import replace

from coderoute.domain.weakening.atoms import Atom
from coderoute.domain.weakening.bindings import Value, value_of, written_out
from coderoute.domain.weakening.checks import Check, Function
from coderoute.domain.weakening.reading import Scope, TestFile

MAX_SPREAD = 2_000
"""Assertions of one test, over all its cases."""


def asked_by(file: TestFile, scope: Scope) -> list[Hashable] | None:
    """What each assertion of a test asks in each case, comparable between tests; None if that depends on more than
    its file and its parameters, or if it asks nothing."""
    known = file.bindings.keys() | vars(builtins).keys() | _parameters(scope)
    if not scope.checks or any(one.guards or not one.names <= known for one in scope.checks):
        return None
    return [one.key for one in _spread(scope)]


def is_closed(file: TestFile, scope: Scope, check: Check) -> bool:
    """Whether what it asks depends on nothing but its file and the parameters of its test."""
    return check.names <= file.bindings.keys() | vars(builtins).keys() | _parameters(scope)


def _spread(scope: Scope) -> Iterator[Atom]:
    parameters = _parameters(scope)
    cases = [one for one in scope.cases if one.parts and all(name in parameters for name, _ in one.parts)]
    kinds = {frozenset(name for name, _ in one.parts) for one in cases}
    if len(kinds) != 1 or len(cases) * len(scope.checks) > MAX_SPREAD:
        yield from (one.whole for one in scope.checks)
        return
    for case in cases:
        values = {name: value_of(ast.parse(source, mode="eval").body) for name, source in case.parts}
        yield from (_filled(one.whole, values) for one in scope.checks)


def _filled(atom: Atom, values: dict[str, Value]) -> Atom:
    return replace(atom, subject=_filled_source(atom.subject, values), expected=_filled_source(atom.expected, values))


def _filled_source(source: str, values: dict[str, Value]) -> str:
    try:
        node = ast.parse(source, mode="eval").body
    except SyntaxError:  # the statements of a `with raises` block, or nothing
        return source
    return ast.unparse(written_out(node, values))


def _parameters(scope: Scope) -> frozenset[str]:
    if not isinstance(scope.node, Function):
        return frozenset()
    given = scope.node.args
    return frozenset(one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
