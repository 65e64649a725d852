"""Tests of ours that must fail: how they come to lie beside the repository's own, and what a report says of them."""

import re
from collections.abc import Mapping
from random import Random

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.canary import Canary, Sighting, hatch, sighting, without

PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


def report(outcomes: Mapping[str, Outcome], failures: Mapping[str, str] | None = None, **more: object) -> TestReport:
    found: dict[str, object] = {
        "framework": "pytest", "granularity": "test", "exit_code": 1, "outcomes": dict(outcomes), "problem": None,
        "output_tail": "a tail", "failures": dict(failures or {}), "duration_s": 1.0, **more,
    }  # fmt: skip
    return TestReport(**found)  # type: ignore[arg-type]


def laid(*tests: str, framework: str = "pytest", head: tuple[str, ...] = (), seed: int = 1) -> Canary | None:
    """The canary for a base whose `tests` pass."""
    files = [test.partition("::")[0] for test in tests] + ["tests/test_a.py", "tests/__init__.py", "shop/price.py"]
    return hatch(framework, report(dict.fromkeys(tests, PASSED)), files, head, Random(seed))


BASE = ("tests/test_a.py::test_one", "tests/test_a.py::TestB::test_two")


@pytest.mark.parametrize(
    ("tests", "pattern"),
    [
        (BASE, r"tests/test_[a-z]+_[a-z]+\.py"),
        (("pkg/price_test.py::test_a",), r"pkg/[a-z]+_[a-z]+_test\.py"),
        (("test_a.py::test_a",), r"test_[a-z]+_[a-z]+\.py"),
        (("specs/check_price.py::test_a",), r"specs/check_[a-z]+_[a-z]+_price\.py"),
        (("specs/new_price_check.py::test_a",), r"specs/new_[a-z]+_[a-z]+_check\.py"),
        (("shop/tests.py::T::test_a",), r"shop/test_[a-z]+_[a-z]+\.py"),
        (("a/test_a.py::test_a", "b/test_b.py::test_a", "b/test_b.py::test_b"), r"b/test_[a-z]+_[a-z]+\.py"),
        (("tests.test_a.TestA.test_x",), r"tests/test_[a-z]+_[a-z]+\.py"),
    ],
)
def test_it_lies_where_most_tests_lie_and_is_named_like_them(tests: tuple[str, ...], pattern: str) -> None:
    canary = laid(*tests)
    assert canary is not None
    assert re.fullmatch(pattern, canary.path)


def test_its_functions_begin_like_those_of_the_repository() -> None:
    canary = laid("tests/check_a.py::it_adds", "tests/check_a.py::it_subtracts")
    assert canary is not None
    assert b"\ndef it_" in canary.data
    assert b"\ndef test_" not in canary.data


def test_no_two_are_alike_and_none_says_what_it_is() -> None:
    drawn = [laid(*BASE, seed=seed) for seed in range(30)]
    paths = {canary.path for canary in drawn if canary}
    markers = [trap.marker for canary in drawn if canary for trap in canary.traps if trap.marker]
    assert len(paths) == 30
    assert len(set(markers)) == len(markers)
    for canary in drawn:
        assert canary is not None
        assert not re.search(r"canary|coderoute|trap|must fail|forge", canary.data.decode(), re.IGNORECASE)
        assert not any((trap.marker or "-") in trap.name for trap in canary.traps)


def test_it_takes_no_name_that_base_or_head_know() -> None:
    first = laid(*BASE)
    assert first is not None
    second = laid(*BASE, head=(f"other/{first.path.rpartition('/')[2]}",))
    assert second is not None
    assert second.path != first.path


@pytest.mark.parametrize(
    ("tests", "framework"),
    [(BASE, "exit-code"), (BASE, "go"), ((), "pytest"), (("gone/test_a.rb::test_a",), "pytest")],
)
def test_where_we_know_no_way_there_is_none(tests: tuple[str, ...], framework: str) -> None:
    assert laid(*tests, framework=framework) is None


@pytest.mark.parametrize("framework", ["pytest", "unittest"])
def test_its_tests_fail_each_by_another_means_and_one_passes(framework: str) -> None:
    canary = laid(*BASE, framework=framework)
    assert canary is not None
    compile(canary.data, canary.path, "exec")
    must = [trap.must for trap in canary.traps]
    assert (must.count(PASSED), must.count(FAILED)) == (1, 7 if framework == "pytest" else 6)
    assert all(canary.data.count(f"def {trap.name}(".encode()) == 1 for trap in canary.traps)
    assert all((trap.marker or "").encode() in canary.data for trap in canary.traps)


CANARY = hatch("pytest", report(dict.fromkeys(BASE, PASSED)), ["tests/test_a.py"], (), Random(1))
assert CANARY is not None
HONEST = {f"{CANARY.path}::{trap.name}": trap.must for trap in CANARY.traps}
TEXTS = {f"{CANARY.path}::{trap.name}": f"E   no {trap.marker}" for trap in CANARY.traps if trap.must is FAILED}
A_FAILING = next(test for test, outcome in HONEST.items() if outcome is FAILED and "None" not in TEXTS[test])
THE_PASSING = next(test for test, outcome in HONEST.items() if outcome is PASSED)


@pytest.mark.parametrize(
    ("what_it_says", "seen", "how"),
    [
        ("the truth", report(HONEST, TEXTS), Sighting.NOTICED),
        ("one failure is green", report({**HONEST, A_FAILING: PASSED}, TEXTS), Sighting.LIED),
        ("all is green", report(dict.fromkeys(HONEST, PASSED)), Sighting.LIED),
        ("green, and broken", report(dict.fromkeys(HONEST, PASSED), problem="x"), Sighting.LIED),
        ("a failure without its text", report(HONEST, {**TEXTS, A_FAILING: "E   no"}), Sighting.UNSEEN),
        ("a failure is skipped", report({**HONEST, A_FAILING: SKIPPED}, TEXTS), Sighting.UNSEEN),
        ("everything fails", report({**HONEST, THE_PASSING: FAILED}, TEXTS), Sighting.UNSEEN),
        ("nothing of it", report(dict.fromkeys(BASE, PASSED)), Sighting.UNSEEN),
        ("the truth, but the run proves nothing", report(HONEST, TEXTS, problem="x"), Sighting.UNSEEN),
        ("its file does not load", report({CANARY.path: FAILED}), Sighting.UNSEEN),
    ],
)
def test_what_a_report_says_of_it(what_it_says: str, seen: TestReport, how: Sighting) -> None:
    assert CANARY is not None
    assert sighting(seen, CANARY) is how, what_it_says


def test_a_report_without_it_is_as_if_it_had_not_been_there() -> None:
    assert CANARY is not None
    mixed = report({**HONEST, BASE[0]: FAILED}, {**TEXTS, BASE[0]: "E   no"})
    clean = without(mixed, CANARY)
    assert (clean.outcomes, clean.failures, clean.output_tail) == ({BASE[0]: FAILED}, {BASE[0]: "E   no"}, "")
