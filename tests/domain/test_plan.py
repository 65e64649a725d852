"""A plan is a DAG of steps we can run, or a list of sentences that say why not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step, in_order, mistakes

NONE = Reproduction(test=None, step=None, why_not="it is about text")


def step(step_id: str, *depends_on: str) -> Step:
    return Step(
        id=step_id, title=step_id, instructions="do it", cls=Class.CHEAP, kind=Kind.EDIT_LOCAL, files=("a.py",),
        depends_on=depends_on, diff_lines=10, checks=("t.py::test_a", "$ ruff check"),
    )  # fmt: skip


def ids(steps: tuple[Step, ...]) -> list[str]:
    return [one.id for one in steps]


@pytest.mark.parametrize(
    ("steps", "reproduction", "said"),
    [
        ((step("a"), step("b", "a")), NONE, []),
        ((), NONE, ["at least one step"]),
        ((step("a"), step("a")), NONE, ["'a' is used twice"]),
        ((step("a", "x"),), NONE, ["'a' depends on 'x', which is no step"]),
        ((step("a", "a"),), NONE, ["circle: 'a'"]),
        ((step("a", "b"), step("b", "a"), step("c")), NONE, ["circle: 'a', 'b'"]),
        ((replace(step("a"), cls=Class.CODE),), NONE, ["class code and therefore needs a command"]),
        ((replace(step("a"), cls=Class.CODE, command="make"),), NONE, []),
        ((replace(step("a"), kind=Kind.QUESTION),), NONE, ["kind question and therefore class human"]),
        ((replace(step("a"), kind=Kind.QUESTION, cls=Class.HUMAN),), NONE, []),
        ((step("a"),), Reproduction(test=None, step=None, why_not=None), ["no test and no why_not"]),
        ((step("a"),), Reproduction(test=None, step=None, why_not="  "), ["no test and no why_not"]),
        ((step("a"),), Reproduction(test=None, step="a", why_not="x"), ["without reproduction.test"]),
        ((step("a"),), Reproduction(test="t", step="x", why_not=None), ["reproduction.step 'x' is no step"]),
        ((step("a"),), Reproduction(test="t", step="a", why_not=None), []),
        ((step("a"),), Reproduction(test="t", step=None, why_not=None), []),
        ((step("b"), step("a", "b")), Reproduction(test="t", step="a", why_not=None), ["must come first"]),
        (
            (replace(step("a"), cls=Class.HUMAN, kind=Kind.QUESTION),),
            Reproduction(test="t", step="a", why_not=None),
            ["the test must be written"],
        ),
        ((step("a", "x"), step("a")), NONE, ["'a' is used twice", "'x', which is no step"]),
    ],
)
def test_each_mistake_is_a_sentence(steps: tuple[Step, ...], reproduction: Reproduction, said: list[str]) -> None:
    found = mistakes(steps, reproduction)
    assert len(found) == len(said)
    for sentence, words in zip(found, said, strict=True):
        assert words in sentence


def test_steps_come_behind_what_they_need_and_else_as_given() -> None:
    assert ids(in_order((step("c", "a"), step("b"), step("a")))) == ["b", "a", "c"]


def test_the_step_that_writes_the_reproduction_comes_first() -> None:
    steps = (step("docs"), step("fix"), step("test"))
    assert ids(in_order(steps, first="test")) == ["test", "docs", "fix"]


def test_what_is_on_a_circle_or_behind_one_is_left_out() -> None:
    assert ids(in_order((step("a", "b"), step("b", "a"), step("c", "a"), step("d")))) == ["d"]


names = st.sampled_from("abcde")


@given(st.lists(st.tuples(names, st.lists(names, max_size=3)), max_size=5, unique_by=lambda pair: pair[0]))
def test_any_steps_are_either_in_an_order_that_holds_or_have_a_mistake(graph: list[tuple[str, list[str]]]) -> None:
    steps = tuple(step(name, *needed) for name, needed in graph)
    ordered = in_order(steps)
    for place, one in enumerate(ordered):
        assert set(one.depends_on) <= {earlier.id for earlier in ordered[:place]}
    assert (len(ordered) == len(steps) > 0) == (mistakes(steps, NONE) == ())


def test_checks_are_test_ids_or_commands() -> None:
    assert step("a").test_checks == ("t.py::test_a",)
    assert step("a").command_checks == ("ruff check",)


def test_a_plan_knows_every_file_it_declares() -> None:
    steps = (step("a"), replace(step("b"), files=("b.py", "a.py")))
    plan = Plan(summary="s", risk="low", risk_reasons=(), questions=(), reproduction=NONE, steps=steps)
    assert plan.files == {"a.py", "b.py"}
