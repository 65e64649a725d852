"""What in a test makes it weaker by coming: skips, stand-ins, swallowed errors, and what keeps it from running."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from coderoute.domain.weakening.atoms import name_of, text
from coderoute.domain.weakening.checks import Function


class Kind(Enum):
    SKIP = auto()
    SWALLOWED = auto()
    SWITCHED_OFF = auto()
    STAND_IN = auto()
    SILENCED = auto()
    WRAPPED = auto()
    FILTERED = auto()
    NEVER_RUN = auto()
    STRICT = auto()
    """The one kind whose going is the loss."""


MEANS = {
    Kind.SKIP: "is skipped or expected to fail now",
    Kind.SWALLOWED: "swallows every error",
    Kind.SWITCHED_OFF: "takes tests out of the collection",
    Kind.STAND_IN: "puts a stand-in in the place of code",
    Kind.SILENCED: "silences warnings",
    Kind.WRAPPED: "is wrapped in something new",
    Kind.FILTERED: "leaves out generated cases",
    Kind.NEVER_RUN: "may never run its body",
    Kind.STRICT: "no longer turns warnings into errors",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    kind: Kind
    node: ast.AST
    text: str
    """In normal form, without the reasons given."""


SKIPS = frozenset({
    "skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "skipTest", "SkipTest", "importorskip",
})  # fmt: skip
_SWITCHES = frozenset({"__test__", "collect_ignore", "collect_ignore_glob", "load_tests"})
_BROAD = frozenset({"Exception", "BaseException", "AssertionError"})
_MOCKS = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec"})
_TRICKS = frozenset({"setattr", "delattr", "globals", "exec", "eval", "exit", "quit"})
_HARMLESS_WRAPPERS = frozenset({
    "abstractmethod", "activate", "anyio", "asyncio", "benchmark", "classmethod", "contextmanager", "data",
    "dataclass", "django_db", "example", "expand", "filterwarnings", "fixture", "freeze_time", "given",
    "overload", "override", "override_settings", "parameterized", "parametrize", "property", "seed", "settings",
    "staticmethod", "tag", "timeout", "total_ordering", "trio", "unique", "unpack", "usefixtures", "wraps",
    "xdist_group", "yield_fixture",
})  # fmt: skip


_SKIPPERS = re.compile(r"^(?:py\.?)?test\b|^pt\b|^unittest|\bmark\b|^self\b|^cls\b|^nose")


def notes_in(root: ast.AST, imports: Mapping[str, str]) -> Iterator[Noted]:
    """Those that count wherever they stand. `imports`: what the file's names import, as `module` or `module.name`."""
    for node in ast.walk(root):
        for kind, noted in _noted(node, imports):
            yield Noted(kind=kind, node=noted, text=_canonical(noted))


def marks_on(node: ast.ClassDef, imports: Mapping[str, str]) -> Iterator[Noted]:
    """Those of a class' decorators."""
    for decorator in node.decorator_list:
        if _is_skip(decorator):
            yield Noted(kind=Kind.SKIP, node=decorator, text=_canonical(decorator))
        yield from notes_in(decorator, imports)


def stand_ins_of_fixture(node: Function) -> Iterator[Noted]:
    """A mock that a fixture hands out; in a test it may be what the code is given to call."""
    if any("fixture" in text(one) for one in node.decorator_list):
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and name_of(one.func) in _MOCKS:
                yield Noted(kind=Kind.STAND_IN, node=one, text=text(one))


def notes_outside(node: ast.AST) -> Iterator[Noted]:
    """Those of one statement of a module or class that is no definition: what changes which tests are collected."""
    found: ast.AST | None = None
    match node:
        case ast.Assign(targets=targets) if any(_is_switch(target) for target in targets):
            is_true = isinstance(node.value, ast.Constant) and node.value.value is True
            found = None if is_true else node
        case ast.Delete(targets=targets) if any(name_of(one).lower().startswith("test") for one in targets):
            found = node
        case ast.Raise():
            found = node
        case ast.Expr(value=ast.Call() as call) if name_of(call.func) in _TRICKS | {"pop", "clear"}:
            rooted = isinstance(call.func, ast.Name) or "globals()" in text(call) or name_of(call.func) in _TRICKS
            found = node if rooted else None
        case ast.Assign(targets=[ast.Subscript(value=ast.Call() as call)]) if name_of(call.func) == "globals":
            found = node
    if found is not None and not any(name_of(one) in SKIPS for one in ast.walk(found)):
        yield Noted(kind=Kind.SWITCHED_OFF, node=found, text=text(found))


