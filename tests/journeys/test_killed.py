"""A run that is killed at any write and resumed ends as if nothing had happened, and pays at most one call twice."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.money import CallState
from coderoute.domain.run import Status
from coderoute.errors import TargetMoved
from coderoute.ports import RunStore

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey

COMMIT = r'"commit": "[0-9a-f]{40}"'
"""Its message names the run."""

SECRET = "sk-ant-api03-" + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MEFCQ0RFRkc"
BETTER = "def shout(text):\n    return f'{text.upper()}!' if text else ''\n"
BEST = "def shout(text):\n    return f'{text.upper()}!' * bool(text)\n"


class Killed(BaseException):
    """The process died here."""


WRITES = frozenset(
    {
        "create",
        "set_status",
        "put_record",
        "open_call",
        "settle_call",
        "add_event",
        "put_approval",
        "remember",
        "add_outcome",
    }
)


class MortalStore:
    """The store as one process sees it, which dies just before write number `last` or, with `after`, just behind it.
    A dead process writes nothing more, whatever its `finally` blocks try."""

    def __init__(self, disk: InMemoryStore, last: int | None, *, after: bool) -> None:
        self._disk = disk
        self._last = last
        self._after = after
        self.writes = 0
        self.dead = False

    def __getattr__(self, name: str) -> object:
        there = getattr(self._disk, name)
        if name not in WRITES:
            return there

        def write(*args: object, **kwargs: object) -> object:
            self.writes += 1
            fatal = self.dead or self.writes == self._last
            self.dead = fatal
            if fatal and not (self._after and self.writes == self._last):
                raise Killed
            done = there(*args, **kwargs)
            if fatal:
                raise Killed
            return done

        return write


def lives(journey: "Journey", last: int | None, *, after: bool = False) -> int:
    """Tells the whole story in a process that dies at write number `last`; how many writes there were."""
    process = MortalStore(journey.disk, last, after=after)
    journey.store = cast("RunStore", process)
    try:
        whole_story(journey)
    except Killed:
        assert process.dead
    finally:
        journey.store = journey.disk
    return process.writes


def eventful(journey: "Journey") -> "Journey":
    """A question, a wrong patch twice, a stronger model, a rejected review, a person who sends the change back."""
    journey.plans_test_and_fix(questions=["And None?"])
    journey.plans_test_and_fix(attempt=2)
    journey.writes_test()
    reads = ("run", {"command": "python -m pytest -q"})
    journey.says("execute", "fix", 1, ("write_file", {"path": "shout.py", "content": journey.WRONG}), reads)
    journey.says("execute", "fix", 1, ("finish", {"summary": "done"}))
    journey.writes_fix(2, journey.WRONG)
    journey.writes_fix(3)
    journey.reviews(1, "request_changes")
    journey.writes_fix(1, BETTER, step="rework-1")
    journey.reviews(2)
    journey.writes_fix(1, BEST, step="rework-2")
    journey.reviews(3)
    return journey


def troubled(journey: "Journey") -> "Journey":
    """A plan that falls, a secret, a model that asks, and no usable review."""
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.gives_up("fix", 1, "impossible")
    journey.plans_test_and_fix(attempt=2)
    journey.writes_test(2)
    journey.gives_up("fix", 2, "unclear")
    journey.writes_fix(3, f'{journey.RIGHT}\nKEY = "{SECRET}"\n')
    journey.writes_fix(4)
    for number in (1, 2):
        nonsense = ("submit_review", {"verdict": "splendid", "summary": "So.", "findings": []})
        journey.says("review", None, number, nonsense, nonsense)
    journey.writes_fix(1, BEST, step="rework-1")
    return journey


def overtaken(journey: "Journey") -> "Journey":
    """Twice somebody else is faster: once beside the change, once in its middle."""
    journey.overtaken = [{"shout.py": f"{journey.SHOUT}# louder\n".encode()}, {"other.py": b"x = 1\n"}]
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.writes_fix()
    journey.reviews(1)
    journey.writes_fix(1, BEST, step="rework-2")
    journey.reviews(2)
    return journey


def side_by_side(journey: "Journey") -> "Journey":
    """Two steps at once; one of them is tried twice, and both wait for their own answer first."""
    journey.repository = type(journey.repository)(
        {
            path: text.encode()
            for path, text in {**journey.main(), "calm.py": "def calm(text):\n    return text\n"}.items()
        }
    )
    journey.terms = replace(journey.terms, parallel_steps=2)
    test = journey.step("test", kind="test.write", files=["tests/test_shout.py"])
    fix = journey.step("fix", depends_on=["test"], checks=[journey.NEW_TEST])
    journey.plans(test, fix, journey.step("calm", files=["calm.py"], depends_on=["test"]))
    journey.writes_test()
    journey.gives_up("calm", 1, "unclear")
    journey.writes("calm", 2, "calm.py", "def calm(text):\n    return text.lower()\n")
    journey.writes_fix(1, journey.WRONG)
    journey.writes_fix(2, BEST)
    journey.reviews(1)
    return journey


def whole_story(journey: "Journey") -> None:
    """What people do: they look where the run stands, and give the command that is due."""
    if journey.disk.get(journey.id) is None:
        journey.id = f"another-{journey.id}"  # as the command line does it: what was not begun is begun anew
        journey.begin()
    while journey.run.status is not Status.MERGED:
        match journey.run.status:
            case Status.BLOCKED if journey.run.questions:
                journey.send_back("None is an error.")
            case Status.AWAITING_APPROVAL if journey.doc["base_commit"] != journey.repository.branches["main"]:
                journey.resume()
            case Status.AWAITING_APPROVAL if journey.overtaken:
                journey.repository.move_target(journey.overtaken.pop())
            case Status.AWAITING_APPROVAL if journey.main_would_be() != BEST:
                journey.look()
                journey.send_back("Multiply.")
            case Status.AWAITING_APPROVAL:
                journey.approve(journey.look())
            case Status.APPROVED:
                try:
                    journey.merge()
                except TargetMoved:
                    journey.resume()
            case Status.BLOCKED | Status.FAILED | Status.EXHAUSTED:
                pytest.fail(f"{journey.ending}: {journey.run.problem}")
            case _:
                journey.resume()


def facts(journey: "Journey") -> dict[str, object]:
    """Everything about a run that must not depend on where its processes died."""

    def steady(text: str) -> str:
        return text.replace(str(journey.folder), "FOLDER").replace(journey.id, "RUN")

    commits = journey.repository.branches
    return {
        "status": journey.ending,
        "files": journey.main(),
        "branches": {steady(branch): commits[branch] == commits["main"] for branch in commits},
        "journal": sorted(
            (key, re.sub(COMMIT, "COMMIT", steady(text))) for key, text in journey.disk.records(journey.id)
        ),
        "paid calls": Counter(journey.calls()),
        "approved patch": [approval.patch_sha256 for approval in journey.disk.approvals(journey.id)][-1],
        "files of ours": sorted(path.name for path in journey.folder.iterdir()),
    }


# behind a write is before the next one, but for what is done in between: there a sample is enough
@pytest.mark.parametrize(
    ("prepare", "after", "every"),
    [
        pytest.param(eventful, False, 1, id="eventful, before a write"),
        pytest.param(eventful, True, 3, id="eventful, behind a write"),
        pytest.param(troubled, False, 2, id="troubled, before a write"),
        pytest.param(overtaken, False, 2, id="overtaken, before a write"),
        pytest.param(side_by_side, False, 2, id="side by side, before a write"),
    ],
)
def test_killed_at_any_write_a_run_ends_the_same(
    prepare: "Callable[[Journey], Journey]", after: bool, every: int, new_journey: "Callable[..., Journey]"
) -> None:
    undisturbed = prepare(new_journey())
    writes = lives(undisturbed, None)
    wanted = facts(undisturbed)
    requests = len(undisturbed.line.requests)
    assert undisturbed.ending == (Status.MERGED, None)
    assert undisturbed.main()["shout.py"] == BEST

    for number in range(1, writes + 1, every):
        journey = prepare(new_journey())
        lives(journey, number, after=after)
        lives(journey, None)

        assert facts(journey) == wanted, f"killed at write {number}"
        estimated = [row for row in journey.disk.calls(journey.id) if row.state is not CallState.SETTLED]
        in_flight = 2 if prepare is side_by_side else 1
        assert [row.state for row in estimated] in [[CallState.ESTIMATED] * n for n in range(in_flight + 1)], (
            f"killed at write {number}"
        )
        assert len(journey.line.requests) <= requests + in_flight, f"killed at write {number}"


def test_killed_again_and_again_a_run_still_ends_the_same(new_journey: "Callable[..., Journey]") -> None:
    undisturbed = eventful(new_journey())
    lives(undisturbed, None)
    journey = eventful(new_journey())
    journey.begin()

    deaths = 0
    while journey.run.status is not Status.MERGED:
        lives(journey, 25)
        deaths += 1

    assert facts(journey) == facts(undisturbed)
    assert deaths > 5
    unsettled = [row for row in journey.disk.calls(journey.id) if row.state is not CallState.SETTLED]
    assert len(unsettled) < deaths
