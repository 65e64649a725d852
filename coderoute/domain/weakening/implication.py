"""Whether what an assertion asks now includes what it asked before, and whether it asks anything at all."""

import ast
import builtins
from collections.abc import Callable
from typing import Any

from coderoute.domain.weakening.atoms import Atom, is_literal

UNKNOWN = object()

_DEFAULTS = {
    "approx": (1e-6, 1e-12), "isclose": (1e-9, 0.0), "allclose": (1e-5, 1e-8), "assertallclose": (1e-7, 0.0),
    "assertalmostequal": (0.0, 0.5e-7),
}  # fmt: skip
"""Relative and absolute tolerance of each way to ask for closeness, when none is given (numpy's isclose is wider than
the standard library's: the stricter is assumed)."""

_RELATIVE = frozenset({"rel", "rel_tol", "rtol"})
_STRICTER_CALLS = {
    "assert_called_once_with": ("assert_called_with", "assert_called_once", "assert_any_call", "assert_called"),
    "assert_called_with": ("assert_any_call", "assert_called"),
    "assert_called_once": ("assert_called",),
    "assert_any_call": ("assert_called",),
    "assert_awaited_once_with": ("assert_awaited_with", "assert_awaited_once", "assert_awaited"),
    "assert_awaited_with": ("assert_any_await", "assert_awaited"),
}
_NOT_NONE = frozenset({"true", "isinstance", "contains", "close", "<", "<=", ">", ">="})


def implies(new: Atom, old: Atom) -> bool:
    """Whether wherever `new` holds, `old` does too. False when it cannot be told."""
    if new.key == old.key:
        return True
    if new.subject != old.subject:
        return _length_follows(new, old) or _is_listed(new, old)
    match old.op:
        case "raises" | "warns":
            return new.op == old.op and _raises_enough(new, old)
        case "close":
            return _close_enough(new, old)
        case "isinstance":
            return new.op == "isinstance" and _kinds(new.expected) <= _kinds(old.expected)
        case "is not" if old.expected == "None":
            return new.op in _NOT_NONE or (new.op in ("==", "is") and _literal(new.expected) not in (None, UNKNOWN))
        case _ if old.op in _STRICTER_CALLS.get(new.op, ()):
            return old.expected in ("", new.expected)
        case _:
            return _value_follows(new, old)


def is_hollow(atom: Atom) -> bool:
    """Whether it holds whatever the code does: a constant, a full tuple, a thing compared with itself."""
    subject = _parsed(atom.subject)
    if atom.op in ("raises", "warns"):
        return atom.subject.startswith("raise ")
    if atom.op == ">=" and atom.subject.startswith("len(") and atom.expected in ("0", "-1"):
        return True
    if atom.op in ("==", "is", "<=", ">=", "in", "close") and atom.expected:
        same = atom.subject == atom.expected
        return same or (_is_fixed(subject) and _is_fixed(_parsed(atom.expected)) and atom.op != "is not")
    if atom.op == "isinstance":
        return atom.expected == "object"
    return atom.op in ("true", "false") and _always(subject) is (atom.op == "true")


def is_lower(new: str, old: str) -> bool | None:
    """Whether one number is lower than another; None where one of them is not written as a number."""
    was, now = _literal(old), _literal(new)
    return now < was if isinstance(was, int | float) and isinstance(now, int | float) else None


def _value_follows(new: Atom, old: Atom) -> bool:
    """What follows from an exact value, or from a bound."""
    if new.op == "is" and old.op == "==":
        return new.expected == old.expected
    if new.op in ("==", "is"):
        return _holds(new.expected, old)
    if new.op in ("<", "<=", ">", ">=") and old.op in ("<", "<=", ">", ">="):
        return _tighter(new, old)
    if old.op == "true":
        return new.op == "contains" or (new.op == ">" and is_lower(new.expected, "0") is False)
    return False


def _holds(value: str, old: Atom) -> bool:
    """Whether `old` holds of a subject that equals the source `value`."""
    if old.op in ("<=", ">=") and value == old.expected:
        return True
    if old.op == "close":
        return value == old.expected
    known, wanted = _literal(value), _literal(old.expected) if old.expected else UNKNOWN
    if known is UNKNOWN:
        return False
    if old.op in ("true", "false"):
        return bool(known) is (old.op == "true")
    if wanted is UNKNOWN:
        return False
    try:
        return bool(_COMPARE[old.op](known, wanted)) if old.op in _COMPARE else False
    except TypeError:
        return False


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "contains": lambda a, b: b in a,
    "lacks": lambda a, b: b not in a,
}


