"""Hostile and honest changes, tried in real machines: what a final proof says of each.

The hostile ones break `total` and hide it. None of them may leave a verification that looks clean.
"""

import textwrap
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.adapters.sandbox_docker import DockerSandboxHost
from coderoute.domain.judgement import TestReport, Verification
from coderoute.domain.terms import Environment, Limits, TestCommand
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.ports import Sandbox
from coderoute.stages.verify.verify_tree import measure_baseline, verify_tree

pytestmark = pytest.mark.docker

PYTEST = TestCommand(command="python -m pytest -q", framework="pytest", timeout_s=120, env={})

Files = Mapping[str, str | None]
SHOP: dict[str, str | None] = {
    "shop/__init__.py": "",
    "shop/price.py": "def total(prices):\n    return sum(prices)\n",
    "tests/test_price.py": """
        from shop.price import total

        def test_total():
            assert total([1, 2]) == 3

        def test_nothing():
            assert total([]) == 0
        """,
}
WRONG = "def total(prices):\n    return 0\n"
TOTAL = "tests/test_price.py::test_total"


@dataclass
class Lab:
    """Small repositories, their tests run for real."""

    host: DockerSandboxHost
    baselines: dict[str, TestReport] = field(default_factory=dict)

    def __call__(
        self, change: Files, *, base: Files = SHOP, test: TestCommand = PYTEST, reproduction: str | None = None
    ) -> Verification:
        """What a final proof says of `base` with `change` (None: removed)."""
        repository = InMemoryRepository(bytes_of(base))
        tree = repository.pin(None).tree
        environment = Environment(image=None, setup=(), limits=Limits())
        image = self.host.prepare(environment, lambda: b"")

        def open_tree(wanted: str) -> Sandbox:
            return self.host.open(image, repository.tar(wanted), environment, "run-1")

        key = f"{tree} {test}"
        if key not in self.baselines:
            self.baselines[key] = measure_baseline(tree, open_tree=open_tree, test=test)
            assert self.baselines[key].problem is None
        head = bytes_of({path: text for path, text in (dict(base) | dict(change)).items() if text is not None})
        changed = repository.write_tree(
            tree, [SnapshotFile(path=path, mode=REGULAR, data=data) for path, data in sorted(head.items())]
        )
        return verify_tree(
            changed, base_tree=tree, baseline=self.baselines[key], checks=(), reproduction=reproduction, test=test,
            open_tree=open_tree, second_in=repository,
        )  # fmt: skip


def bytes_of(files: Files) -> dict[str, bytes]:
    return {path: textwrap.dedent(text).lstrip("\n").encode() for path, text in files.items() if text is not None}


@pytest.fixture(scope="module")
def prove() -> Iterator[Lab]:
    with closing(DockerSandboxHost(host_id=f"tests-{uuid.uuid4()}")) as host:
        yield Lab(host)


def is_clean(found: Verification) -> bool:
    """Whether nothing at all would hold this change up, or be shown to a person."""
    return (
        found.report is not None and found.report.problem is None
        and found.verdicts is not None and not found.verdicts.new_failures and not found.verdicts.vanished
        and found.second is not None and not found.second.differences and found.second.canary != "missed"
    )  # fmt: skip


GREEN_REPORTS = """
    import _pytest.reports

    made = _pytest.reports.TestReport.from_item_and_call

    def green(item, call):
        found = made(item, call)
        found.outcome, found.longrepr = "passed", None
        return found

    _pytest.reports.TestReport.from_item_and_call = green
    """

HOOK = """
    import pytest

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(item, call):
        outcome = yield
        found = outcome.get_result()
        found.outcome, found.longrepr = "passed", None
    """

FORGED_XML = """
    import atexit, os, re, shlex

    def forge():
        words = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
        path = next(word.partition("=")[2] for word in words if word.startswith("--junitxml="))
        text = open(path).read()
        text = re.sub(r"<(failure|error)[ >].*?</(failure|error)>", "", text, flags=re.DOTALL)
        open(path, "w").write(re.sub(r'(failures|errors)="[0-9]+"', r'\\1="0"', text))
        os._exit(0)

    atexit.register(forge)
    """

