"""Whether the tests notice a broken change: good tests do, tests that look at nothing do not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost, Recorded
from coderoute.domain.judgement import Strength, Survivor
from coderoute.domain.mutants import Mutant, mutants
from coderoute.domain.terms import Environment, Limits, TestCommand
from coderoute.ports import Sandbox
from coderoute.stages.verify.mutation import MAX_BUDGET_S, spot_check

PYTEST = TestCommand(command="pytest -q", framework="pytest", timeout_s=900, env={"LEVEL": "3"})
EXIT_CODE = TestCommand(command="make test", framework="exit-code", timeout_s=900, env={})
ENVIRONMENT = Environment(image=None, setup=(), limits=Limits())

CHANGE = b"x = a < 1\ny = b < 2\nz = c < 3\n"
MUTANTS = mutants({}, {"app.py": CHANGE})
MANY = mutants({}, {"app.py": b"".join(b"x%d = a < 1\n" % number for number in range(12))})
BORDERS = tuple(mutant for mutant in MUTANTS if "<=" in mutant.became)

Suite = Callable[[str], float | None]
"""What app.py holds -> how long the suite takes, in seconds; below zero: it fails after that time; None: it hangs."""


@dataclass
class Machine:
    suite: Suite
    runs: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(app.py, command, environment) of each run of the tests."""
    opened: list[Sandbox] = field(default_factory=list)

    def shell(self, command: str, env: Mapping[str, str], files: Mapping[str, bytes]) -> Recorded | None:
        if not command.startswith(("pytest", "make")):
            return None
        app = files["/work/app.py"].decode()
        self.runs.append((app, command, dict(env)))
        takes = self.suite(app)
        if takes is None:
            return Recorded(duration_s=10_000)
        report = re.search(r"--junitxml=(\S+)", env.get("PYTEST_ADDOPTS", ""))
        failure = "<failure>no</failure>" if takes < 0 else ""
        case = f"<testcase classname='test_app' name='test_x' file={quoteattr('test_app.py')}>{failure}</testcase>"
        xml = f"<testsuites><testsuite>{case}</testsuite></testsuites>".encode()
        left: dict[str, bytes | None] = {report.group(1): xml} if report else {}
        return Recorded(exit_code=int(takes < 0), files=left, duration_s=abs(takes))

    def open_tree(self, tree: str) -> Sandbox:
        assert tree == "the tree"
        tar = (repository := InMemoryRepository({"app.py": CHANGE})).tar(repository.pin(None).tree)
        self.opened.append(InMemorySandboxHost(self.shell).open("image", tar, ENVIRONMENT, "run-1"))
        return self.opened[-1]

    def check(
        self, made: tuple[Mutant, ...] = BORDERS, test: TestCommand = PYTEST, only: tuple[str, ...] = ()
    ) -> Strength:
        return spot_check("the tree", made, open_tree=self.open_tree, test=test, only=only)


def survivor(mutant: Mutant) -> Survivor:
    return Survivor(path=mutant.path, line=mutant.line, was=mutant.was, became=mutant.became)


def test_good_tests_notice_every_fault() -> None:
    machine = Machine(lambda app: 1 if app == CHANGE.decode() else -1)
    assert machine.check() == Strength(tried=3, noticed=3, survivors=(), made=3)


def test_tests_that_look_at_nothing_notice_none() -> None:
    found = Machine(lambda _: 1).check()
    assert (found.tried, found.noticed) == (3, 0)
    assert found.survivors == tuple(map(survivor, BORDERS))


def test_the_one_that_nobody_noticed_is_named() -> None:
    machine = Machine(lambda app: -1 if "a <= 1" in app or "c <= 3" in app else 1)
    unseen = next(mutant for mutant in BORDERS if mutant.line == 2)
    assert machine.check().survivors == (survivor(unseen),)


def test_a_run_that_hangs_has_noticed() -> None:
    machine = Machine(lambda app: None if "<=" in app else 1)
    assert machine.check().noticed == 3


def test_a_hanging_run_is_not_waited_for_as_long_as_a_suite_may_take() -> None:
    machine = Machine(lambda app: None if "<=" in app else 1)
    assert machine.check(MUTANTS).tried > 3, "one hanging run has used up all the time"


def test_only_the_exit_code_of_another_runner_counts() -> None:
    machine = Machine(lambda app: -1 if "a <= 1" in app else 1)
    found = machine.check(test=EXIT_CODE)
    assert (found.tried, found.noticed) == (3, 1)


