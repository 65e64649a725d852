"""Words that count, at the terminal and on the pull request; and the merge there."""

from typing import TYPE_CHECKING

import pytest

from coderoute.domain.forge import Access

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There


def test_approved_by_a_comment(there: "There") -> None:
    run = there.to_the_page()
    refused = there("merge", run)
    assert refused.code == 4
    assert there.pull.url in refused.err
    there.says("ann", f"/coderoute approve {there.sha12(run)}")

    merged = there("merge", run, "--json")

    assert merged.code == 0
    assert merged.json["status"] == "merged"
    there.merged(run)
    assert there.doc(run)["approval"]["by"] == "ann"
    again = there("merge", run)
    assert (again.code, "already merged" in again.out) == (0, True)


def test_approved_by_a_review(there: "There") -> None:
    run = there.to_the_page()
    there.state.review(there.pull.number, "ben", "approved")
    assert there("merge", run).code == 0
    there.merged(run)


def test_approved_at_the_terminal(there: "There") -> None:
    run = there.to_the_page()
    there("diff", run)
    assert there("approve", run, "--patch", there.sha12(run)).code == 0
    assert there.standing == "success"
    assert there("merge", run).code == 0
    there.merged(run)


def test_an_outsider_s_word_does_nothing_and_it_is_said_why(there: "There") -> None:
    run = there.to_the_page()
    there.says("eve", f"/coderoute approve {there.sha12(run)}")
    refused = there("merge", run)
    assert refused.code == 4
    assert "eve may not write to the repository" in refused.err
    assert "eve may not write" in there.ours[0]
    assert there.standing == "pending"


def test_a_draft_waits_for_its_button(there: "There") -> None:
    run = there.to_the_page(draft=True)
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    refused = there("merge", run)
    assert refused.code == 4
    assert "Ready for review" in refused.err
    there.state.ready(there.pull.number)
    assert there("merge", run).code == 0
    there.merged(run)