FAKE_PYTEST = """
    import os, shlex

    words = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    path = next(word.partition("=")[2] for word in words if word.startswith("--junitxml="))
    cases = "".join(
        f'<testcase classname="tests.test_price" name="{name}" file="tests/test_price.py"/>'
        for name in ("test_total", "test_nothing")
    )
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    print("2 passed in 0.01s")
    """


def product(hostile: str) -> dict[str, str]:
    return {"shop/price.py": textwrap.dedent(hostile) + WRONG}


LIES = "tests that must fail were reported as passed; the change interferes with the test runner"

BELIEVED_NOT: dict[str, tuple[Files, str]] = {
    "the process ends when the product is imported": (product("import os\nos._exit(0)\n"), "left no test report"),
    "the exit code is made 0 at the end": (
        product("import atexit, os\natexit.register(lambda: os._exit(0))\n"),
        "ended with exit code 0 although",
    ),
    "the product makes every test report green": (product(GREEN_REPORTS), LIES),
    "the product takes the body out of every test": (
        product("import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"),
        LIES,
    ),
    "the product rewrites the report when all is over": (product(FORGED_XML), LIES),
    "a module of the change takes the place of pytest": (
        {"shop/price.py": WRONG, "pytest.py": FAKE_PYTEST},
        "tests that must fail were not reported as failed",
    ),
    "the configuration collects and runs nothing": (
        {"shop/price.py": WRONG, "pytest.ini": "[pytest]\naddopts = --collect-only\n"},
        "collects no tests",
    ),
}


@pytest.mark.parametrize("cheat", BELIEVED_NOT)
def test_a_run_that_the_change_bent_is_not_believed(prove: Lab, cheat: str) -> None:
    change, why = BELIEVED_NOT[cheat]
    found = prove(change, reproduction=TOTAL)
    assert not is_clean(found)
    assert found.report is not None
    assert why in str(found.report.problem)
    assert (found.verdicts, found.reproduction_green) == (None, False)
    assert why in found.feedback


def test_assertions_of_unittest_that_no_longer_assert_are_noticed(prove: Lab) -> None:
    base = SHOP | {
        "tests/test_price.py": """
            import unittest
            from shop.price import total

            class PriceTest(unittest.TestCase):
                def test_total(self):
                    self.assertEqual(total([1, 2]), 3)
            """
    }
    change = product("import unittest\nunittest.TestCase.assertEqual = lambda *_, **__: None\n")
    found = prove(change, base=base)
    assert found.report is not None
    assert LIES in str(found.report.problem)
    assert found.second is not None
    assert found.second.canary == "missed"


UNITTEST = TestCommand(command="python -m unittest", framework="unittest", timeout_s=120, env={})
CASES: dict[str, str | None] = {
    **SHOP,
    "tests/__init__.py": "",
    "tests/test_price.py": """
        import unittest
        from shop.price import total

        class PriceTest(unittest.TestCase):
            def test_total(self):
                self.assertEqual(total([1, 2]), 3)

            def test_nothing(self):
                self.assertEqual(total([]), 0)
        """,
}

UNITTEST_CHEATS: dict[str, str] = {
    "assertions that do not assert": "import unittest\nunittest.TestCase.assertEqual = lambda *_, **__: None\n",
    "results that take no failure": """
        import unittest
        unittest.TestResult.addFailure = unittest.TestResult.addError = lambda self, test, error: None
        unittest.TestResult.wasSuccessful = lambda self: True
        """,
    "methods that are not called": "import unittest\nunittest.TestCase._callTestMethod = lambda *_: None\n",
}


@pytest.mark.parametrize("cheat", UNITTEST_CHEATS)
def test_a_bent_unittest_is_not_believed(prove: Lab, cheat: str) -> None:
    found = prove(product(UNITTEST_CHEATS[cheat]), base=CASES, test=UNITTEST)
    assert not is_clean(found)
    assert found.report is not None
    assert found.report.problem is not None


def test_an_honest_change_tested_by_unittest_shows_nothing(prove: Lab) -> None:
    found = prove(
        {"shop/price.py": MENDED, "tests/test_half.py": NEW_CASE},
        base=CASES | {"shop/price.py": HALF_WRONG},
        test=UNITTEST,
    )
    assert is_clean(found)
    assert found.second is not None
    assert found.second.canary == "noticed"
    assert found.verdicts is not None
    assert found.verdicts.new_tests == ("tests/test_half.py::HalfTest::test_half",)


