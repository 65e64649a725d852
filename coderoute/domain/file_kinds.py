"""What a file is, as far as its name tells: code, prose, a part of the tests."""

import re

_TEST_FOLDERS = frozenset({
    "test", "tests", "testing", "spec", "specs", "__tests__", "e2e", "testsuite",
    "__snapshots__", "snapshots", "testdata", "test_data", "test-data", "fixtures", "__fixtures__", "__mocks__",
    "golden", "goldens", "cassettes",
})  # fmt: skip
"""From the second line on: what tests compare with."""

_MORE_TEST_FOLDERS = re.compile(r"tests[-_].+|.+[-_]tests")
_TEST_ENDS = ("_test", "_tests", "_spec", ".test", ".spec", ".e2e", "Test", "Tests", "Spec", "TestCase")
_SNAPSHOTS = frozenset({"snap", "ambr", "golden"})
_EXPECTED = re.compile(r"\.(?:approved|verified|expected|golden)\.\w+$")
_PROSE = frozenset({"md", "rst", "adoc"})
_CODE = frozenset({
    "py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "go", "rs", "java", "kt", "kts",
    "scala", "groovy", "rb", "php", "cs", "fs", "vb", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "m", "mm", "swift",
    "dart", "lua", "pl", "pm", "r", "jl", "ex", "exs", "erl", "hrl", "hs", "ml", "mli", "clj", "sh", "bash", "zsh",
    "fish", "ps1", "bat", "sql", "zig", "nim",
})  # fmt: skip


def is_test(path: str) -> bool:
    """Whether runners or people would take the file for a part of the tests."""
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0] or name
    if any(folder in _TEST_FOLDERS or _MORE_TEST_FOLDERS.fullmatch(folder) for folder in map(str.lower, folders)):
        return True
    named = stem.startswith("test_") or stem.endswith(_TEST_ENDS) or stem in ("tests", "testing")
    return named or _is_expected(name)


def _is_expected(name: str) -> bool:
    """Whether it is what a test compares with."""
    return _suffix(name) in _SNAPSHOTS or _EXPECTED.search(name) is not None


def is_code(path: str) -> bool:
    return _suffix(path) in _CODE


def is_prose(path: str) -> bool:
    return _suffix(path) in _PROSE


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
