"""What an assertion asks, in one form for all its spellings: `assert x == 1`, `self.assertEqual(1, x)`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

Limits = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One thing that must hold: `subject` `op` `expected`, as source in normal form; of two sides the literal one is
    `expected`. `limits` are tolerances or the pattern of an exception's message, by name."""

    op: str
    subject: str
    expected: str = ""
    limits: Limits = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for atoms that ask the same, whichever side stands first."""
        if self.op in SYMMETRIC:
            return (self.op, frozenset((self.subject, self.expected)), self.limits)
        return (self.op, self.subject, self.expected, self.limits)


Part = tuple[ast.expr, bool]
"""An expression, and whether it has to be true."""

SYMMETRIC = frozenset({"==", "!=", "is", "is not", "close"})

_OPS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_NOT = {
    "==": "!=", "<": ">=", "<=": ">", "is": "is not", "in": "not in", "isinstance": "not isinstance", "true": "false",
    "close": "not close", "contains": "lacks",
}  # fmt: skip
_NOT |= {value: key for key, value in _NOT.items()}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "in": "contains", "not in": "lacks"}
_OPS_OF_UNITTEST = {
    **dict.fromkeys(
        ("equal", "equals", "listequal", "dictequal", "tupleequal", "setequal", "multilineequal", "sequenceequal"), "=="
    ),
    "notequal": "!=", "notequals": "!=", "is": "is", "isnot": "is not", "in": "in", "notin": "not in", "greater": ">",
    "greaterequal": ">=", "less": "<", "lessequal": "<=",
}  # fmt: skip
_CLOSE = frozenset({"isclose", "allclose", "assertallclose", "assertalmostequal", "assertalmostequals"})
_TOLERANCES = frozenset({"rel", "abs", "rel_tol", "abs_tol", "rtol", "atol", "places", "delta", "decimal"})
RAISING = frozenset({
    "raises", "warns", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "assertWarns", "assertWarnsRegex",
    "assert_raises", "assert_raises_regex", "deprecated_call",
})  # fmt: skip


def parts(expression: ast.expr, wanted: bool = True) -> Iterator[Part]:
    """The conditions that must all hold for `expression` to be `wanted`."""
    match expression:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from parts(operand, not wanted)
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) is wanted:
            for value in values:
                yield from parts(value, wanted)
        case ast.Compare(left=left, ops=ops, comparators=others) if wanted and len(ops) > 1:
            for sign, one, other in zip(ops, [left, *others[:-1]], others, strict=True):
                yield ast.Compare(left=one, ops=[sign], comparators=[other]), True
        case _:
            yield expression, wanted


def atom(expression: ast.expr, wanted: bool = True) -> Atom:
    """What one of the `parts` asks."""
    match expression:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            found = _compared(_OPS[type(op)], left, right)
        case ast.Call(args=[thing, kind]) if name_of(expression.func) == "isinstance":
            found = Atom(op="isinstance", subject=text(thing), expected=text(kind))
        case ast.Call(args=[_, _, *_]) if name_of(expression.func) in ("isclose", "allclose"):
            found = _close(expression)
        case ast.Call(func=ast.Name(id="bool"), args=[inner]):
            found = Atom(op="true", subject=text(inner))
        case _:
            found = Atom(op="true", subject=text(expression))
    return found if wanted else replace(found, op=_NOT[found.op])


def call_parts(call: ast.Call) -> Iterator[Part] | None:
    """The conditions that an assertion method of unittest stands for, None for any other call."""
    name = _plain(name_of(call.func))
    if name in ("asserttrue", "assert_", "ok_", "assertfalse") and call.args:
        return parts(call.args[0], name != "assertfalse")
    if name in ("assertisnone", "assertisnotnone") and call.args:
        op: ast.cmpop = ast.Is() if name == "assertisnone" else ast.IsNot()
        return iter([(ast.Compare(left=call.args[0], ops=[op], comparators=[ast.Constant(None)]), True)])
    if name in ("assertisinstance", "assertnotisinstance") and len(call.args) >= 2:
        inner = ast.Call(func=ast.Name("isinstance", ast.Load()), args=call.args[:2], keywords=[])
        return iter([(inner, name == "assertisinstance")])
    sign = _OPS_OF_UNITTEST.get(name.removeprefix("assert")) if name.startswith("assert") else None
    sign = "==" if name == "eq_" else sign
    if sign is not None and len(call.args) >= 2:
        op = next(kind() for kind, known in _OPS.items() if known == sign)
        return iter([(ast.Compare(left=call.args[0], ops=[op], comparators=[call.args[1]]), True)])
    return None


def call_atom(call: ast.Call) -> Atom:
    """What any other assertion by call asks: closeness, or the call as it stands."""
    name = name_of(call.func)
    if _plain(name) in _CLOSE and len(call.args) >= 2:
        return _close(call)
    receiver = text(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    shown = ", ".join([*map(text, call.args), *(text(keyword) for keyword in call.keywords if keyword.arg != "msg")])
    return Atom(op=name, subject=receiver, expected=shown)


def raising(call: ast.Call, body: str) -> Atom:
    """That `body` raises or warns, as `pytest.raises(KeyError, match="x")` asks."""
    name = name_of(call.func)
    op = "warns" if "arn" in name or name == "deprecated_call" else "raises"
    given = {keyword.arg or "": keyword.value for keyword in call.keywords}
    kinds = call.args[0] if call.args else given.get("expected_exception")
    pattern = given.get("match") or given.get("expected_regex")
    if "egex" in name and len(call.args) > 1:
        pattern = call.args[1]
    limits = (("match", text(pattern)),) if pattern is not None else ()
    return Atom(op=op, subject=body, expected=text(kinds) if kinds is not None else "Warning", limits=limits)


def called_by_raising(call: ast.Call) -> str | None:
    """`raises(KeyError, f, 1)` calls f(1); None where it guards a `with` block."""
    first = 2 if "egex" in name_of(call.func) else 1
    if len(call.args) <= first or name_of(call.func) == "deprecated_call":
        return None
    keywords = [keyword for keyword in call.keywords if keyword.arg not in ("match", "msg")]
    called = call.args[first]
    if isinstance(called, ast.Lambda) and not called.args.args and not called.args.vararg:
        return text(called.body)
    return text(ast.Call(func=called, args=call.args[first + 1 :], keywords=keywords))


def text(node: ast.AST) -> str:
    """Its source in normal form."""
    return ast.unparse(node).replace("dict()", "{}").replace("list()", "[]")


def name_of(node: ast.AST | None) -> str:
    """The last part of a dotted name, empty for anything else."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def is_literal(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(map(is_literal, elements))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_literal(key) for key in keys) and all(map(is_literal, values))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return isinstance(operand, ast.Constant)
        case _:
            return False


