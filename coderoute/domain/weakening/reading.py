"""A Python test file as what can be compared: its tests, what they use, and what each of them asks.

Only names and places are read at once. What a function asks is found when somebody wants to know: most functions of a
changed file did not change.
"""

import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cached_property

from coderoute.domain.weakening.atoms import name_of, text
from coderoute.domain.weakening.bindings import Values, bound_once, literals, stored
from coderoute.domain.weakening.cases import Case, cases_in, cases_outside
from coderoute.domain.weakening.checks import Check, Function, Surroundings, calls_of, checks_among, checks_of
from coderoute.domain.weakening.notes import (
    Noted,
    marks_on,
    named_skips,
    never_run,
    notes_in,
    notes_outside,
    stand_ins_of_fixture,
    wrappers,
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Role(Enum):
    MODULE = auto()
    CLASS = auto()
    TEST = auto()
    EVERYWHERE = auto()
    """Runs around tests that do not name it: a setUp, an autouse fixture."""
    SUPPORT = auto()
    """Other functions, fixtures among them."""


SETUPS = frozenset({
    "setUp", "setUpClass", "setUpModule", "asyncSetUp", "setup_method", "setup_function", "setup_class", "setup_module",
    "setup", "tearDown", "load_tests", "runTest", "run",
})  # fmt: skip


class Scope:
    """A function with all that is in it, or a class or module without the functions and classes in it.

    `name` is qualified, `TestA.test_b`; the module's is empty. `conditions`: how many `if` and loops its definition
    lies behind. `redefined`: the file has it a second time, above.
    """

    def __init__(
        self, file: "TestFile", name: str, node: ast.AST, *, conditions: int = 0, redefined: bool = False
    ) -> None:
        self.file = file
        self.name = name
        self.node = node
        self.line: int = getattr(node, "lineno", 1)
        self.conditions = conditions
        self.redefined = redefined
        self.role = _role(node)
        self.bases = frozenset(map(text, node.bases)) if isinstance(node, ast.ClassDef) else frozenset[str]()

    @property
    def owner(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]

    @cached_property
    def source(self) -> str:
        """As it is written, decorators included; a module's or class' is never equal to another."""
        if not isinstance(self.node, Function):
            return f"{id(self)}"
        first = min([self.line, *(one.lineno for one in self.node.decorator_list)])
        return "\n".join(self.file.lines[first - 1 : self.node.end_lineno])

    @cached_property
    def body(self) -> str:
        """Its source in normal form without its name: equal for a test that was only renamed."""
        node = self.node
        if not isinstance(node, Function):
            return ""
        kind = type(node).__name__
        return "\n".join([*map(text, node.decorator_list), kind, text(node.args), *map(text, node.body)])

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        if not isinstance(self.node, Function):
            return checks_among(self.plain, self.file.around)
        called = self.role is Role.SUPPORT and not self.node.decorator_list
        found = checks_of(self.node, self.owner, self.file.around, called=called)
        return calls_of(self.node, self.file.around) if self.role is Role.TEST and not found else found

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        return tuple(cases_in(self.node) if isinstance(self.node, Function) else cases_outside(self.plain))

    @cached_property
    def notes(self) -> tuple[Noted, ...]:
        imports = self.file.imports
        if isinstance(self.node, Function):
            found = [*notes_in(self.node, imports), *stand_ins_of_fixture(self.node)]
            if self.role is Role.TEST:
                found += [*wrappers(self.node, self.file.skips), *never_run(self.node, awaited=self.is_awaited)]
            return tuple(found)
        named = [value for _, value in named_skips(self.plain)]
        found = [note for one in self.plain for note in (*_flat_notes(one, imports), *notes_outside(one))]
        found = [note for note in found if note.node not in named]
        if isinstance(self.node, ast.ClassDef):
            found += [*marks_on(self.node, imports), *wrappers(self.node, self.file.skips)]
        return tuple(found)

    @cached_property
    def stores(self) -> dict[str, None]:
        """The names a function binds itself, its parameters included; in the order of its source."""
        if not isinstance(self.node, Function):
            return {}
        bound = [(getattr(one, "lineno", 0), name) for one in ast.walk(self.node) for name in stored(one)]
        return dict.fromkeys(name for _, name in sorted(bound, key=lambda pair: pair[0]))

    @cached_property
    def loads(self) -> frozenset[str]:
        """The names a function uses, its parameters and the fixtures it asks for included."""
        return frozenset(_loads(self.node)) if isinstance(self.node, Function) else frozenset()

    @property
    def plain(self) -> list[ast.stmt]:
        """What stands in a class or module beside its functions and classes."""
        return [one for one in getattr(self.node, "body", []) if not isinstance(one, Definition)]

    @property
    def is_awaited(self) -> bool:
        """Whether something is there that runs coroutines."""
        owner = self.file.scopes.get(self.owner)
        return self.file.runs_coroutines or (owner is not None and any("Async" in base for base in owner.bases))


class TestFile:
    """`scopes` are by qualified name; the module is "". `imports`: name -> `module` or `module.name` that it stands
    for."""

    __test__ = False

    def __init__(self, path: str, source: str | None) -> None:
        """None: the file is not there.

        Raises:
            SyntaxError, ValueError, RecursionError, MemoryError: this Python cannot read it.
        """
        self.path = path
        self.lines = (source or "").split("\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bad escapes in a stranger's strings are not our business
            self.tree = ast.parse(source or "")
        self.imports = dict(_imports(self.tree.body))
        self.runs_coroutines = any(f"mark.{name}" in (source or "") for name in ("asyncio", "anyio", "trio"))
        self.scopes: dict[str, Scope] = {}
        if source is not None:
            self.scopes[""] = Scope(self, "", self.tree)
            self._find(self.tree.body, "", 0)

    def is_collected(self, scope: Scope) -> bool:
        """Whether a runner would find the test, as far as its file tells."""
        if scope.role is not Role.TEST or scope.conditions:
            return False
        owner = scope.owner
        while owner:
            holder = self.scopes[owner]
            if holder.conditions or not (holder.leaf.startswith("Test") or holder.bases or owner in self.inherited):
                return False
            owner = holder.owner
        return True

    @cached_property
    def inherited(self) -> frozenset[str]:
        return frozenset(base for scope in self.scopes.values() for base in scope.bases)

    @cached_property
    def skips(self) -> dict[str, ast.expr]:
        return dict(named_skips(self.tree.body))

    @cached_property
    def around(self) -> Surroundings:
        functions = dict(_functions(self.tree.body, ""))
        return Surroundings(lines=self.lines, values=_constants(self.tree.body), functions=functions)

    @cached_property
    def bindings(self) -> dict[str, ast.AST | str]:
        """Name of the module -> what it stands for."""
        return {name: bound for statement in self.tree.body for name, bound in _bindings(statement)}

    def meaning(self, name: str) -> str | None:
        """What a name of the module stands for, in normal form."""
        bound = self.bindings.get(name)
        return text(bound) if isinstance(bound, ast.AST) else bound

    def _find(self, statements: Iterable[ast.stmt], owner: str, conditions: int) -> None:
        for node in statements:
            match node:
                case ast.ClassDef(name=leaf) | ast.FunctionDef(name=leaf) | ast.AsyncFunctionDef(name=leaf):
                    name = f"{owner}.{leaf}" if owner else leaf
                    redefined = name in self.scopes
                    self.scopes[name] = Scope(self, name, node, conditions=conditions, redefined=redefined)
                    if isinstance(node, ast.ClassDef):
                        self._find(node.body, name, 0)
                case ast.If() | ast.For() | ast.While():
                    self._find([*node.body, *node.orelse], owner, conditions + 1)
                case ast.Try() | ast.TryStar():
                    self._find([*node.body, *node.orelse, *node.finalbody], owner, conditions)
                    for handler in node.handlers:
                        self._find(handler.body, owner, conditions + 1)
                case ast.With():
                    self._find(node.body, owner, conditions)
                case _:
                    pass


def is_fixture(node: ast.AST) -> bool:
    return isinstance(node, Function) and any(
        name_of(one.func if isinstance(one, ast.Call) else one).endswith("fixture") for one in node.decorator_list
    )


def _role(node: ast.AST) -> Role:
    if not isinstance(node, Function):
        return Role.CLASS if isinstance(node, ast.ClassDef) else Role.MODULE
    if is_fixture(node):
        everywhere = any("autouse=True" in text(one) for one in node.decorator_list)
        return Role.EVERYWHERE if everywhere else Role.SUPPORT
    if node.name in SETUPS:
        return Role.EVERYWHERE
    return Role.TEST if node.name.startswith("test") else Role.SUPPORT


def _flat_notes(statement: ast.stmt, imports: dict[str, str]) -> Iterator[Noted]:
    """Those of a statement, but for the functions and classes in it: these have their own."""
    if isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While):
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.stmt) and not isinstance(child, Definition):
                yield from _flat_notes(child, imports)
    else:
        yield from notes_in(statement, imports)


