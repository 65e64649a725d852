"""Tests that only moved or got another name are the tests they were."""

from collections.abc import Mapping

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.stages.verify.moved import moved_ids, under_new_ids, under_old_ids

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
BASE = {"a.py": "x = 1\n", "tests/test_a.py": "from a import x\n\n\ndef test_x():\n    assert x == 1\n"}
MOVED = {"tests/test_a.py::test_x": "tests/more/test_b.py::test_x"}


def moved(change: Mapping[str, str | None]) -> dict[str, str]:
    repository = InMemoryRepository({path: text.encode() for path, text in BASE.items()})
    base = repository.pin(None).tree
    head = {path: text for path, text in {**BASE, **change}.items() if text is not None}
    files = [SnapshotFile(path=path, mode=REGULAR, data=text.encode()) for path, text in sorted(head.items())]
    return moved_ids(repository, base, repository.write_tree(base, files))


def report(outcomes: Mapping[str, Outcome]) -> TestReport:
    return TestReport(
        framework="pytest", granularity="test", exit_code=0, outcomes=dict(outcomes), problem=None, output_tail="",
        failures={test: "why" for test, how in outcomes.items() if how is FAILED}, duration_s=1.0,
    )  # fmt: skip


def test_a_test_in_another_file_is_known_again() -> None:
    assert moved({"tests/test_a.py": None, "tests/more/test_b.py": BASE["tests/test_a.py"]}) == MOVED


def test_a_test_that_stays_or_asks_something_else_has_not_moved() -> None:
    assert moved({"a.py": "x = 2\n"}) == {}
    weaker = BASE["tests/test_a.py"].replace("x == 1", "x")
    assert moved({"tests/test_a.py": None, "tests/more/test_b.py": weaker}) == {}


def test_the_base_goes_by_the_ids_of_the_head_where_the_head_has_them() -> None:
    base = report({"tests/test_a.py::test_x[a]": PASSED, "tests/test_a.py::test_x[b]": FAILED, "t.py::test_y": PASSED})
    head = report({"tests/more/test_b.py::test_x[a]": FAILED})
    renamed = under_new_ids(base, MOVED, head)
    assert renamed.outcomes == {
        "tests/more/test_b.py::test_x[a]": PASSED, "tests/test_a.py::test_x[b]": FAILED, "t.py::test_y": PASSED,
    }  # fmt: skip
    assert renamed.failures == {"tests/test_a.py::test_x[b]": "why"}


def test_the_head_goes_by_the_ids_of_the_base_where_the_base_has_them() -> None:
    head = report({"tests/more/test_b.py::test_x": PASSED, "tests/more/test_b.py::test_new": PASSED})
    renamed = under_old_ids(head, MOVED, report({"tests/test_a.py::test_x": PASSED}))
    assert renamed.outcomes == {"tests/test_a.py::test_x": PASSED, "tests/more/test_b.py::test_new": PASSED}
