"""What stands between a change and the branch: a person who saw exactly that patch."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain import places
from coderoute.domain.run import Status
from coderoute.errors import BadInput, Refused

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


def test_a_patch_that_was_not_shown_cannot_be_approved(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.section("patch")["sha256"]

    refusal = journey.refusal(journey.approve, sha256)

    assert isinstance(refusal, Refused)
    assert "not shown" in refusal.problem
    journey.look()
    assert journey.approve(sha256).patch_sha256 == sha256


@pytest.mark.parametrize(
    ("what", "name", "kind"),
    [
        ("another patch", "0" * 64, Refused),
        ("another prefix", "0" * 12, Refused),
        ("too short a prefix", "{sha256:.11}", BadInput),
        ("no hash", "yes, merge it", BadInput),
        ("nothing", "", BadInput),
        ("too long", "{sha256}00", BadInput),
    ],
)
def test_what_does_not_name_this_patch_does_not_approve_it(
    what: str, name: str, kind: type[Exception], journey: "Journey"
) -> None:
    journey.to_the_gate()
    sha256 = journey.look()

    refusal = journey.refusal(journey.approve, name.format(sha256=sha256))

    assert isinstance(refusal, kind), what
    assert journey.ending == (Status.AWAITING_APPROVAL, None)
    assert journey.disk.approvals(journey.id) == ()


def test_a_prefix_of_twelve_digits_approves_in_either_case(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()

    assert journey.approve(sha256[:12].upper()).patch_sha256 == sha256
    assert journey.ending == (Status.APPROVED, None)


def test_approving_twice_is_one_record(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()

    assert journey.approve(sha256) == journey.approve(sha256[:12])
    assert len(journey.disk.approvals(journey.id)) == 1


def test_approving_what_is_merged_changes_nothing_however_late(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()
    first = journey.approve(sha256)
    journey.merge()
    journey.time += timedelta(days=3)

    assert journey.approve(sha256) == first
    assert journey.ending == (Status.MERGED, None)


def test_each_protected_item_must_be_acknowledged_by_name(new_journey: "Callable[..., Journey]") -> None:
    journey = new_journey()
    journey.terms = replace(journey.terms, protected_paths=("shout.py",))
    journey.to_the_gate()
    sha256 = journey.look()
    (item,) = journey.section("admission")["items"]
    assert (journey.section("admission")["verdict"], item["path"], item["acknowledged"]) == (
        "protected", "shout.py", False,
    )  # fmt: skip

    refusal = journey.refusal(journey.approve, sha256)
    assert isinstance(refusal, Refused)
    assert f"--ack {item['id']}" in refusal.problem
    strange = journey.refusal(journey.approve, sha256, item["id"], "something.else")
    assert isinstance(strange, BadInput)
    assert item["id"] in strange.remedy

    assert journey.approve(sha256, item["id"]).acknowledged == (item["id"],)
    assert journey.section("admission")["items"][0]["acknowledged"] is True
    journey.merge()
    assert journey.main()["shout.py"] == journey.RIGHT


def test_a_weakened_test_is_a_protected_item_and_does_not_stop_the_work(journey: "Journey") -> None:
    journey.plans(journey.step("fix", files=["shout.py", "tests/test_shout.py"]), test=None)
    journey.writes("fix", 1, "tests/test_shout.py", journey.OLD_TESTS.replace("== 'A!'", "is not None"))
    journey.reviews(1)

    assert journey.start().status is Status.AWAITING_APPROVAL
    assert [item["path"] for item in journey.section("admission")["items"]] == ["tests/test_shout.py"]
    assert "protected item" in journey.heard("review", 1)


def test_nothing_is_merged_before_it_is_approved(journey: "Journey") -> None:
    journey.to_the_gate()

    refusal = journey.refusal(journey.merge)

    assert isinstance(refusal, Refused)
    assert "awaiting_approval, not approved" in refusal.problem
    assert "coderoute approve" in refusal.remedy
    assert list(journey.repository.branches) == ["main"]


def test_a_target_that_moved_is_not_touched(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    moved = journey.repository.move_target({"other.py": b"x = 1\n"})

    refusal = journey.refusal(journey.merge)

    assert "the target moved" in refusal.problem
    assert journey.repository.branches == {"main": moved}
    assert journey.ending == (Status.APPROVED, None)


def test_an_approval_lasts_a_day(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()
    journey.approve(sha256)
    journey.time += timedelta(hours=24)

    refusal = journey.refusal(journey.merge)

    assert "expired" in refusal.problem
    assert journey.ending == (Status.AWAITING_APPROVAL, None)
    assert journey.main()["shout.py"] == journey.SHOUT
    journey.approve(sha256)
    journey.merge()
    assert journey.ending == (Status.MERGED, None)


def test_a_work_tree_that_cannot_follow_gets_the_branch_and_the_run_stays_approved(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    journey.repository.obstruct("shout.py has changes")

    result, _ = journey.merge()

    assert (result.target_moved, result.why) == (False, "shout.py has changes")
    assert result.command == f"git merge --ff-only {result.branch}"
    assert journey.ending == (Status.APPROVED, None)
    journey.repository.obstruct(None)
    again, before = journey.merge()
    assert (again.target_moved, again.commit, before) == (True, result.commit, False)
    assert journey.ending == (Status.MERGED, None)


def test_a_patch_file_that_was_tampered_with_is_not_shown(journey: "Journey") -> None:
    journey.to_the_gate()
    (patch,) = journey.folder.glob("*.patch")
    patch.write_bytes(patch.read_bytes() + b"+ and more\n")

    assert "was changed after it was made" in journey.refusal(journey.look).problem


def test_a_changed_record_does_not_carry_an_approval(journey: "Journey") -> None:
    """Whoever can write the database still cannot sign: the key is elsewhere."""
    journey.to_the_gate()
    approval = journey.approve(journey.look())
    journey.disk._approvals[0] = replace(approval, by="mallory")

    assert "signature" in journey.refusal(journey.merge).problem
    assert journey.main()["shout.py"] == journey.SHOUT


def test_a_patch_file_changed_after_the_approval_is_not_merged(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    (patch,) = journey.folder.glob("*.patch")
    patch.write_bytes(b"")

    assert "was changed after it was made" in journey.refusal(journey.merge).problem
    assert journey.main()["shout.py"] == journey.SHOUT


@pytest.mark.parametrize("place", [places.TERMS, places.TASK, places.BASELINE])
def test_terms_task_or_baseline_changed_after_the_approval_void_it(place: str, journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    kind, value = journey.disk._records[journey.run.id][place]
    changed = {
        places.TERMS: ('"require_other_approver": false', '"require_other_approver": true'),
        places.TASK: ('"title": "', '"title": "evil '),
        places.BASELINE: ('"passed"', '"failed"'),
    }
    journey.disk._records[journey.run.id][place] = (kind, value.replace(*changed[place]))

    assert "the evidence is not what was approved" in journey.refusal(journey.merge).problem
    assert journey.main()["shout.py"] == journey.SHOUT


def test_an_approval_for_one_repository_merges_into_no_other(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    journey.repository = InMemoryRepository({"else.py": b"x = 1\n"})

    assert "nothing was merged: the history of refs/heads/main begins with" in journey.refusal(journey.merge).problem
    assert journey.main() == {"else.py": "x = 1\n"}


def test_an_approval_is_not_used_again_for_the_same_patch_made_anew(journey: "Journey") -> None:
    """Sent back twice, the change ends as it began; the word on the first is no word on the third."""
    longer = journey.RIGHT.replace("else ''", "else str()")
    journey.to_the_gate()
    for number, text in ((1, longer), (2, journey.RIGHT)):
        journey.writes_fix(1, text, step=f"rework-{number}")
        journey.reviews(number + 1)
    sha256 = journey.look()
    first = journey.approve(sha256)
    for comment in ("longer", "shorter"):
        journey.send_back(comment)
        assert journey.resume().status is Status.AWAITING_APPROVAL
    assert journey.section("patch")["sha256"] == sha256

    journey.disk.set_status(journey.id, Status.APPROVED)  # as somebody would who has the database alone
    refusal = journey.refusal(journey.merge)

    assert "the evidence is not what was approved" in refusal.problem
    assert journey.main()["shout.py"] == journey.SHOUT
    assert journey.approve(sha256).nonce != first.nonce
    journey.merge()
    assert journey.main()["shout.py"] == journey.RIGHT


def test_an_approval_put_into_another_run_merges_nothing_there(new_journey: "Callable[..., Journey]") -> None:
    ours, theirs = new_journey(), new_journey(id="run-2")
    for one in (ours, theirs):
        one.to_the_gate()
    approval = ours.approve(ours.look())
    theirs.disk.put_approval(replace(approval, run_id="run-2"))
    theirs.disk.set_status("run-2", Status.APPROVED)

    assert "signature" in theirs.refusal(theirs.merge).problem
    assert theirs.main()["shout.py"] == theirs.SHOUT


def test_the_requester_may_approve_unless_another_approver_is_asked_for(new_journey: "Callable[..., Journey]") -> None:
    journey = new_journey(user="grace")
    journey.terms = replace(journey.terms, require_other_approver=True)
    journey.to_the_gate()
    sha256 = journey.look()

    assert "grace started this run" in journey.refusal(journey.approve, sha256).problem
    journey.user = "ada"
    assert journey.approve(sha256).by == "ada"


def test_a_rejected_run_can_be_neither_approved_nor_merged_nor_revived(journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()
    journey.approve(sha256)
    journey.reject("no")

    for act in (lambda: journey.approve(sha256), journey.merge, lambda: journey.send_back("but")):
        assert "rejected" in journey.refusal(act).problem
    assert journey.resume().status is Status.REJECTED
    assert journey.main()["shout.py"] == journey.SHOUT


def test_what_is_merged_cannot_be_rejected(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    journey.merge()

    assert "merged already" in journey.refusal(journey.reject, "too late").problem
