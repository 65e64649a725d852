"""Formatted text in one form: `"%s" % x` and `"{}".format(x)` are `f"{x}"`, for they ask the same of a test."""

import ast
import copy
import re
from collections.abc import Iterator, Sequence


def one_form(node: ast.expr) -> ast.expr:
    """`node`, or a copy in which formatted text is written as f-strings."""
    if any(_as_joined(one) is not None for one in ast.walk(node)):
        found = _Joining().visit(copy.deepcopy(node))
        return found if isinstance(found, ast.expr) else node
    return node


class _Joining(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _as_joined(node) or node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return _as_joined(node) or node


def _as_joined(node: ast.AST) -> ast.JoinedStr | None:
    match node:
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=ast.Tuple(elts=values)):
            return _joined(_PERCENT.split(text), values, _OTHER_PERCENT)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=value):
            return _joined(_PERCENT.split(text), [value], _OTHER_PERCENT)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=values, keywords=[]):
            return _joined(_BRACES.split(text), values, _OTHER_BRACES)
        case _:
            return None


def _joined(pieces: Sequence[str], values: Sequence[ast.expr], others: re.Pattern[str]) -> ast.JoinedStr | None:
    """`pieces`: text and conversion in turn; None where a conversion is another one, or their numbers differ."""
    texts, marks = pieces[::2], pieces[1::2]
    numbers = [re.sub(r"\D", "", mark) for mark in marks]
    in_order = all(not number or int(number) == at for at, number in enumerate(numbers))
    if len(marks) != len(values) or not in_order or any(others.search(text) for text in texts):
        return None
    return ast.JoinedStr(values=list(_parts(texts, marks, values)))


def _parts(texts: Sequence[str], marks: Sequence[str], values: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for at, text in enumerate(texts):
        if text:
            yield ast.Constant(text)
        if at < len(values):
            yield ast.FormattedValue(value=values[at], conversion=ord("r") if "r" in marks[at] else -1)


_PERCENT = re.compile(r"(%[sr])")
_BRACES = re.compile(r"(\{\d*(?:!r)?\})")
_OTHER_PERCENT = re.compile("%")
_OTHER_BRACES = re.compile("[{}]")
