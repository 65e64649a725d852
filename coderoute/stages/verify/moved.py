"""Tests that a change renamed or moved, and left as they were: each is the test of the base that it was."""

from collections.abc import Mapping
from dataclasses import replace

from coderoute.domain.file_kinds import is_test
from coderoute.domain.judgement import TestReport
from coderoute.domain.weakening import Sides, moved_tests
from coderoute.domain.work import REGULAR
from coderoute.ports import Repository


def moved_ids(repository: Repository, base_tree: str, tree: str) -> dict[str, str]:
    """Id on the base -> id on the head, of Python tests that are the same and are called otherwise."""
    changes = [one for one in repository.changes(base_tree, tree) if one.path.endswith(".py") and is_test(one.path)]
    blobs = repository.read_many(
        sorted(
            {
                oid
                for one in changes
                for mode, oid in ((one.old_mode, one.old_oid), (one.new_mode, one.new_oid))
                if mode.startswith(REGULAR[:3])
            }
        )
    )
    sides = [Sides(path=one.path, old=blobs.get(one.old_oid), new=blobs.get(one.new_oid)) for one in changes]
    pairs = ((_id(one.old_path, one.old_name), _id(one.new_path, one.new_name)) for one in moved_tests(sides))
    return {old: new for old, new in pairs if old != new}


def under_new_ids(base: TestReport, moved: Mapping[str, str], head: TestReport) -> TestReport:
    """The base's report with the ids that moved tests have on the head, as far as the head has reported them."""
    return _renamed(base, {old: new for old, new in _each(base, moved).items() if new in head.outcomes})


def under_old_ids(head: TestReport, moved: Mapping[str, str], base: TestReport) -> TestReport:
    """The head's report with the ids that moved tests have on the base, as far as the base has them."""
    back = {new: old for old, new in moved.items()}
    return _renamed(head, {new: old for new, old in _each(head, back).items() if old in base.outcomes})


def _id(path: str, name: str) -> str:
    return "::".join((path, *name.split(".")))


def _each(report: TestReport, moved: Mapping[str, str]) -> dict[str, str]:
    """The same for each test with its parameters."""
    found = {test: test.partition("[") for test in report.outcomes}
    return {test: moved[name] + bracket + rest for test, (name, bracket, rest) in found.items() if name in moved}


def _renamed(report: TestReport, names: Mapping[str, str]) -> TestReport:
    if not names:
        return report
    return replace(
        report,
        outcomes={names.get(test, test): how for test, how in report.outcomes.items()},
        failures={names.get(test, test): text for test, text in report.failures.items()},
    )
