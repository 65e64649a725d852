"""Stories in which somebody else is faster: the target moves while the change waits for its person."""

from typing import TYPE_CHECKING

import pytest

from coderoute.domain.run import Status
from coderoute.errors import TargetMoved

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import Journey

OTHER = {"other.py": b"x = 1\n"}
LOUDER = b"def shout(text):\n    return text.upper() + '!!'\n"


def carried(journey: "Journey") -> dict[str, object]:
    return journey.section("carried")


def moved_on(journey: "Journey", files: dict[str, bytes]) -> str:
    """To the gate, and then somebody else commits `files`; their commit."""
    journey.to_the_gate()
    return journey.repository.move_target(files)


def test_the_merge_is_refused_and_the_remedy_is_to_resume(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    journey.repository.move_target(OTHER)

    refusal = journey.refusal(journey.merge)

    assert isinstance(refusal, TargetMoved)
    assert f"coderoute resume {journey.id}" in refusal.remedy
    assert journey.ending == (Status.APPROVED, None)


@pytest.mark.parametrize("approved", [True, False], ids=["approved", "waiting"])
def test_resume_carries_the_change_over_proves_it_there_and_asks_again(journey: "Journey", approved: bool) -> None:
    journey.to_the_gate()
    first, start = journey.look(), journey.doc["base_commit"]
    if approved:
        journey.approve(first)
    moved = journey.repository.move_target(OTHER)
    asked = len(journey.line.requests)

    assert journey.resume().status is Status.AWAITING_APPROVAL

    assert journey.doc["base_commit"] == moved
    assert carried(journey) == {"from": start, "to": moved, "only_base": True}
    assert journey.doc["approval"] is None, "what was approved is another tree"
    assert len(journey.line.requests) == asked, "the same lines are not reviewed again, and nobody mends them"
    assert journey.section("review")["summary"].startswith("So.")
    assert journey.section("tests")["fixed"] == [], "the new test is new there too"
    assert journey.section("tests")["new_tests"] == [journey.NEW_TEST]
    assert journey.section("reproduction")["red_before"] is True
    journey.approve(journey.look())
    journey.merge()
    assert journey.main() == {
        "shout.py": journey.RIGHT, "tests/test_shout.py": journey.NEW_TESTS, "README.md": "Shouts loudly.\n",
        "other.py": "x = 1\n",
    }  # fmt: skip


def test_an_approval_of_the_old_tree_does_not_merge_the_new_one(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    moved = journey.repository.move_target(OTHER)
    journey.resume()

    assert "not approved" in journey.refusal(journey.merge).problem
    journey.disk.set_status(journey.id, Status.APPROVED)  # as somebody would who can write the store
    assert "not what was approved" in journey.refusal(journey.merge).problem
    assert journey.repository.branches == {"main": moved}


def test_the_person_has_to_look_at_the_whole_patch_again_where_it_reads_otherwise(journey: "Journey") -> None:
    moved_on(journey, {"tests/test_shout.py": journey.OLD_TESTS.encode() + b"\n\nX = 1\n"})
    first = journey.look()
    journey.writes("rework-1", 1, "tests/test_shout.py", journey.NEW_TESTS + "\n\nX = 1\n")
    journey.reviews(2)
    journey.resume()

    sha256 = journey.section("patch")["sha256"]

    assert sha256 != first
    assert "not shown in full" in journey.refusal(journey.approve, sha256).problem
    journey.look()
    journey.approve(sha256)


def test_a_conflict_goes_to_the_frontier_model_on_the_new_base_and_is_reviewed_again(journey: "Journey") -> None:
    moved_on(journey, {"shout.py": LOUDER})
    mended = LOUDER.decode().replace("'!!'", "'!!' if text else ''")
    tests = journey.NEW_TESTS.replace("'A!'", "'A!!'")
    journey.writes("rework-1", 1, "shout.py", mended, "tests/test_shout.py", tests)
    journey.reviews(2)
    journey.repository.move_target({"tests/test_shout.py": journey.OLD_TESTS.replace("'A!'", "'A!!'").encode()})

    assert journey.resume().status is Status.AWAITING_APPROVAL

    heard = journey.heard("execute", 1, "rework-1")
    assert "both sides changed the same lines" in heard
    assert "+    return text.upper() + '!' if text else ''" in heard, "what the change was there"
    assert carried(journey)["only_base"] is False
    assert journey.main_would_be() == mended
    assert journey.calls()[-1][0] == "review"


def test_what_is_red_on_the_new_base_already_is_not_held_against_the_change(journey: "Journey") -> None:
    red = b"from shout import shout\n\n\ndef test_none():\n    assert shout(None) == 'nothing'\n"
    moved_on(journey, {"tests/test_more.py": red})

    assert journey.resume().status is Status.AWAITING_APPROVAL

    assert journey.section("tests")["pre_existing"] == ["tests/test_more.py::test_none"]
    assert journey.section("tests")["baseline"] == {"passed": 1, "failed": 1, "skipped": 0}


def test_a_test_of_the_new_base_that_the_change_breaks_is_mended_by_the_frontier_model(journey: "Journey") -> None:
    strict = b"from shout import shout\n\n\ndef test_empty():\n    assert shout('') in ('!', None)\n"
    moved_on(journey, {"tests/test_strict.py": strict})
    both = "def shout(text):\n    return text.upper() + '!' if text else None\n"
    tests = journey.NEW_TESTS.replace("shout('') == ''", "shout('') is None")
    journey.writes("rework-1", 1, "shout.py", both, "tests/test_shout.py", tests)
    journey.reviews(2)

    assert journey.resume().status is Status.AWAITING_APPROVAL

    assert "there it does not hold" in journey.heard("execute", 1, "rework-1")
    assert "tests/test_strict.py::test_empty" in journey.heard("execute", 1, "rework-1")
    assert journey.main_would_be() == both
    assert [(step["id"], step["status"]) for step in journey.doc["steps"]][-2:] == [
        ("onto-1", "failed"), ("rework-1", "accepted"),
    ]  # fmt: skip


def test_a_target_that_has_the_change_already_leaves_nothing_to_do(journey: "Journey") -> None:
    moved = moved_on(journey, {"shout.py": journey.RIGHT.encode(), "tests/test_shout.py": journey.NEW_TESTS.encode()})

    journey.resume()

    assert journey.ending == (Status.BLOCKED, "nothing_to_do")
    assert moved in str(journey.doc["problem"])
    journey.reject("it is there")
    assert journey.ending == (Status.REJECTED, "rejected")


def test_a_target_where_the_issue_is_solved_otherwise_leaves_nothing_to_do(
    new_journey: "Callable[..., Journey]",
) -> None:
    journey = new_journey({"shout.py": "from up import up\n\n\ndef shout(text):\n    return up(text) + '!'\n",
                           "up.py": "def up(text):\n    return text.upper()\n"})  # fmt: skip
    journey.plans_test_and_fix()
    journey.writes_test()
    journey.writes_fix(text="from up import up\n\n\ndef shout(text):\n    return up(text) + '!' if text else ''\n")
    journey.reviews(1)
    journey.start()
    solved = b"class Text(str):\n    def __add__(self, more):\n        return self and str(self) + more\n"
    journey.repository.move_target({"up.py": solved + b"\n\ndef up(text):\n    return Text(text.upper())\n"})

    journey.resume()

    assert journey.ending == (Status.BLOCKED, "nothing_to_do")
    assert f"{journey.NEW_TEST} passes without the change" in str(journey.doc["problem"])


def test_a_target_that_moves_twice_is_followed_twice(journey: "Journey") -> None:
    moved_on(journey, OTHER)
    journey.resume()
    second = journey.repository.move_target({"more.py": b"y = 2\n"})
    journey.resume()

    assert journey.doc["base_commit"] == second
    journey.approve(journey.look())
    journey.merge()
    assert journey.main()["more.py"] == "y = 2\n"
    assert journey.ending == (Status.MERGED, None)


def test_a_branch_made_for_the_old_base_moves_along(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    journey.repository.obstruct("shout.py has changes")
    branch = journey.merge()[0].branch
    journey.repository.obstruct(None)
    journey.repository.move_target(OTHER)
    journey.resume()
    journey.approve(journey.look())

    merged, _ = journey.merge()

    assert merged.branch == branch
    assert journey.repository.branches[branch] == journey.repository.branches["main"] == merged.commit


def test_a_comment_after_the_move_is_worked_on_at_the_new_base(journey: "Journey") -> None:
    moved = moved_on(journey, OTHER)
    journey.resume()
    journey.send_back("shorter, please")
    journey.writes_fix(step="rework-2", text=journey.RIGHT.replace("text.upper()", "text.upper( )"))
    journey.reviews(2)

    assert journey.resume().status is Status.AWAITING_APPROVAL

    assert journey.doc["base_commit"] == moved
    journey.approve(journey.look())
    journey.merge()
    assert journey.main()["other.py"] == "x = 1\n"


def test_without_a_move_resume_changes_nothing(journey: "Journey") -> None:
    journey.to_the_gate()
    keys = [key for key, _ in journey.disk.records(journey.id)]

    assert journey.resume().status is Status.AWAITING_APPROVAL

    assert [key for key, _ in journey.disk.records(journey.id)] == keys


def test_a_merge_that_was_killed_after_the_target_moved_to_its_commit_is_finished_not_carried_over(
    journey: "Journey",
) -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    merged, _ = journey.merge()
    journey.disk.set_status(journey.id, Status.APPROVED)  # as the store was when the process died

    assert journey.resume().status is Status.APPROVED

    assert journey.merge()[0].commit == merged.commit
    assert journey.ending == (Status.MERGED, None)
