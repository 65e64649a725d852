"""Where a run says nothing but how it ended: tests of ours that must fail show whether that can be believed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost, Recorded
from coderoute.domain.judgement import Verification
from coderoute.domain.terms import Environment, Limits, TestCommand
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.ports import Sandbox
from coderoute.stages.verify.second_run import paths_of_the_base, scripts_of
from coderoute.stages.verify.verify_tree import measure_baseline, verify_tree

Run = Callable[[str, str, bool], tuple[int, bool]]
"""(product, tests, whether our file is there) -> (exit code, whether our failures are printed)."""

BASE = {"shop.py": b"base", "shop/tests.py": b"base", "shop/test_more.py": b""}


@dataclass
class World:
    """A repository whose product and tests are `base` or `head`, tested by `./manage.py test`."""

    run: Run
    base_files: Mapping[str, bytes] = field(default_factory=lambda: BASE)
    head: Mapping[str, bytes] = field(default_factory=lambda: {"shop.py": b"head", "shop/tests.py": b"head"})
    runs: list[tuple[str, str, bool]] = field(default_factory=list)

    def shell(self, command: str, env: Mapping[str, str], files: Mapping[str, bytes]) -> Recorded | None:
        known = {f"/work/{path}" for path in self.base_files}
        ours = [text for path, text in files.items() if path not in known]
        at = (files["/work/shop.py"].decode(), files["/work/shop/tests.py"].decode(), bool(ours))
        self.runs.append(at)
        exit_code, is_shown = self.run(*at)
        return Recorded(exit_code=exit_code, output=b"FAILED\n" + (ours[0] if ours and is_shown else b""))

    def open_tree(self, tree: str) -> Sandbox:
        environment = Environment(image="i", setup=(), limits=Limits())
        return InMemorySandboxHost(self.shell).open("i", self.repository.tar(tree), environment, "run-1")

    def verified(self) -> Verification:
        self.repository = InMemoryRepository(dict(self.base_files))
        base = self.repository.pin(None).tree
        files = [SnapshotFile(path=path, mode=REGULAR, data=data) for path, data in {**BASE, **self.head}.items()]
        head = self.repository.write_tree(base, sorted(files, key=lambda file: file.path))
        test = TestCommand(command="./manage.py test", framework="exit-code", timeout_s=60, env={})
        baseline = measure_baseline(base, open_tree=self.open_tree, test=test)
        self.runs.clear()
        return verify_tree(
            head, base_tree=base, baseline=baseline, checks=(), reproduction=None, test=test, open_tree=self.open_tree,
            second_in=self.repository,
        )  # fmt: skip


def honest(product: str, tests: str, baited: bool) -> tuple[int, bool]:
    return (1 if baited or product == "base" else 0), True


def always_green(product: str, tests: str, baited: bool) -> tuple[int, bool]:
    """A product that ends the process with 0, whatever is tested."""
    return (0, False) if product == "head" else (1, True)


def test_an_honest_run_is_believed_and_compared_without_our_file() -> None:
    world = World(honest)
    found = world.verified()
    assert found.report is not None
    assert found.report.problem is None
    assert found.second is not None
    assert (found.second.canary, found.second.differences) == ("noticed", ())
    assert sorted(world.runs) == [("head", "base", False), ("head", "base", True), ("head", "head", False)]


def test_success_in_spite_of_tests_that_must_fail_proves_nothing() -> None:
    found = World(always_green).verified()
    assert found.report is not None
    assert "tests that must fail were reported as passed" in (found.report.problem or "")
    assert found.verdicts is None


@pytest.mark.parametrize("printed", [(0, False), (1, False)])
def test_nobody_is_accused_where_the_base_does_not_show_our_tests_either(printed: tuple[int, bool]) -> None:
    found = World(lambda *_: printed).verified()
    assert found.report is not None
    assert found.report.problem is None
    assert found.second is not None
    assert found.second.canary == "unusable"


def test_tests_that_hide_a_failure_differ_from_those_of_the_base() -> None:
    found = World(lambda _, tests, baited: ((1 if baited or tests == "base" else 0), True)).verified()
    assert found.second is not None
    assert [test for test, _ in found.second.differences] == ["tests"]


@pytest.mark.parametrize(
    ("command", "scripts"),
    [
        ("sh ./check.sh", {"check.sh"}),
        ("A=1 ./t.sh && bash -x scripts/t", {"t.sh", "scripts/t"}),
        ("exec timeout 60 python3.11 -u tools/run.py -x", {"tools/run.py"}),
        ("python -m pytest -q", {"-m"}),
        ("for x in 1; do ./t.sh; done", set()),
    ],
)
def test_the_scripts_of_a_command_are_the_words_that_start_something(command: str, scripts: set[str]) -> None:
    assert scripts_of(command) == scripts


def test_a_script_that_starts_the_tests_is_put_back() -> None:
    repository = InMemoryRepository({"check.sh": b"a", "other.sh": b"a"})
    base = repository.pin(None).tree
    files = [SnapshotFile(path=path, mode=REGULAR, data=b"b") for path in ("check.sh", "other.sh")]
    head = repository.write_tree(base, files)
    assert paths_of_the_base(repository, base, head, "sh ./check.sh") == ("check.sh",)
    assert paths_of_the_base(repository, base, head, "make test") == ()