def test_rejected_on_the_page(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", "/coderoute reject not wanted")
    assert there("merge", run).code == 3
    assert there.doc(run)["status"] == "rejected"
    assert there.standing == "failure"


def test_resume_hears_a_rejection_too(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", "/coderoute reject not wanted")
    assert there("resume", run).code == 3
    assert there.standing == "failure"


@pytest.mark.parametrize(("words", "state"), [
    (("reject", "--reason", "no"), "failure"), (("send-back", "--comment", "so"), "pending"), (("cancel",), "failure"),
])  # fmt: skip
def test_what_is_taken_back_at_the_terminal_is_not_green_there(
    there: "There", words: tuple[str, ...], state: str
) -> None:
    run = there.to_the_page()
    there("diff", run)
    there("approve", run, "--patch", there.sha12(run))
    assert there.standing == "success"
    assert there(words[0], run, *words[1:]).code == 0
    assert there.standing == state


def test_a_decision_stands_though_the_forge_is_down(there: "There") -> None:
    run = there.to_the_page()
    there.api.down = True
    ended = there("reject", run, "--reason", "no")
    assert ended.code == 0
    assert "does not answer" in ended.err
    assert there.doc(run)["status"] == "rejected"


@pytest.mark.parametrize("command", ["merge", "resume"])
def test_sent_back_on_the_page_and_mended_there(there: "There", command: str) -> None:
    run = there.to_the_page()
    number, first = there.pull.number, there.pull.head_commit
    there.says("ann", "/coderoute send-back shorter, please")
    there.knows_a_shorter_way()
    if command == "merge":
        assert there("merge", run).code == 130

    ended = there("resume", run)

    assert ended.code == 0, ended.err
    assert any("shorter, please" in body for body in there.desk.models.bodies)
    assert (there.pull.number, there.pull.head_commit == first) == (number, False)
    assert len(there.ours) == 1
    assert there("merge", run).code == 4
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
    assert there.on("main", "shout.py") == there.SHORTER


def test_where_the_target_moved_the_change_is_brought_along_and_approved_anew(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    moved = there.git.commit("main", {"other.py": "x = 1\n"})
    refused = there("merge", run)
    assert refused.code == 4
    assert "the target moved" in refused.err

    assert there("resume", run).code == 0

    assert there.doc(run)["base_commit"] == moved
    assert there.git.git("rev-parse", f"{there.pull.head_commit}^") == moved
    assert there("merge", run).code == 4, "approved was another head"
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
    there.merged(run)
    assert there.on("main", "other.py") == "x = 1\n"


def test_a_head_that_somebody_else_pushed_is_not_merged(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    there.git.commit(there.pull.head_branch, {"shout.py": "evil = 1\n"})
    refused = there("merge", run)
    assert (refused.code, "which nobody here made" in refused.err) == (4, True)
    assert there.on("main", "shout.py") == there.desk.SHOUT


def test_waiting_ends_with_somebody_s_word(there: "There", monkeypatch: pytest.MonkeyPatch) -> None:
    run = there.to_the_page()
    sha12, looks = there.sha12(run), []

    class Clock:
        @staticmethod
        def sleep(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 2:
                there.says("ann", f"/coderoute approve {sha12}")

    monkeypatch.setattr("coderoute.cli.gate.time", Clock)
    assert there("merge", run, "--wait").code == 0
    assert len(looks) == 2
    there.merged(run)


def test_waiting_ends_with_the_check_that_the_forge_demands(there: "There", monkeypatch: pytest.MonkeyPatch) -> None:
    run = there.to_the_page()
    there.state.protection.checks = ("ci/build",)
    there.state.review(there.pull.number, "ben", "approved")
    looks: list[float] = []

    class Clock:
        @staticmethod
        def sleep(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                there.state.set_status(
                    there.pull.head_commit, context="ci/build", state="success", description="", url=None
                )

    monkeypatch.setattr("coderoute.cli.gate.time", Clock)
    ended = there("merge", run, "--wait")
    assert (ended.code, len(looks)) == (0, 3)
    assert ended.err.count("waiting: ") == 1, "the same thing is said once"
    assert 'status check "ci/build" is expected' in ended.err
    there.merged(run)


@pytest.mark.parametrize("what", ["draft", "moved", "conflict", "closed"])
def test_what_waiting_does_not_mend_ends_it(there: "There", what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = there.to_the_page(draft=what == "draft")
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    match what:
        case "moved":
            there.git.commit("main", {"other.py": "x = 1\n"})
        case "conflict":
            there.state.conflict(there.pull.number)
        case "closed":
            there.state.close(there.pull.number)
    monkeypatch.setattr("coderoute.cli.gate.time", None)
    assert there("merge", run, "--wait").code == 4
    assert not there.pull.merged


def test_a_check_that_the_forge_demands(there: "There") -> None:
    run = there.to_the_page()
    there.state.protection.checks = ("ci/build",)
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    refused = there("merge", run)
    assert (refused.code, "ci/build" in refused.err) == (4, True)
    assert there.doc(run)["status"] == "approved"


@pytest.mark.parametrize("command", ["merge", "resume"])
def test_merged_there_by_the_forge_s_own_button(there: "There", command: str) -> None:
    run = there.to_the_page()
    there.state.merge(
        there.pull.number, head=there.pull.head_commit, base="main", method="merge", title="t", message="m"
    )
    assert there(command, run).code == 0
    there.merged(run)


def test_an_approval_that_was_taken_back_on_the_page_is_none(there: "There") -> None:
    run = there.to_the_page(draft=True)
    given = there.state.review(there.pull.number, "ben", "approved")
    assert "Ready for review" in there("merge", run).err
    assert there.standing == "success"
    there.state.dismiss(given)
    there.state.ready(there.pull.number)

    assert there("merge", run).code == 4

    assert there.doc(run)["status"] == "awaiting_approval"
    assert there.standing == "pending"
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
    assert there.doc(run)["approval"]["by"] == "ann"


@pytest.mark.parametrize("lost", ["edited", "removed", "right", "pushed", "objected"])
def test_a_word_has_to_count_when_it_is_merged(there: "There", lost: str) -> None:
    run = there.to_the_page(draft=True)
    said = there.state.say(there.pull.number, "ann", f"/coderoute approve {there.sha12(run)}")
    assert there.doc(run)["status"] == "awaiting_approval"
    there("merge", run)
    assert there.doc(run)["status"] == "approved"
    there.state.ready(there.pull.number)
    match lost:
        case "edited":
            there.state.edit(said, said.body)
        case "removed":
            there.state.said[there.pull.number].remove(said)
        case "right":
            there.state.person("ann", Access.READ)
        case "pushed":
            there.git.commit(there.pull.head_branch, {"shout.py": "evil = 1\n"})
        case _:
            there.state.review(there.pull.number, "ben", "changes_requested")
    assert there("merge", run).code == 4
    assert there.doc(run)["status"] == "awaiting_approval"
    assert not there.pull.merged


def test_a_request_for_changes_holds_up_what_was_approved_at_the_terminal(there: "There") -> None:
    run = there.to_the_page()
    there("diff", run)
    there("approve", run, "--patch", there.sha12(run))
    objection = there.state.review(there.pull.number, "ben", "changes_requested")
    refused = there("merge", run)
    assert (refused.code, "ben asked for changes" in refused.err) == (4, True)
    there.state.dismiss(objection)
    assert there("merge", run).code == 0


def test_a_plan_is_published_when_it_is_carried_out(there: "There") -> None:
    there.desk.models.knows_the_way()
    planned = there("plan", "acme/app#1", "--json", "-q", *there.NO_DRAFT)
    assert planned.json["status"] == "planned"
    assert there.state.pulls == {}
    assert there("resume", "last").code == 0
    there.one_of_each(planned.json["run_id"])


def test_who_asked_does_not_approve_where_somebody_else_must(there: "There") -> None:
    run = there.to_the_page("acme/app#1", "-c", "gate.require_other_approver=true")
    there.state.person("eve", Access.WRITE)
    for login in ("eve", "coderoute-bot"):
        there.says(login, f"/coderoute approve {there.sha12(run)}")
    refused = there("merge", run)
    assert refused.code == 4
    assert "eve asked for this change" in refused.err
    assert "coderoute-bot asked for this change" in refused.err
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0


def test_our_own_check_may_be_demanded(there: "There") -> None:
    run = there.to_the_page()
    there.state.protection.checks = ("coderoute/approval",)
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
