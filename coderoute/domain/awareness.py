"""Product code that can tell whether it is being tested, and so may answer tests otherwise than everybody else.

Only what a change brings counts. Python is read by its syntax tree, other languages by lines. Nothing here is wrong in
itself: a person looks at why the product should know.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from coderoute.domain.visible import one_line

MAX_PARSED_BYTES = 1_000_000
MAX_SHOWN = 100
MAX_WORD = 300
"""Characters of a string that is looked at: a name of something, not a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One place of the new file and what it looks at, in words."""

    line: int
    detail: str


def signs(path: str, old: bytes | None, new: bytes, *, is_plugin: bool) -> tuple[Sign, ...]:
    """What `new` has more of than `old`, by line.

    Args:
        is_plugin: the project is a plugin of its test runner: naming the runner is its business.
    """
    before, after = ((side or b"").decode("utf-8", "replace") for side in (old, new))
    known = Counter(sign.detail for sign in _signs(path, before, is_plugin=is_plugin))
    found: list[Sign] = []
    for sign in sorted(_signs(path, after, is_plugin=is_plugin), key=lambda sign: (sign.line, sign.detail)):
        if known[sign.detail] > 0:
            known[sign.detail] -= 1
        else:
            found.append(sign)
    return tuple(found)


def names_a_plugin(path: str) -> bool:
    """Whether the path is of a project that extends its test runner: `pytest_x.py`, `src/pytest_x/...`."""
    return (
        re.search(r"(^|/)_?pytest(_\w+)?(/|\.py$)|(^|/)\w+_pytest(/|\.py$)|(^|/)pytest_?plugin(/|\.py$)", path)
        is not None
    )


_RUNNERS = frozenset({"pytest", "_pytest", "py", "unittest", "nose", "nose2", "xdist", "pytest_cov"})
_RUNNER_NAMED = re.compile(r"pytest|py\.test|junit_?xml|\bunittest\b", re.IGNORECASE)
_RUNNERS_VARIABLE = re.compile(r"\bPYTEST_[A-Z_]+")
_LOOKS_AROUND = {
    ("gc", "get_objects"), ("gc", "get_referrers"), ("sys", "settrace"), ("sys", "setprofile"), ("sys", "meta_path"),
    ("sys", "path_hooks"), ("threading", "settrace"), ("threading", "setprofile"),
}  # fmt: skip
_FRAMES = frozenset({"_getframe", "currentframe", "extract_stack", "walk_stack", "_current_frames", "inspect.stack"})


def _signs(path: str, text: str, *, is_plugin: bool) -> list[Sign]:
    if path.endswith(".py") and len(text) <= MAX_PARSED_BYTES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
            return list(_python_signs(tree, is_plugin=is_plugin))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    pattern = _BY_SUFFIX.get(path.rpartition(".")[2].lower())
    if pattern is None:
        return []
    lines = enumerate(text.splitlines(), start=1)
    return [
        Sign(line=number, detail=f"looks whether it is being tested: {_shown(line.strip())}")
        for number, line in lines
        if pattern.search(line[:2_000])
    ]


def _python_signs(tree: ast.Module, *, is_plugin: bool) -> Iterator[Sign]:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    frames = [node for node in ast.walk(tree) if _last_name(node) in _FRAMES]
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _import(alias.name, line, is_plugin=is_plugin)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from _import(module, line, is_plugin=is_plugin)
                if any((module, alias.name) in _LOOKS_AROUND for alias in names):
                    yield Sign(line=line, detail=_around(ast.unparse(node)))
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in _LOOKS_AROUND:
                yield Sign(line=line, detail=_around(ast.unparse(node)))
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if _names_all_modules(iterated):
                yield Sign(line=iterated.lineno, detail=_around(ast.unparse(iterated)))
            case ast.Assign(targets=targets) if any(map(_is_builtin, targets)):
                yield Sign(line=line, detail=_around(ast.unparse(node)))
            case ast.Constant(value=str(word)) if id(node) not in prose and _is_telling(word, is_plugin=is_plugin):
                yield Sign(line=line, detail=f"names the test runner: {_shown(repr(word))}")
            case ast.BinOp(op=ast.Add()) if (whole := _joined(node)) and _is_telling(whole, is_plugin=is_plugin):
                yield Sign(line=line, detail=f"names the test runner: {_shown(repr(whole))}")
            case ast.Constant(value=str(word)) if frames and re.match(r"_?test", word, re.IGNORECASE):
                caller = _shown(ast.unparse(frames[0]))
                yield Sign(line=line, detail=f"looks at who calls it ({caller}) and names tests: {_shown(repr(word))}")
            case ast.FunctionDef(name="__eq__", body=body) if _says_yes(body):
                yield Sign(line=line, detail="makes objects that are equal to everything")
            case ast.Assign(targets=[ast.Name(id="__eq__")], value=ast.Lambda(body=ast.Constant(value=True))):
                yield Sign(line=line, detail="makes objects that are equal to everything")


def _import(module: str, line: int, *, is_plugin: bool) -> Iterator[Sign]:
    root = module.partition(".")[0]
    if root == "__main__" or (not is_plugin and (root in _RUNNERS or root.startswith("pytest_"))):
        yield Sign(line=line, detail=f"imports {_shown(module)}, what runs the tests")


def _is_telling(word: str, *, is_plugin: bool) -> bool:
    """Whether a string names the runner and is no sentence about it."""
    if _RUNNERS_VARIABLE.search(word):
        return True
    return not is_plugin and len(word) <= MAX_WORD and not re.search(r"\s", word) and bool(_RUNNER_NAMED.search(word))


def _joined(node: ast.expr) -> str | None:
    """The string that `"a" + "b"` is, None for anything else."""
    match node:
        case ast.Constant(value=str(word)):
            return word
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            words = (_joined(left), _joined(right))
            return None if None in words else "".join(word or "" for word in words)
        case _:
            return None


def _names_all_modules(node: ast.expr) -> bool:
    """`sys.modules`, `list(sys.modules.values())` and the like, but not `sys.modules[name]`."""
    subscripted = {id(one.value) for one in ast.walk(node) if isinstance(one, ast.Subscript)}
    return any(
        isinstance(one, ast.Attribute)
        and one.attr == "modules"
        and isinstance(one.value, ast.Name)
        and one.value.id == "sys"
        and id(one) not in subscripted
        for one in ast.walk(node)
    )


def _is_builtin(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "builtins"


def _says_yes(body: list[ast.stmt]) -> bool:
    spoken = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    match spoken:
        case [ast.Return(value=ast.Constant(value=True))]:
            return True
        case _:
            return False


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="inspect"), attr="stack"):
            return "inspect.stack"
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _around(code: str) -> str:
    return f"reaches into the process that runs the tests: {_shown(code)}"


def _shown(text: str) -> str:
    return f"`{one_line(text, MAX_SHOWN)}`"


_SCRIPT = re.compile(
    r"""JEST_WORKER_ID|\bprocess\.env\.(?:VITEST|NODE_TEST_CONTEXT|npm_lifecycle_event)|import\.meta\.(?:vitest|jest)"""
    r"""|NODE_ENV\W{1,12}test\b|typeof\s+(?:jest|describe|it|expect|vi)\b|(?:globalThis|global|window)\.(?:jest|describe|it|expect)\b"""
)
_BY_SUFFIX = {
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"), _SCRIPT),
    "go": re.compile(r"""\btesting\.Testing\(\)|\bflag\.Lookup\("test\.|"\.test"|"-?test\.v"|"testing"$"""),
    "rs": re.compile(r"\bcfg!\((?:not\()?test|#\[cfg\(not\(test\)|cfg_attr\((?:not\()?test"),
    **dict.fromkeys(
        ("java", "kt", "scala", "groovy"), re.compile(r'"org\.(?:junit|testng)|getStackTrace\(\).*[Tt]est')
    ),
    "rb": re.compile(r"defined\?\(\s*(?:RSpec|Minitest)|\$PROGRAM_NAME.*(?:rspec|test)|\$0.*(?:rspec|test)"),
    "php": re.compile(r"PHPUNIT_|PHPUnit\\\\?"),
}
