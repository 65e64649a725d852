"""What a file is, as far as its name tells: code, prose, a part of the tests."""

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__", "e2e", "__snapshots__"})
_TEST_ENDS = ("_test", "_tests", "_spec", ".test", ".spec", ".e2e", "Test", "Tests", "Spec", "TestCase")
_SNAPSHOTS = frozenset({"snap", "ambr"})
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
    if _TEST_FOLDERS & {folder.lower() for folder in folders}:
        return True
    return stem.startswith("test_") or stem.endswith(_TEST_ENDS) or stem == "tests" or _suffix(path) in _SNAPSHOTS


def is_code(path: str) -> bool:
    return _suffix(path) in _CODE


def is_prose(path: str) -> bool:
    return _suffix(path) in _PROSE


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