def wrappers(node: Function | ast.ClassDef, named: Mapping[str, ast.expr]) -> Iterator[Noted]:
    """Decorators that nobody knows to be harmless, and that no other note tells of. `named`: skips by the names that
    the file gives them."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name, whole = name_of(called), text(called)
        if name in named:
            yield Noted(kind=Kind.SKIP, node=decorator, text=_canonical(named[name]))
        elif name not in _HARMLESS_WRAPPERS and name not in SKIPS and "patch" not in whole.split("."):
            yield Noted(kind=Kind.WRAPPED, node=decorator, text=_canonical(decorator))


def named_skips(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """`needs_net = pytest.mark.skipif(...)`: a skip for whoever wears it."""
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name != "pytestmark":
                if _is_skip(value.func if isinstance(value, ast.Call) else value):
                    yield name, value
            case _:
                pass


def never_run(node: Function, *, awaited: bool) -> Iterator[Noted]:
    """A test whose call only makes a generator, or a coroutine that nobody awaits."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            yield Noted(kind=Kind.NEVER_RUN, node=one, text="yield")
            return
        if not isinstance(one, Function | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(one))
    if isinstance(node, ast.AsyncFunctionDef) and not awaited:
        yield Noted(kind=Kind.NEVER_RUN, node=node, text="async")


def is_narrower(new: str, old: str) -> bool:
    """Whether a skip keeps fewer runs away than another: it has a condition now, or is only an expected failure."""
    if _marked(new) == _marked(old):
        return _asks_more(new, old)
    order = ("skip", "skipif", "xfail")
    one, other = _marked(new), _marked(old)
    return one in order and other in order and order.index(one) > order.index(other)


def _noted(node: ast.AST, imports: Mapping[str, str]) -> Iterator[tuple[Kind, ast.AST]]:
    match node:
        case ast.Call():
            yield from _noted_call(node, imports)
            if _is_skip(node.func):
                yield Kind.SKIP, node
            yield from ((Kind.SKIP, one) for one in _skips_handed_on(node))
        case ast.ExceptHandler(type=kind, body=body):
            kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
            broad = any(one is None or name_of(one) in _BROAD for one in kinds)
            if broad and not any(_ends_in_failure(one) for statement in body for one in ast.walk(statement)):
                yield Kind.SWALLOWED, kind if kind is not None else ast.Name("except", lineno=node.lineno)
        case ast.Raise(exc=ast.Attribute() | ast.Name() as raised) if name_of(raised) in SKIPS:
            yield Kind.SKIP, raised
        case ast.Assign(value=value) if _is_skip(value):
            yield Kind.SKIP, value
        case ast.Assign(value=ast.List(elts=elements) | ast.Tuple(elts=elements)):
            yield from ((Kind.SKIP, one) for one in elements if _is_skip(one))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from ((Kind.SKIP, one) for one in node.decorator_list if _is_skip(one))
        case _:
            pass
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        if any(_is_others(target, imports) for target in targets):
            yield Kind.STAND_IN, node


def _noted_call(node: ast.Call, imports: Mapping[str, str]) -> Iterator[tuple[Kind, ast.AST]]:
    name, whole = name_of(node.func), text(node.func)
    if name == "suppress" and any(name_of(arg) in _BROAD for arg in node.args):
        yield Kind.SWALLOWED, node
    if whole in ("os._exit", "os.abort", "os.kill", "pytest.exit"):
        yield Kind.SWITCHED_OFF, node
    if name in ("filterwarnings", "simplefilter") and node.args and isinstance(node.args[0], ast.Constant):
        action = str(node.args[0].value)
        if action.startswith("error"):
            yield Kind.STRICT, node
        elif action.startswith("ignore"):
            yield Kind.SILENCED, node
    if name == "assume":
        yield Kind.FILTERED, node
    if _puts_in_place(node, whole.split("."), imports):
        yield Kind.STAND_IN, node