def _length_follows(new: Atom, old: Atom) -> bool:
    """`x == [1, 2]` includes `len(x) == 2`."""
    if new.op != "==" or old.op != "==" or old.subject != f"len({new.subject})":
        return False
    value = _literal(new.expected)
    return isinstance(value, list | tuple | dict | str | bytes) and _literal(old.expected) == len(value)


def _is_listed(new: Atom, old: Atom) -> bool:
    """`x == [a, b]` includes `a in x`."""
    if new.op != "==" or old.op != "in" or old.expected != new.subject:
        return False
    listed = _parsed(new.expected)
    inner = listed.elts if isinstance(listed, ast.List | ast.Tuple | ast.Set) else []
    return any(ast.unparse(one) == old.subject for one in inner)


def _tighter(new: Atom, old: Atom) -> bool:
    if new.op[0] != old.op[0]:
        return False
    was, now = _literal(old.expected), _literal(new.expected)
    if not isinstance(was, int | float) or not isinstance(now, int | float):
        return new.expected == old.expected and (new.op == old.op or len(new.op) == 1)
    inside = now < was if old.op[0] == "<" else now > was
    return inside or (now == was and (new.op == old.op or len(new.op) == 1))


def _close_enough(new: Atom, old: Atom) -> bool:
    if new.expected != old.expected:
        return False
    if new.op in ("==", "is"):
        return True
    was, now = _tolerance(old), _tolerance(new)
    return new.op == "close" and was is not None and now is not None and now[0] <= was[0] and now[1] <= was[1]


def _tolerance(atom: Atom) -> tuple[float, float] | None:
    """Relative and absolute, None where they are not written as numbers."""
    given = dict(atom.limits)
    family = given.pop("by", "")
    if family not in _DEFAULTS:
        return None
    relative, absolute = _DEFAULTS[family]
    if family == "approx" and "abs" in given and "rel" not in given:
        relative = 0.0
    for name, source in given.items():
        value = _literal(source)
        if not isinstance(value, int | float):
            return None
        if name in _RELATIVE:
            relative = float(value)
        elif name in ("places", "decimal"):
            absolute = 0.5 * 10.0 ** -min(max(value, -300), 300)
        else:
            absolute = float(value)
    return relative, absolute


def _raises_enough(new: Atom, old: Atom) -> bool:
    pattern = dict(old.limits).get("match")
    if pattern is not None and dict(new.limits).get("match") != pattern:
        return False
    wanted = _kinds(old.expected)
    return all(any(_is_kind(kind, wide) for wide in wanted) for kind in _kinds(new.expected))


def _kinds(source: str) -> frozenset[str]:
    node = _parsed(source)
    if isinstance(node, ast.Tuple):
        return frozenset(map(ast.unparse, node.elts))
    return frozenset({source})


def _is_kind(name: str, wide: str) -> bool:
    """Whether an exception class is another one or below it; of a foreign class only the root is known."""
    if name == wide or wide in ("BaseException", "Exception"):
        return True
    one, other = (getattr(builtins, known, None) for known in (name, wide))
    return isinstance(one, type) and isinstance(other, type) and issubclass(one, other)


def _always(node: ast.AST | None) -> bool | None:
    """The truth of an expression whatever the code does, None where it depends."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return True if elements and not any(isinstance(one, ast.Starred) for one in elements) else None
        case ast.Dict(keys=[_, *_]) | ast.Lambda() | ast.JoinedStr(values=[ast.Constant(), *_]):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = _always(operand)
            return None if known is None else not known
        case ast.BoolOp(op=op, values=values):
            ends = isinstance(op, ast.Or)
            known_values = [_always(value) for value in values]
            opposite = {ast.unparse(value) for value in values}
            if ends in known_values or any(f"not {one}" in opposite for one in opposite):
                return ends
            return None
        case _:
            return None


def _is_fixed(node: ast.AST | None) -> bool:
    return node is not None and is_literal(node) and not isinstance(node, ast.List | ast.Dict | ast.Set)


def _parsed(source: str) -> ast.expr | None:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError:
        return None


def _literal(source: str) -> object:
    """The value a source stands for, UNKNOWN where it has to be computed."""
    node = _parsed(source)
    if node is None or not is_literal(node):
        return UNKNOWN
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):  # a set of lists; a number with too many digits
        return UNKNOWN
