"""Stories of a reviewer or a person who wants something else."""

from typing import TYPE_CHECKING

from coderoute.domain.run import Status

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey

BETTER = "def shout(text):\n    return f'{text.upper()}!' if text else ''\n"


def done(journey: "Journey") -> "Journey":
    """A change is made; only the reviews are open."""
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.writes_fix()
    return journey


def test_a_rejected_change_is_mended_by_the_frontier_model_and_reviewed_anew(journey: "Journey") -> None:
    done(journey).reviews(1, "request_changes")
    journey.writes_fix(1, BETTER, step="rework-1")
    journey.reviews(2)

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert [call[:3] for call in journey.calls()][-4:] == [
        ("review", "-", 1), ("execute", "rework-1", 1), ("execute", "rework-1", 1), ("review", "-", 2),
    ]  # fmt: skip
    assert journey.calls()[-2][3] == "frontier"
    heard = journey.heard("execute", 1, "rework-1")
    assert "[medium] shout.py:2 Hm: Look." in heard
    assert journey.RIGHT.splitlines()[1] in heard, "it starts from the change as it stands"
    journey.approve(journey.look())
    journey.merge()
    assert journey.main()["shout.py"] == BETTER
    assert [(e["step"], e["trigger"], e["to"]) for e in journey.doc["escalations"]] == [
        ("review", "review_rejected", "frontier")
    ]
    assert [step["id"] for step in journey.doc["steps"]] == ["test", "fix", "rework-1"]


def test_what_was_mended_must_still_prove_itself(journey: "Journey") -> None:
    done(journey).reviews(1, "request_changes")
    journey.writes_fix(1, journey.WRONG, step="rework-1")
    journey.writes_fix(2, BETTER, step="rework-1")
    journey.reviews(2)

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert journey.decisions()[-2:] == [("frontier", "retry", "target_still_red"), ("frontier", "accept", None)]


def test_mending_nothing_is_no_mending(journey: "Journey") -> None:
    done(journey).reviews(1, "request_changes")
    journey.says("execute", "rework-1", 1, ("finish", {"summary": "It is fine as it is."}))
    journey.writes_fix(2, BETTER, step="rework-1")
    journey.reviews(2)

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert journey.decisions()[-2:] == [("frontier", "retry", "no_change"), ("frontier", "accept", None)]


def test_a_reviewer_who_says_no_twice_ends_the_run(journey: "Journey") -> None:
    done(journey).reviews(1, "request_changes")
    journey.writes_fix(1, BETTER, step="rework-1")
    journey.reviews(2, "request_changes")

    journey.start()

    assert journey.ending == (Status.EXHAUSTED, "review_rejected")
    assert "exhausted" in journey.refusal(journey.approve, "0" * 64).problem
    assert journey.main()["shout.py"] == journey.SHOUT


def test_a_reviewer_who_wants_a_person_gets_one_and_the_gate_opens_after_the_answer(journey: "Journey") -> None:
    done(journey).reviews(1, "needs_human")

    journey.start()
    assert journey.ending == (Status.BLOCKED, "review_needs_human")
    assert journey.run.questions == ("So.",)
    journey.send_back("I looked; it is fine.")
    assert journey.resume().status is Status.AWAITING_APPROVAL
    assert journey.section("review")["verdict"] == "needs_human"
    assert [stage for stage, *_ in journey.calls()].count("review") == 1


def test_without_a_usable_review_a_person_decides_whether_the_gate_opens(journey: "Journey") -> None:
    nonsense = ("submit_review", {"verdict": "splendid", "summary": "So.", "findings": []})
    done(journey).says("review", None, 1, nonsense, nonsense)

    journey.start()
    assert journey.ending == (Status.BLOCKED, "no_review")
    assert "verdict" in str(journey.run.problem)
    assert [stage for stage, *_ in journey.calls()].count("review") == 2, "one repair turn"
    journey.send_back("Go on.")
    assert journey.resume().status is Status.AWAITING_APPROVAL
    assert journey.doc["review"] is None


def test_findings_outside_the_patch_are_dropped_and_counted(journey: "Journey") -> None:
    finding = {"severity": "low", "path": "README.md", "line": 1, "title": "Hm", "detail": "Look."}
    review = {"verdict": "approve", "summary": "So.", "findings": [finding, finding | {"path": "shout.py", "line": 2}]}
    done(journey).says("review", None, 1, ("submit_review", review))

    journey.start()

    assert [found["path"] for found in journey.section("review")["findings"]] == ["shout.py"]
    assert journey.section("review")["dropped"] == 1


def test_a_change_that_a_person_sends_back_is_mended_and_the_old_approval_is_void(journey: "Journey") -> None:
    journey.to_the_gate()
    old = journey.look()
    journey.approve(old)
    assert journey.send_back("Use an f-string.") == "comment"
    journey.writes_fix(1, BETTER, step="rework-1")
    journey.reviews(2)

    assert journey.resume().status is Status.AWAITING_APPROVAL
    assert "Use an f-string." in journey.heard("execute", 1, "rework-1")
    assert journey.doc["approval"] is None
    assert "not approved" in journey.refusal(journey.merge).problem
    assert "the patch of this run is" in journey.refusal(journey.approve, old).problem
    new = journey.look()
    assert new != old
    journey.approve(new)
    journey.merge()
    assert journey.main()["shout.py"] == BETTER


def test_a_change_sent_back_waits_as_interrupted_until_it_is_resumed(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()
    journey.send_back("Use an f-string.")

    assert journey.ending == (Status.INTERRUPTED, "sent_back")
    assert f"coderoute resume {journey.id}" in str(journey.run.remedy)
    assert "interrupted" in journey.refusal(journey.approve, sha256).problem


def test_the_frontier_model_mends_even_where_the_user_routes_edits_to_another_class(journey: "Journey") -> None:
    from dataclasses import replace

    journey.terms = replace(journey.terms, routes={"edit.cross": "cheap"})
    done(journey).reviews(1, "request_changes")
    journey.writes_fix(1, BETTER, step="rework-1")
    journey.reviews(2)

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert {model for _, step, _, model in journey.calls() if step == "rework-1"} == {"frontier"}