def _compared(op: str, left: ast.expr, right: ast.expr) -> Atom:
    if op in ("==", "!="):
        for one, other in ((left, right), (right, left)):
            if isinstance(other, ast.Call) and name_of(other.func) == "approx" and other.args:
                close = _within("approx", one, other.args[0], other)
                return close if op == "==" else replace(close, op="not close")
    if is_literal(left) and not is_literal(right):
        left, right, op = right, left, _MIRRORED.get(op, op)
    elif op in (">", ">=") and not is_literal(right):
        left, right, op = right, left, _MIRRORED[op]
    return Atom(op=op, subject=text(left), expected=text(right))


def _close(call: ast.Call) -> Atom:
    return _within(_plain(name_of(call.func)), call.args[0], call.args[1], call)


def _within(family: str, one: ast.expr, other: ast.expr, call: ast.Call) -> Atom:
    if is_literal(one) and not is_literal(other):
        one, other = other, one
    limits = {keyword.arg: text(keyword.value) for keyword in call.keywords if keyword.arg in _TOLERANCES}
    positional = {"approx": (1, ("rel", "abs")), "assertalmostequal": (2, ("places",))}.get(family)
    if positional is not None:
        first, names = positional
        limits |= dict(zip(names, map(text, call.args[first:]), strict=False))
    named = tuple(sorted((str(name), value) for name, value in limits.items() if value != "None"))
    return Atom(op="close", subject=text(one), expected=text(other), limits=(("by", family), *named))


def _plain(name: str) -> str:
    """assert_equal, assertEqual -> assertequal; a last underscore stays: it is a name of its own."""
    return name[:-1].replace("_", "").lower() + name[-1:].lower()
