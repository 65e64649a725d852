"""Which Python file uses which: by every way a test commonly reaches the code it is for."""

import pytest

from coderoute.domain.python_uses import uses

PACKAGE = {
    "src/pkg/__init__.py": "from .fields import Field, Other as Renamed\nfrom . import sub\nVERSION = 1\n",
    "src/pkg/fields.py": "class Field: ...\nclass Other: ...\n",
    "src/pkg/schema.py": "from .fields import Field\n",
    "src/pkg/sub/__init__.py": "from pkg.sub.deep import *\n",
    "src/pkg/sub/deep.py": "def dig(): ...\nDEPTH: int = 3\n",
    "src/pkg/__main__.py": "from pkg.schema import x\n",
    "tools/plain.py": "",
}


@pytest.mark.parametrize(("what", "text", "used"), [
    ("a module", "import pkg.schema", {"src/pkg/schema.py"}),
    ("under another name", "import pkg.schema as s", {"src/pkg/schema.py"}),
    ("what a module makes", "from pkg.schema import x", {"src/pkg/schema.py"}),
    ("a module out of its package", "from pkg import schema", {"src/pkg/schema.py"}),
    ("several", "import pkg.schema, pkg.fields as f, sys", {"src/pkg/schema.py", "src/pkg/fields.py"}),
    ("in brackets, over lines", "from pkg import (\n    schema,  # a\n    fields as f,\n)", {
        "src/pkg/schema.py", "src/pkg/fields.py"}),
    ("over lines with a backslash", "from pkg import schema, \\\n    fields", {
        "src/pkg/schema.py", "src/pkg/fields.py"}),
    ("inside a function", "def f():\n    import pkg.schema\n", {"src/pkg/schema.py"}),
    ("behind a colon", "try: import pkg.schema\nexcept ImportError: pass", {"src/pkg/schema.py"}),
    ("a name the package passes on", "from pkg import Field", {"src/pkg/fields.py"}),
    ("and calls otherwise", "from pkg import Renamed", {"src/pkg/fields.py"}),
    ("a name the package makes", "from pkg import VERSION", {"src/pkg/__init__.py"}),
    ("a name nobody makes", "from pkg import what", {"src/pkg/__init__.py"}),
    ("the package, and a name of it", "import pkg\npkg.Field()", {"src/pkg/fields.py"}),
    ("the package under another name", "import pkg as p\np.schema.x", {"src/pkg/schema.py"}),
    ("the package, handed on whole", "import pkg\nf(pkg)", {"src/pkg/__init__.py"}),
    ("a name passed on by a star", "from pkg.sub import dig", {"src/pkg/sub/deep.py"}),
    ("a constant passed on by a star", "from pkg import sub\nsub.DEPTH", {"src/pkg/sub/deep.py"}),
    ("everything", "from pkg import *", {"src/pkg/__init__.py", "src/pkg/fields.py", "src/pkg/sub/__init__.py"}),
    ("a patched name", "patch('pkg.schema.x')", {"src/pkg/schema.py"}),
    ("a patched name passed on", "patch('pkg.Field')", {"src/pkg/fields.py"}),
    ("a module by its name", 'import_module("pkg.schema")', {"src/pkg/schema.py"}),
    ("the package as a program", 'run([python, "-m", "pkg"])', {"src/pkg/__main__.py"}),
    ("a module beside nothing", "import plain", {"tools/plain.py"}),
    ("from the root", "from tools import plain", {"tools/plain.py"}),
    ("only for types", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import schema\n\n", set()),
    ("something else of the same name", "import schema\nfrom other.pkg import schema\n", set()),
    ("nothing", "", set()),
])  # fmt: skip
def test_a_test_uses(what: str, text: str, used: set[str]) -> None:
    assert uses({**PACKAGE, "tests/test_a.py": f"{text}\n"})["tests/test_a.py"] == used, what


@pytest.mark.parametrize(("text", "used"), [
    ("from . import b", {"p/b.py"}), ("from .b import x", {"p/b.py"}), ("from .q import c", {"p/q/c.py"}),
    ("from ..r import d", {"r/d.py"}), ("from .... import x", set()),
])  # fmt: skip
def test_relative_imports(text: str, used: set[str]) -> None:
    files = {
        "p/__init__.py": "",
        "p/b.py": "",
        "p/q/__init__.py": "",
        "p/q/c.py": "",
        "r/__init__.py": "",
        "r/d.py": "",
    }
    assert uses({**files, "p/a.py": text})["p/a.py"] == used


def test_a_package_that_makes_names_on_demand_may_use_all_of_itself() -> None:
    files = {"p/__init__.py": "def __getattr__(name): ...\n", "p/a.py": "", "p/b.py": "", "t.py": "import p\np.thing\n"}
    assert uses(files)["t.py"] == {"p/__init__.py", "p/a.py", "p/b.py"}


def test_packages_that_pass_a_name_round_in_a_circle_have_an_end() -> None:
    files = {"p/__init__.py": "from q import x\n", "q/__init__.py": "from p import x\n", "t.py": "from p import x\n"}
    assert uses(files)["t.py"] <= {"p/__init__.py", "q/__init__.py"}


FIXTURES = "import pytest\nfrom app import make\n@pytest.fixture\ndef thing(): return make()\n"


@pytest.mark.parametrize(("what", "conftest", "test", "uses_it"), [
    ("its fixture is named", FIXTURES, "tests/test_a.py", True),
    ("deeper down", FIXTURES, "tests/deep/test_a.py", True),
    ("elsewhere", FIXTURES, "other/test_a.py", False),
    ("its fixture is not named", FIXTURES.replace("thing", "other"), "tests/test_a.py", False),
    ("a fixture that is always there", FIXTURES.replace("thing", "o").replace("fixture", "fixture(autouse=True)"),
     "tests/test_a.py", True),
    ("a hook", "def pytest_configure(): ...\n", "tests/test_a.py", True),
])  # fmt: skip
def test_a_conftest_is_used_where(what: str, conftest: str, test: str, uses_it: bool) -> None:
    files = {"app.py": "def make(): ...\n", "tests/conftest.py": conftest, test: "def test_x(thing): ...\n"}
    assert ("tests/conftest.py" in uses(files)[test]) is uses_it, what


def test_only_python_is_looked_at() -> None:
    assert uses({"a.js": "import b", "b.py": "import a\n", "c.py": "import b\n"}) == {
        "b.py": frozenset(),
        "c.py": {"b.py"},
    }