def _functions(statements: Iterable[ast.stmt], owner: str) -> Iterator[tuple[str, Function]]:
    """The functions that tests may call, by qualified name; tests and fixtures are not called."""
    for node in statements:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, node.name if not owner else f"{owner}.{node.name}")
        elif isinstance(node, Function) and _role(node) is Role.SUPPORT and not node.decorator_list:
            yield (f"{owner}.{node.name}" if owner else node.name), node


def _imports(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in statements:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (top, top)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                source = "." * level + (module or "")
                yield from ((alias.asname or alias.name, f"{source}.{alias.name}") for alias in aliases)
            case ast.If() | ast.Try():
                yield from _imports([*node.body, *node.orelse])
            case _:
                pass


def _bindings(node: ast.stmt) -> Iterator[tuple[str, ast.AST | str]]:
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from ((name, f"import {source}") for name, source in _imports([node]))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, node
        case ast.Assign(targets=targets, value=value):
            yield from ((name, value) for one in targets for part in ast.walk(one) for name in stored(part))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.If() | ast.Try() | ast.TryStar() | ast.With():
            inner = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
            yield from (found for one in inner for found in _bindings(one))
        case _:
            pass


def _constants(statements: Sequence[ast.stmt]) -> Values:
    plain = [one for one in statements if isinstance(one, ast.Assign | ast.AnnAssign)]
    return literals(bound_once(ast.Module(body=list(plain), type_ignores=[])))


def _loads(node: Function) -> Iterator[str]:
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name, ctx=ast.Load()) | ast.arg(arg=name):
                yield name
            case ast.Call(args=args) if name_of(one.func) == "usefixtures":
                yield from (str(arg.value) for arg in args if isinstance(arg, ast.Constant))
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                yield f"self.{name}"
            case _:
                pass
