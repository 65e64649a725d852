"""Stories that stop for a person's word and go on after it."""

from typing import TYPE_CHECKING

from coderoute.domain.run import Status

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


def asking(journey: "Journey") -> "Journey":
    """The planner asks first; everything after that is at hand."""
    journey.plans_test_and_fix(questions=["And None?"])
    journey.plans_test_and_fix(attempt=2)
    journey.writes_test()
    journey.writes_fix()
    journey.reviews(1)
    return journey


def test_a_plan_with_questions_stops_before_any_work_and_goes_on_after_the_answer(journey: "Journey") -> None:
    asking(journey).start()
    assert journey.ending == (Status.BLOCKED, "question")
    assert journey.run.questions == ("And None?",)
    assert journey.doc["questions"] == ["And None?"]
    assert f"coderoute resume {journey.id}" in str(journey.run.remedy)
    assert [stage for stage, *_ in journey.calls()] == ["plan"]

    assert journey.send_back("None is an error.") == "answer"
    assert journey.resume().status is Status.AWAITING_APPROVAL
    heard = journey.heard("plan", 2)
    assert "And None?" in heard
    assert "None is an error." in heard
    assert [call[:3] for call in journey.calls()][:2] == [("plan", "-", 1), ("plan", "-", 2)]


def test_a_resume_without_an_answer_blocks_again_and_costs_nothing(journey: "Journey") -> None:
    asking(journey).start()
    before = journey.calls()

    assert journey.resume().status is Status.BLOCKED
    assert journey.run.questions == ("And None?",)
    assert journey.calls() == before


def test_an_answer_is_heard_by_the_next_plan_too_when_the_first_one_falls(journey: "Journey") -> None:
    journey.plans_test_and_fix(questions=["And None?"])
    journey.plans_test_and_fix(attempt=2)
    journey.writes_test()
    journey.gives_up("fix", 1, "impossible")
    journey.plans_test_and_fix(attempt=3)
    journey.writes_test(2)
    journey.writes_fix(2)
    journey.reviews(1)
    journey.start()
    journey.send_back("None is an error.")

    assert journey.resume().status is Status.AWAITING_APPROVAL
    assert "None is an error." in journey.heard("plan", 3)
    assert "impossible" in journey.heard("plan", 3)


def test_high_risk_stops_before_execution_and_goes_on_after_a_person_s_word(journey: "Journey") -> None:
    journey.plans_test_and_fix(risk="high")
    journey.writes_test()
    journey.writes_fix()
    journey.reviews(1)

    journey.start()
    assert journey.ending == (Status.BLOCKED, "high_risk")
    assert "it may hurt" in journey.run.questions[0]
    assert "coderoute reject" in str(journey.run.remedy)
    assert [stage for stage, *_ in journey.calls()] == ["plan"]
    journey.send_back("Go ahead.")
    assert journey.resume().status is Status.AWAITING_APPROVAL


def test_a_blocked_run_can_be_rejected_and_is_then_over(journey: "Journey") -> None:
    asking(journey).start()
    journey.reject("not worth it")

    assert journey.ending == (Status.REJECTED, "rejected")
    assert "not worth it" in str(journey.run.problem)
    assert journey.resume().status is Status.REJECTED
    assert "rejected" in journey.refusal(journey.send_back, "None is an error.").problem


def test_questions_of_two_kinds_take_their_answers_in_the_order_they_were_asked(journey: "Journey") -> None:
    journey.plans_test_and_fix(questions=["And None?"])
    journey.plans_test_and_fix(attempt=2, risk="high")
    journey.writes_test()
    journey.gives_up("fix", 1, "unclear")
    journey.writes_fix(2)
    journey.reviews(1, "needs_human")
    journey.start()
    for reason, answer in (
        ("question", "None is an error."),
        ("high_risk", "Go ahead."),
        ("blocked", "Empty means empty."),
        ("review_needs_human", "It is fine."),
    ):
        assert journey.ending == (Status.BLOCKED, reason)
        journey.send_back(answer)
        journey.resume()

    assert journey.ending == (Status.AWAITING_APPROVAL, None)
    assert "None is an error." in journey.heard("plan", 2)
    assert "Empty means empty." in journey.heard("execute", 2, "fix")
    assert "None is an error." not in journey.heard("execute", 2, "fix")


def test_a_run_that_waits_for_nothing_takes_no_answer(journey: "Journey") -> None:
    asking(journey).start()
    journey.send_back("None is an error.")

    refusal = journey.refusal(journey.send_back, "Or is it?")

    assert "interrupted" in refusal.problem
    assert journey.id in refusal.remedy