def test_each_fault_is_tried_alone_on_one_fresh_machine() -> None:
    machine = Machine(lambda app: 1 if app == CHANGE.decode() else -1)
    machine.check()
    before, *broken, after = [app for app, _, _ in machine.runs]
    assert (before, after) == (CHANGE.decode(), CHANGE.decode())
    assert broken == [mutant.data.decode() for mutant in BORDERS]
    assert len(machine.opened) == 1


def test_a_run_stops_at_its_first_failure_and_keeps_no_compiled_files() -> None:
    machine = Machine(lambda _: 1)
    machine.check(test=EXIT_CODE)
    machine.check()
    assert {command for _, command, _ in machine.runs} == {"make test", "pytest -q -x"}
    assert all(env["PYTHONDONTWRITEBYTECODE"] == "1" for _, _, env in machine.runs)
    assert machine.runs[-1][2]["LEVEL"] == "3"


def test_only_the_tests_asked_for_are_run() -> None:
    machine = Machine(lambda _: 1)
    machine.check(only=("test_app.py",))
    assert {command for _, command, _ in machine.runs} == {"pytest -q -x test_app.py"}


def test_a_change_without_anything_to_break_needs_no_machine() -> None:
    machine = Machine(lambda _: 1)
    found = machine.check(made=())
    assert found.untested is not None
    assert (found.tried, machine.opened) == (0, [])


def test_tests_that_fail_anyway_measure_nothing() -> None:
    found = Machine(lambda _: -1).check()
    assert found.untested == "the tests fail without any fault put in: test_app.py::test_x"
    assert (found.tried, found.survivors) == (0, ())


def test_tests_that_a_broken_version_broke_for_good_measure_nothing() -> None:
    """Else one mutant that removes a file would make all after it look noticed."""
    machine = Machine(lambda _: 1)
    machine.suite = lambda _: -1 if len(machine.runs) > 2 else 1
    found = machine.check()
    assert found.untested is not None
    assert "no longer pass" in found.untested
    assert found.tried == 0


@pytest.mark.parametrize(("what", "takes_s", "tried"), [
    ("a quick suite: all", 1.0, 12),
    ("ten times the suite's own time", 20.0, 6),
    ("ten minutes at most", 100.0, 2),
    ("not one in ten minutes", 250.0, 0),
])  # fmt: skip
def test_the_time_is_bounded(what: str, takes_s: float, tried: int) -> None:
    machine = Machine(lambda _: takes_s)
    found = machine.check(MANY)
    assert found.tried == tried, what
    assert found.made == (12 if tried else None)
    assert (found.untested is None) == bool(tried)
    assert takes_s * len(machine.runs) <= min(max(10 * takes_s, 60), MAX_BUDGET_S)


def test_the_machine_is_closed_whatever_happens() -> None:
    def breaks(_: str) -> float:
        raise KeyboardInterrupt

    machine = Machine(breaks)
    with pytest.raises(KeyboardInterrupt):
        machine.check()
    with pytest.raises(Exception, match="closed"):
        machine.opened[0].read("app.py")


APP = b"def price(units: int) -> int:\n    if units >= 10:\n        return units * 9\n    return units * 10\n"
GOOD = b"""from app import price
def test_price():
    assert [price(n) for n in (1, 9, 10, 11)] == [10, 90, 90, 99]
"""
VACUOUS = b"from app import price\ndef test_price():\n    assert price(1) is not None or True\n"


@pytest.mark.docker
@pytest.mark.parametrize(("what", "tests", "all_noticed"), [("good", GOOD, True), ("vacuous", VACUOUS, False)])
def test_in_a_real_container(what: str, tests: bytes, all_noticed: bool) -> None:
    from coderoute.adapters.sandbox_docker import DockerSandboxHost

    repository = InMemoryRepository({"app.py": APP, "test_app.py": tests})
    tree = repository.pin(None).tree
    host = DockerSandboxHost(host_id="tests-mutation")
    try:
        image = host.prepare(ENVIRONMENT, lambda: repository.tar(tree))
        test = TestCommand(command="python -m pytest -q", framework="pytest", timeout_s=60, env={})
        found = spot_check(
            tree,
            mutants({}, {"app.py": APP}),
            open_tree=lambda tree: host.open(image, repository.tar(tree), ENVIRONMENT, "run-1"),
            test=test,
            only=("test_app.py",),
        )
    finally:
        host.close()
    assert found.untested is None, found
    assert found.tried >= 6, found
    assert (found.noticed == found.tried) is all_noticed, (what, found)
    assert all_noticed or found.noticed == 0