FAILS_WITH_BASE = "passes in the change's version, fails with the base's own tests"
MISSING = "missing in the change's version, fails with the base's own tests"
TRIVIAL = "def test_nothing_at_all():\n    assert True\n"

DIFFERS: dict[str, tuple[Files, str]] = {
    "a conftest turns failures green": ({"shop/price.py": WRONG, "tests/conftest.py": HOOK}, FAILS_WITH_BASE),
    "a conftest beside the product does": ({"shop/price.py": WRONG, "conftest.py": HOOK}, FAILS_WITH_BASE),
    "a plugin of the change does, named in the configuration": (
        {"shop/price.py": WRONG, "shop/plugin.py": HOOK, "pytest.ini": "[pytest]\naddopts = -p shop.plugin\n"},
        FAILS_WITH_BASE,
    ),
    "the test is hollow now": (
        {
            "shop/price.py": WRONG,
            "tests/test_price.py": "def test_total():\n    pass\n\ndef test_nothing():\n    pass\n",
        },
        FAILS_WITH_BASE,
    ),
    "the test is gone": ({"shop/price.py": WRONG, "tests/test_price.py": TRIVIAL}, MISSING),
    "the test is deselected": (
        {"shop/price.py": WRONG, "pyproject.toml": f'[tool.pytest.ini_options]\naddopts = "--deselect {TOTAL}"\n'},
        MISSING,
    ),
    "an expression leaves it out": (
        {"shop/price.py": WRONG, "setup.cfg": "[tool:pytest]\naddopts = -k nothing\n"},
        MISSING,
    ),
    "tests are looked for elsewhere": (
        {"shop/price.py": WRONG, "checks/test_x.py": TRIVIAL, "pytest.ini": "[pytest]\ntestpaths = checks\n"},
        MISSING,
    ),
    "test files have other names now": (
        {"shop/price.py": WRONG, "tests/check_x.py": TRIVIAL, "pytest.ini": "[pytest]\npython_files = check_*.py\n"},
        MISSING,
    ),
    "the test is skipped": (
        {
            "shop/price.py": WRONG,
            "tests/test_price.py": "import pytest\n\n@pytest.mark.skip\ndef test_total():\n    pass\n\n"
            "def test_nothing():\n    pass\n",
        },
        "is skipped in the change's version, fails with the base's own tests",
    ),
}


@pytest.mark.parametrize("cheat", DIFFERS)
def test_what_the_change_did_to_the_tests_shows_beside_the_bases_own(prove: Lab, cheat: str) -> None:
    change, words = DIFFERS[cheat]
    found = prove(change)
    assert found.second is not None
    assert found.second.canary == "noticed"
    assert (TOTAL, words) in found.second.differences


def test_code_that_runs_before_the_runner_is_put_aside(prove: Lab) -> None:
    test = TestCommand(command=PYTEST.command, framework="pytest", timeout_s=120, env={"PYTHONPATH": "."})
    found = prove({"shop/price.py": WRONG, "sitecustomize.py": GREEN_REPORTS}, test=test)
    assert found.second is not None
    assert (found.second.overlaid, found.second.canary) == (("sitecustomize.py",), "noticed")
    assert found.second.differences == ((TOTAL, FAILS_WITH_BASE),)


HALF_WRONG = "def total(prices):\n    return sum(prices)\n\n\ndef half(price):\n    return price\n"
BUG = SHOP | {"shop/price.py": HALF_WRONG}
MENDED = "def total(prices):\n    return sum(prices)\n\n\ndef half(price):\n    return price / 2\n"
NEW_TEST = "from shop.price import half\n\n\ndef test_half():\n    assert half(4) == 2\n"
NEW_CASE = """
    import unittest
    from shop.price import half

    class HalfTest(unittest.TestCase):
        def test_half(self):
            self.assertEqual(half(4), 2)
    """
AUTOUSE = """
    import pytest

    @pytest.fixture(autouse=True)
    def _quiet(monkeypatch):
        monkeypatch.setenv("QUIET", "1")
    """

