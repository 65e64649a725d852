"""Which steps of a plan may be worked on side by side."""

from dataclasses import replace

import pytest

from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step
from coderoute.domain.waves import waves

NO_TEST = Reproduction(test=None, step=None, why_not="there are tests")


def step(step_id: str, *files: str, after: tuple[str, ...] = (), checks: tuple[str, ...] = ()) -> Step:
    return Step(
        id=step_id, title=step_id, instructions="", cls=Class.CHEAP, kind=Kind.EDIT_LOCAL, files=files,
        depends_on=after, diff_lines=5, checks=checks,
    )  # fmt: skip


def grouped(*steps: Step, reproduction: Reproduction = NO_TEST) -> list[list[str]]:
    plan = Plan(summary="", risk="low", risk_reasons=(), questions=(), reproduction=reproduction, steps=steps)
    return [[each.id for each in wave] for wave in waves(plan)]


def test_steps_in_files_of_their_own_are_one_wave() -> None:
    assert grouped(step("a", "a.py"), step("b", "b.py"), step("c", "c.py")) == [["a", "b", "c"]]


def test_a_step_waits_for_what_it_depends_on_and_not_for_others() -> None:
    steps = step("a", "a.py"), step("b", "b.py"), step("c", "c.py", after=("a",)), step("d", "d.py")
    assert grouped(*steps) == [["a", "b", "d"], ["c"]]


def test_two_branches_of_the_plan_stay_apart() -> None:
    steps = step("a", "a.py"), step("b", "b.py", after=("a",)), step("c", "c.py"), step("d", "d.py", after=("c",))
    assert grouped(*steps) == [["a", "c"], ["b", "d"]]


@pytest.mark.parametrize(
    ("why", "second"),
    [
        ("the same file", step("b", "a.py")),
        ("a test in a file that the other writes", step("b", "b.py", checks=("a.py::test_x",))),
        ("no files named", step("b")),
        ("a command as a check", step("b", "b.py", checks=("$ make",))),
        ("a command", replace(step("b", "b.py"), cls=Class.CODE, kind=Kind.COMMAND, command="make")),
        ("a person", replace(step("b", "b.py"), cls=Class.HUMAN, kind=Kind.QUESTION)),
        ("a rename", replace(step("b", "b.py"), kind=Kind.RENAME)),
    ],
)
def test_steps_that_may_meet_come_one_after_the_other(why: str, second: Step) -> None:
    assert grouped(step("a", "a.py"), second) == [["a"], ["b"]], why
    assert grouped(replace(second, id="a"), step("b", "a.py")) == [["a"], ["b"]], f"{why}, the other way round"


def test_nothing_begins_before_the_test_that_proves_the_issue() -> None:
    proof = Reproduction(test="tests/test_a.py::test_new", step="t", why_not=None)
    steps = step("t", "tests/test_a.py"), step("a", "a.py"), step("b", "b.py")
    assert grouped(*steps, reproduction=proof) == [["t"], ["a", "b"]]


def test_an_empty_plan_has_no_wave() -> None:
    assert grouped() == []
