"""Changes as honest people make them, in the shapes that real histories have: none is refused, and what a person has
to acknowledge is no more than what the row says.

Each goes through `coderoute check` twice, as a commit and as the patch that git makes of it.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.admission.conftest import Changed, Files, Workbench

EXECUTABLE, SYMLINK, GITLINK = "100755", "120000", "160000"
PNG, JPEG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\0\x10JFIF\0"
MO = b"\xde\x12\x04\x95" + bytes(24)
FONT = b"wOF2\0\1\0\0"

MODULE = "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(40))
TESTS = "import pay\n\n\ndef test_f1():\n    assert pay.f1(1) == 2\n\n\ndef test_f2():\n    assert pay.f2(1) == 3\n"
PROJECT = '[project]\nname = "pay"\nversion = "1.0"\ndependencies = ["click"]\n[tool.ruff]\nline-length = 100\n'
PO = 'msgid "day"\nmsgstr "Tag"\n\nmsgid "month"\nmsgstr "Monat"\n'
SCRIPT = "#!/bin/sh\nset -e\necho build\n"
WINDOWS = "".join(f"call step{n}\r\n" for n in range(10))
LATIN = "# gr\xfc\xdfe\nx = 1\n".encode("latin-1")
MINIFIED = "var a=" + "1+" * 15_000 + "1;\n"
FEED = "def a():\n    pass\n\x0c\ndef b():\n    pass\n"

NOTHING: list[str] = []
GONE = None

ROWS: list[tuple[str, "Files", "Changed", list[str]]] = [
    # code
    ("a corrected line", {"pay.py": MODULE}, {"pay.py": MODULE.replace("x + 7", "x - 7")}, NOTHING),
    ("a new function", {"pay.py": MODULE}, {"pay.py": f"{MODULE}def last():\n    return None\n"}, NOTHING),
    ("a new module", {"pay.py": MODULE}, {"cash.py": "from pay import f1\n"}, NOTHING),
    ("an empty new file", {"pay.py": MODULE}, {"pkg/__init__.py": ""}, NOTHING),
    ("a large refactoring", {f"src/m{n}.py": MODULE for n in range(60)},
     {f"src/m{n}.py": MODULE.replace("(x)", "(value)").replace("x +", "value +") for n in range(60)}, NOTHING),
    ("new indentation of a whole file", {"pay.py": MODULE}, {"pay.py": MODULE.replace("    ", "  ")}, NOTHING),
    ("functions in another order", {"pay.py": MODULE},
     {"pay.py": "\n\n\n".join(reversed(MODULE.split("\n\n\n")))}, NOTHING),
    ("type annotations", {"pay.py": MODULE}, {"pay.py": MODULE.replace("(x)", "(x: int) -> int")}, NOTHING),
    ("a last line end", {"pay.py": "x = 1"}, {"pay.py": "x = 1\n"}, NOTHING),
    ("no last line end", {"pay.py": "x = 1\n"}, {"pay.py": "x = 1"}, NOTHING),
    ("tabs", {"pay.go": "func a() {\n}\n"}, {"pay.go": "func a() {\n\treturn\n}\n"}, NOTHING),
    ("a first commit", {}, {"README.md": "# Pay\n", "src/pay.py": MODULE, "tests/test_pay.py": TESTS}, NOTHING),
    # names
    ("a renamed module", {"src/pay.py": MODULE}, {"src/pay.py": GONE, "src/cash.py": MODULE}, NOTHING),
    ("a renamed and edited module", {"src/pay.py": MODULE},
     {"src/pay.py": GONE, "src/cash.py": MODULE.replace("f3", "f_three")}, NOTHING),
    ("a moved folder", {f"old/m{n}.py": MODULE for n in range(8)},
     {**{f"old/m{n}.py": GONE for n in range(8)}, **{f"src/new/m{n}.py": MODULE for n in range(8)}}, NOTHING),
    ("a rename in case alone", {"src/Pay.py": MODULE}, {"src/Pay.py": GONE, "src/pay.py": MODULE}, NOTHING),
    ("a name with a space", {"a.md": "a\n"}, {"docs/user guide.md": "b\n"}, NOTHING),
    ("a name in another language", {"a.md": "a\n"}, {"docs/übersicht.md": "b\n", "docs/概要.md": "c\n"}, NOTHING),
    ("a file that becomes a folder", {"pay.py": MODULE}, {"pay.py": GONE, "pay.py/part.py": MODULE}, NOTHING),
    ("a file with dots, dashes and a tilde", {"a.md": "a\n"}, {"docs/v1.2-to-v2~notes.md": "b\n"}, NOTHING),
    # deletions
    ("a removed module", {"pay.py": MODULE, "old.py": MODULE}, {"old.py": GONE}, NOTHING),
    ("a removed feature of many files", {"a.py": "x\n", **{f"old/m{n}.py": MODULE for n in range(12)}},
     {f"old/m{n}.py": GONE for n in range(12)}, ["delete.many"]),
    ("a removed picture", {"a.md": "a\n", "logo.png": PNG}, {"logo.png": GONE}, NOTHING),
    ("a removed link", {"a.md": "a\n", "link": (SYMLINK, "a.md")}, {"link": GONE}, NOTHING),
    ("a removed file with an odd name", {"a.md": "a\n", "-x": "x\n"}, {"-x": GONE}, NOTHING),
    ("a removed key", {"conf.py": "TOKEN = 'ghp_" + "aB3dE5fG7h" * 4 + "'\n"}, {"conf.py": "TOKEN = None\n"}, NOTHING),
    ("an emptied file", {"pay.py": MODULE}, {"pay.py": ""}, NOTHING),
    # text of all kinds
    ("prose in many languages", {"README.md": "# Pay\n"},
     {"README.md": "# Pay\n\nZahlung – оплата – 支払い – 결제 – تسديد – תשלום – भुगतान ✅ 👩‍💻 ❤️\n"}, NOTHING),
    ("a joiner where Persian needs one", {"README.md": "# Pay\n"}, {"README.md": "# می‌خواهم\n"}, NOTHING),
    ("a translation", {"locale/de.po": PO}, {"locale/de.po": PO.replace("Monat", "Monat(e)")}, NOTHING),
    ("a new right-to-left translation", {"locale/de.po": PO},
     {"locale/he/messages.po": 'msgid "%d day"\nmsgstr "\u200f%d יום"\nmsgid "year"\nmsgstr "שנה\u200f (שנים)"\n'},
     ["text.direction"]),
    ("right-to-left prose with a mark", {"README.md": "# Pay\n"}, {"docs/README.ar.md": "نسخة 2.0\u200f!\n"},
     ["text.direction"]),
    ("identifiers in another script", {"pay.py": "x = 1\n"}, {"pay.py": "сумма = 1\nпечать(сумма)\n"}, NOTHING),
    ("mathematics", {"pay.py": "x = 1\n"}, {"pay.py": "Δt = 0.1\nλ = 2 * Δt  # ≈ 0.2 ± ε\n"}, NOTHING),
    ("a byte order mark at the start", {"a.cs": "class A {}\n"}, {"b.cs": "\ufeffclass B {}\n"}, NOTHING),
    ("escapes of what must not be seen", {"pay.py": "x = 1\n"},
     {"pay.py": 'BIDI = "\\u202e"\nESC = "\\x1b["\n'}, NOTHING),
    ("a form feed where there were some", {"a.el": FEED}, {"a.el": f"{FEED}\x0c\ndef c():\n    pass\n"}, NOTHING),
    # line ends and encodings
    ("an edit in a file of Windows lines", {"run.bat": WINDOWS},
     {"run.bat": WINDOWS.replace("step3", "step33")}, NOTHING),
    ("a new file of Windows lines", {"a.md": "a\n"}, {"run.bat": WINDOWS}, NOTHING),
    ("Windows lines made Unix's", {"run.bat": WINDOWS}, {"run.bat": WINDOWS.replace("\r\n", "\n")}, NOTHING),
    ("Unix lines made Windows'", {"pay.py": MODULE}, {"pay.py": MODULE.replace("\n", "\r\n")}, NOTHING),
    ("mixed line ends", {"a.txt": "a\r\nb\n"}, {"a.txt": "a\r\nc\nb\r\n"}, NOTHING),
    ("an edit beside an old encoding", {"old.py": LATIN}, {"old.py": LATIN.replace(b"x = 1", b"x = 2")}, NOTHING),
    ("an old encoding made UTF-8", {"old.py": LATIN}, {"old.py": LATIN.decode("latin-1")}, NOTHING),
    ("an edit beside an endless line", {"lib.js": MINIFIED}, {"lib.js": f"{MINIFIED}var b=2;\n"}, NOTHING),
    # modes
    ("an edited script that could run before", {"build": (EXECUTABLE, SCRIPT)},
     {"build": (EXECUTABLE, SCRIPT.replace("echo", "exec"))}, NOTHING),
    ("a moved script that could run before", {"build": (EXECUTABLE, SCRIPT)},
     {"build": GONE, "tools/build": (EXECUTABLE, SCRIPT)}, ["mode.exec"]),
    ("a script that can run no more", {"lib.sh": (EXECUTABLE, SCRIPT)}, {"lib.sh": SCRIPT}, NOTHING),
    ("an edit beside a link", {"a.md": "a\n", "link": (SYMLINK, "a.md")}, {"a.md": "b\n"}, NOTHING),
    ("an edit beside a submodule", {"a.md": "a\n", "lib": (GITLINK, "1" * 40)}, {"a.md": "b\n"}, NOTHING),
    # tests
    ("a new test", {"tests/test_pay.py": TESTS},
     {"tests/test_pay.py": f"{TESTS}\n\ndef test_f3():\n    assert 1\n"}, NOTHING),
    ("a new test file", {"pay.py": MODULE}, {"tests/test_pay.py": TESTS}, NOTHING),
    ("an assertion more", {"tests/test_pay.py": TESTS},
     {"tests/test_pay.py": TESTS.replace("== 2\n", "== 2\n    assert pay.f1(2) == 3\n")}, NOTHING),
    ("test data more", {"tests/data/a.json": "{}\n"}, {"tests/data/b.json": '{"a": 1}\n'}, NOTHING),
    # projects
    ("a new version", {"pyproject.toml": PROJECT}, {"pyproject.toml": PROJECT.replace("1.0", "1.1")}, NOTHING),
    ("a formatter's setting", {"pyproject.toml": PROJECT}, {"pyproject.toml": PROJECT.replace("100", "120")}, NOTHING),
    ("a changelog", {"CHANGELOG.md": "# 1.0\n"}, {"CHANGELOG.md": "# 1.1\n\n- Better.\n\n# 1.0\n"}, NOTHING),
    ("a dependency", {"pyproject.toml": PROJECT},
     {"pyproject.toml": PROJECT.replace("click", "click>=8")}, ["deps.changed"]),
    ("a workflow", {".github/workflows/test.yml": "on: push\n"},
     {".github/workflows/test.yml": "on: [push]\n"}, ["path.ci"]),
    ("ignored files", {".gitignore": "*.pyc\n"}, {".gitignore": "*.pyc\n.venv\n"}, ["path.git"]),
    ("a year in a licence", {"LICENSE": "(c) 2024\n"}, {"LICENSE": "(c) 2025\n"}, ["path.legal"]),
    # what nobody reads
    ("a picture in the documentation", {"a.md": "a\n"},
     {"docs/img/logo.png": PNG, "docs/photo.JPG": JPEG}, ["content.asset"]),
    ("a changed picture", {"logo.png": PNG}, {"logo.png": PNG + b"\1"}, ["content.asset"]),
    ("a compiled catalogue beside its source", {"locale/de.po": PO}, {"locale/de.mo": MO}, ["content.asset"]),
    ("a font", {"a.md": "a\n"}, {"docs/fonts/a.woff2": FONT}, ["content.asset"]),
]  # fmt: skip


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 40
    assert len({what for what, *_ in ROWS}) == len(ROWS)


def after(before: "Files", changed: "Changed") -> "Files":
    return {path: file for path, file in {**before, **changed}.items() if file is not None}


@pytest.mark.parametrize(("what", "before", "changed", "rules"), ROWS, ids=[row[0] for row in ROWS])
def test_an_honest_commit_is_not_refused(
    what: str, before: "Files", changed: "Changed", rules: list[str], bench: "Workbench"
) -> None:
    parents = [bench.commit(before)] if before else []
    commit = bench.commit(after(before, changed), *parents)

    ended = bench.check(commit)

    assert ended.verdict == ("protected" if rules else "accepted"), ended.out
    assert ended.code == (4 if rules else 0)
    assert sorted(ended.rules) == rules


@pytest.mark.parametrize(("what", "before", "changed", "rules"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("options", [[], ["-M", "-C"]], ids=["plain", "with renames"])
def test_the_patch_of_an_honest_commit_says_the_same(
    what: str, before: "Files", changed: "Changed", rules: list[str], options: list[str], bench: "Workbench"
) -> None:
    base = bench.commit(before or {"empty": ""})
    commit = bench.commit(after(before or {"empty": ""}, changed), base)
    patch = bench.git("diff", "--binary", "--full-index", *options, base, commit)

    ended = bench.check("-", "--base", base, stdin=patch)

    assert ended.admission == bench.check(commit).admission, ended.err
    assert ended.code == (4 if rules else 0)