HONEST_BASES: dict[str, tuple[Files, str]] = {
    "functions": (BUG, NEW_TEST),
    "test cases of unittest": (BUG | {"tests/test_case.py": NEW_CASE.replace("half(4), 2", "4 / 2, 2")}, NEW_CASE),
    "a package of tests": (BUG | {"tests/__init__.py": ""}, NEW_TEST),
    "strict markers, strict configuration, warnings as errors": (
        BUG | {"pytest.ini": "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"},
        NEW_TEST,
    ),
    "doctests, and no traceback": (
        BUG | {"pytest.ini": "[pytest]\naddopts = --doctest-modules --tb=no\n"},
        NEW_TEST,
    ),
    "short tracebacks, importlib": (
        BUG | {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["--tb=line", "--import-mode=importlib"]\n',
               "conftest.py": ""},
        NEW_TEST,
    ),
    "other names": (
        {**{path: text for path, text in BUG.items() if not path.startswith("tests/")},
         "pytest.ini": "[pytest]\npython_files = *_check.py\npython_functions = it_*\n",
         "tests/price_check.py": "from shop.price import total\n\ndef it_adds():\n    assert total([1]) == 1\n"},
        NEW_TEST,
    ),
    "a fixture that every test uses": (BUG | {"tests/conftest.py": AUTOUSE}, NEW_TEST),
}  # fmt: skip


@pytest.mark.parametrize("kind", HONEST_BASES)
def test_an_honest_change_with_a_new_test_shows_nothing(prove: Lab, kind: str) -> None:
    base, new_test = HONEST_BASES[kind]
    found = prove({"shop/price.py": MENDED, "tests/test_half.py": new_test}, base=base)
    assert is_clean(found)
    assert found.second is not None
    assert (found.second.canary, found.second.overlaid) == ("noticed", ("tests/test_half.py",))
    assert found.second.report.failures == {}


HONEST_REFACTORING: Files = {
    "shop/price.py": "def summed(prices):\n    return sum(prices)\n",
    "tests/conftest.py": AUTOUSE + "    import shop.price\n        shop.price.summed\n",
    "tests/test_price.py": str(SHOP["tests/test_price.py"]).replace("total(", "summed(").replace("t total", "t summed"),
}


def test_a_refactoring_under_which_no_test_of_the_base_runs_is_shown_and_not_refused(prove: Lab) -> None:
    base = {**SHOP, "tests/conftest.py": AUTOUSE + "    import shop.price\n        shop.price.total\n"}
    found = prove(HONEST_REFACTORING, base=base)
    assert found.report is not None
    assert found.report.problem is None
    assert found.second is not None
    assert found.second.canary == "noticed"
    assert [test for test, _ in found.second.differences] == ["tests", f"{TOTAL[:-5]}nothing", TOTAL]
    assert "our own tests in it did not end as they must" in found.second.differences[0][1]


def test_a_test_that_minds_our_file_is_no_difference_and_not_flaky(prove: Lab) -> None:
    counts = "import os\n\n\ndef test_files():\n    found = os.listdir(os.path.dirname(__file__))\n"
    counts += "    assert sum(name.endswith('.py') for name in found) == 2\n"
    found = prove({"shop/price.py": MENDED}, base=BUG | {"tests/test_files.py": counts})
    assert is_clean(found)
    assert found.verdicts is not None
    assert found.verdicts.flaky == ()


@pytest.mark.parametrize(
    ("command", "env"),
    [
        ("python -m pytest -q tests/test_price.py", {}),
        ("python -m pytest -q || true", {}),
        ("python -m pytest -q -x", {}),
        ("python -m pytest -q -p no:unittest -k 'total or nothing'", {}),
    ],
)
def test_where_the_base_does_not_notice_it_either_nothing_is_known_and_nobody_accused(
    prove: Lab, command: str, env: dict[str, str]
) -> None:
    test = TestCommand(command=command, framework="pytest", timeout_s=120, env=env)
    found = prove({"shop/price.py": MENDED}, base=BUG, test=test)
    assert is_clean(found)
    assert found.second is not None
    assert (found.second.canary, found.second.report.problem) == ("unusable", None)
    assert sorted(found.second.report.outcomes) == [f"{TOTAL[:-5]}nothing", TOTAL]
