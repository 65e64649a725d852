"""The small faults that can be put into Python code: where each goes, and what it makes of the source there."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from itertools import pairwise

Position = tuple[int, int]
"""(line from 1, byte of the line from 0), as the syntax tree counts."""


class Rank(IntEnum):
    """What a fault says about the tests, the most telling first: a small slip before a hole anyone would fall into."""

    COMPARISON = 0
    BOOLEAN = 1
    NEGATION = 2
    ARITHMETIC = 3
    NUMBER = 4
    EXCEPTION = 5
    RETURN = 6
    DELETION = 7
    TEXT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The source from `start` to `end` is to become what `rewrite` makes of it."""

    rank: Rank
    start: Position
    end: Position
    rewrite: Callable[[str], str]


def faults(module: ast.Module) -> Iterator[Fault]:
    """Every fault that can be put into the module, in no promised order; some do not parse or mean the same."""
    waiting: list[tuple[ast.AST, bool]] = [(node, False) for node in module.body]
    while waiting:
        node, in_function = waiting.pop()
        yield from _at(node, in_function=in_function)
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        waiting.extend((child, inside) for child in _parts(node))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The children that a test can have an opinion about."""
    match node:
        case ast.Assert() | ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Raise():  # words are for people
            return
        case ast.Expr(value=ast.Constant()):  # a docstring or `...`
            return
        case ast.Expr(value=ast.Call(func=called)) if _is_log(called) or _name(called) == "warn":
            return
        case ast.Assign(targets=targets) if any(_is_metadata(target) for target in targets):
            return
        case ast.AnnAssign(target=target) if _is_metadata(target):
            return
        case ast.AnnAssign(value=value):
            yield from [] if value is None else [value]
        case ast.If(test=test, orelse=orelse) if _is_for_others(test):
            yield from orelse
        case ast.FunctionDef(args=arguments, body=body) | ast.AsyncFunctionDef(args=arguments, body=body):
            if not any(_name(decorator) == "overload" for decorator in node.decorator_list):
                yield from (default for default in (*arguments.defaults, *arguments.kw_defaults) if default)
                yield from body
        case ast.ClassDef(body=body):
            yield from body
        case ast.Call(func=called, args=args) if _name(called) in _FOR_TYPES:
            yield from args[1:]
        case _ if type(node).__name__ in ("TypeAlias", "TemplateStr"):  # not known to every Python we run on
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _at(node: ast.AST, *, in_function: bool) -> Iterator[Fault]:
    match node:
        case ast.If(test=test) if _is_for_others(test):
            return
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield from _negated(test)
        case ast.comprehension(ifs=tests):
            for test in tests:
                yield from _negated(test)
        case ast.match_case(guard=ast.expr() as guard):
            yield from _negated(guard)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _fault(Rank.NEGATION, node, lambda text: f"({text.removeprefix('not').strip()})")
            if isinstance(operand, ast.Constant):
                return
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for before, operator, after in zip((left, *comparators), ops, comparators, strict=False):
                yield from _swapped(Rank.COMPARISON, before, operator, after)
        case ast.BoolOp(op=operator, values=values):
            for before, after in pairwise(values):
                yield from _swapped(Rank.BOOLEAN, before, operator, after)
        case ast.BinOp(left=left, op=operator, right=right) if not isinstance(left, ast.Constant | ast.JoinedStr):
            yield from _swapped(Rank.ARITHMETIC, left, operator, right)
        case ast.AugAssign(target=target, op=operator, value=value):
            yield from _swapped(Rank.ARITHMETIC, target, operator, value)
            if in_function:
                yield _fault(Rank.DELETION, node, _passed)
        case ast.Constant():
            yield from _other_constant(node)
        case ast.ExceptHandler(type=ast.expr() as caught):
            yield _fault(Rank.EXCEPTION, caught, _other_exception)
        case ast.Raise(exc=raised):
            named = raised.func if isinstance(raised, ast.Call) else raised
            if _name(named) == "NotImplementedError":
                return
            if named is not None and _name(named)[:1].isupper():
                yield _fault(Rank.EXCEPTION, named, _other_exception)
            yield _fault(Rank.DELETION, node, _passed)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield _fault(Rank.RETURN, value, lambda _: "None")
        case ast.Expr(value=ast.Call(func=called)) if _is_log(called):
            return
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Assign() | ast.Delete() if in_function:
            yield _fault(Rank.DELETION, node, _passed)
        case ast.Break() | ast.Continue():
            yield _fault(Rank.DELETION, node, _passed)


def _fault(rank: Rank, node: ast.stmt | ast.expr, rewrite: Callable[[str], str]) -> Fault:
    return Fault(rank=rank, start=(node.lineno, node.col_offset), end=_end(node), rewrite=rewrite)


def _end(node: ast.stmt | ast.expr) -> Position:
    return (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def _passed(_: str) -> str:
    return "pass"


def _negated(test: ast.expr) -> Iterator[Fault]:
    """`test` turned round; where a fault of its own does the same, that one is enough."""
    turned_alone = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
    match test:
        case ast.Constant() | ast.UnaryOp(op=ast.Not()):
            return
        case ast.Compare(ops=[operator]) if isinstance(operator, turned_alone):
            return
        case _:
            yield _fault(Rank.NEGATION, test, lambda text: f"not ({text})")


_OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: (r"<", "<="), ast.LtE: (r"<=", "<"), ast.Gt: (r">", ">="), ast.GtE: (r">=", ">"),
    ast.Eq: (r"==", "!="), ast.NotEq: (r"!=", "=="),
    ast.In: (r"\bin\b", "not in"), ast.NotIn: (r"\bnot\s+in\b", "in"),
    ast.Is: (r"\bis\b", "is not"), ast.IsNot: (r"\bis\s+not\b", "is"),
    ast.And: (r"\band\b", "or"), ast.Or: (r"\bor\b", "and"),
    ast.Add: (r"\+", "-"), ast.Sub: (r"-", "+"), ast.Mult: (r"\*", "//"), ast.Div: (r"/", "*"),
    ast.FloorDiv: (r"//", "*"), ast.Mod: (r"%", "*"), ast.Pow: (r"\*\*", "*"),
    ast.LShift: (r"<<", ">>"), ast.RShift: (r">>", "<<"), ast.BitAnd: (r"&", "|"), ast.BitOr: (r"\|", "&"),
    ast.BitXor: (r"\^", "&"),
}  # fmt: skip
"""Operator -> (how it is spelled, another one)."""


def _swapped(rank: Rank, before: ast.expr, operator: ast.AST, after: ast.expr) -> Iterator[Fault]:
    if type(operator) in _OPERATORS:
        spelled, other = _OPERATORS[type(operator)]
        rewrite = partial(_with_other_operator, spelled, other)
        yield Fault(rank=rank, start=_end(before), end=(after.lineno, after.col_offset), rewrite=rewrite)


def _with_other_operator(spelled: str, other: str, between: str) -> str:
    """The source between two operands, brackets included, with its operator replaced."""
    return re.sub(spelled, lambda _: other, between, count=1)


def _other_constant(node: ast.Constant) -> Iterator[Fault]:
    match node.value:
        case bool() as value:
            yield _fault(Rank.NUMBER, node, lambda _: str(not value))
        case int() | float() as number if abs(number) < 10**12:
            yield _fault(Rank.NUMBER, node, lambda _: repr(number + 1))
        case str() | bytes() as text:
            empty = "''" if isinstance(text, str) else "b''"
            filled = "'xx'" if isinstance(text, str) else "b'xx'"
            yield _fault(Rank.TEXT, node, lambda _: empty if text else filled)


def _other_exception(text: str) -> str:
    """An exception that has nothing to do with the one named, and is caught by nothing that catches it."""
    return "LookupError" if re.search(r"Arithmetic|ZeroDivision|Overflow|FloatingPoint", text) else "ArithmeticError"


_FOR_TYPES = frozenset({"cast", "TypeVar", "ParamSpec", "NewType"})
"""Calls whose first argument is read by type checkers only."""

_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "fatal", "log"})


def _is_log(called: ast.expr) -> bool:
    """Whether a call of this, as a statement, only tells a person something."""
    name = _name(called)
    owner = _name(called.value).lower() if isinstance(called, ast.Attribute) else ""
    return name == "print" or (name in _LEVELS and ("log" in owner or not owner))


def _is_metadata(target: ast.expr) -> bool:
    name = _name(target)
    return (name.startswith("__") and name.endswith("__")) or name.lower() in ("version", "version_info", "__version__")


def _is_for_others(test: ast.expr) -> bool:
    """`if TYPE_CHECKING` and `if __name__ == "__main__"`: no test runs what is in there."""
    match test:
        case ast.Compare(left=ast.Name(id="__name__")):
            return True
        case _:
            return _name(test) == "TYPE_CHECKING"


def _name(node: ast.AST | None) -> str:
    """The last part of a dotted name, empty for anything else."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