def _puts_in_place(node: ast.Call, dotted: list[str], imports: Mapping[str, str]) -> bool:
    last, holder = dotted[-1], dotted[-2] if len(dotted) > 1 else ""
    patches = last == "patch" and holder in ("", "mock", "mocker", "unittest")  # not a client's HTTP method
    patches |= holder == "patch" and last in ("object", "dict", "multiple")
    patches |= last in ("setattr", "delattr", "setitem", "syspath_prepend") and holder != "object"
    patches |= dotted[:2] == ["sys", "path"]
    target = node.args[0] if node.args else None
    match target:
        case _ if not patches:
            return False
        case ast.Constant(value=str(path)) if holder != "path" and last != "syspath_prepend":
            return not _is_standard(path)
        case ast.Attribute() | ast.Name() if holder != "path" and last != "syspath_prepend":
            return not _is_standard(imports.get(text(target).partition(".")[0], "?"))
        case _:
            return True


def _is_standard(module: str) -> bool:
    """Of the standard library, but for the parts through which everything else can be replaced."""
    first = module.partition(".")[0]
    return first in sys.stdlib_module_names and first not in ("builtins", "unittest") and module != "sys.modules"


def _is_others(target: ast.AST, imports: Mapping[str, str]) -> bool:
    """Whether it is a part of something imported: `pkg.add`, `sys.modules["pkg"]`."""
    if not isinstance(target, ast.Attribute | ast.Subscript):
        return False
    source = text(target)
    if source.startswith("sys.modules"):
        return True
    first = source.partition(".")[0].partition("[")[0]
    return isinstance(target, ast.Attribute) and first in imports and not _is_standard(imports[first])


def _is_skip(node: ast.AST) -> bool:
    """`skip` is a name that products use too; the others are not."""
    if not isinstance(node, ast.Attribute | ast.Name) or name_of(node) not in SKIPS:
        return False
    return name_of(node) != "skip" or isinstance(node, ast.Name) or _SKIPPERS.search(text(node)) is not None


def _skips_handed_on(call: ast.Call) -> Iterator[ast.AST]:
    """`pytest.param(1, marks=pytest.mark.xfail)`."""
    for keyword in call.keywords:
        inner = keyword.value.elts if isinstance(keyword.value, ast.List | ast.Tuple) else [keyword.value]
        yield from (one for one in inner if _is_skip(one))


def _ends_in_failure(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.Call) and name_of(node.func) == "fail")


def _is_switch(target: ast.AST) -> bool:
    name = name_of(target)
    return name in _SWITCHES or name.startswith(("test", "Test"))


def _canonical(node: ast.AST) -> str:
    """Its source without reasons: to explain a skip is no change of it."""
    if not isinstance(node, ast.Call):
        return text(node)
    keywords = [keyword for keyword in node.keywords if keyword.arg not in ("reason", "msg")]
    args = node.args
    if name_of(node.func) in ("skip", "skipTest", "SkipTest"):
        args = []
    elif name_of(node.func) in ("skipIf", "skipUnless"):
        args = node.args[:1]
    return text(ast.Call(func=node.func, args=args, keywords=keywords)).removesuffix("()")


def _marked(source: str) -> str:
    return {"skipIf": "skipif", "skipUnless": "skipif", "expectedFailure": "xfail"}.get(
        name := source.partition("(")[0].rpartition(".")[2], name
    )


def _asks_more(new: str, old: str) -> bool:
    """Of two marks of one kind: a further condition, `strict`, the error that is expected."""
    if "strict=True" in old and "strict=True" not in new:
        return False
    plain = old.removesuffix(")")
    return new.startswith(plain) and any(word in new[len(plain) :] for word in ("strict=True", "raises=", " and "))
