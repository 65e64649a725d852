"""Whatever breaks: one branch, one pull request, one comment, and the run goes on."""

from typing import TYPE_CHECKING

import pytest

from tests.fake_github.api import Fault

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There


@pytest.mark.parametrize("method", ["open_pull_request", "describe", "put_comment", "set_status"])
def test_stopped_while_it_is_published(there: "There", method: str) -> None:
    there.desk.models.knows_the_way()
    with there.killed_at(method):
        assert there("run", "acme/app#1", "-q", *there.NO_DRAFT).code == 130
    calls = len(there.desk.models.seen)

    assert there("resume", "last").code == 0

    assert len(there.desk.models.seen) == calls, "nothing is paid twice"
    there.one_of_each(there.desk.runs[0]["run_id"])


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("status", [502, None])
def test_answers_that_are_lost(there: "There", status: int | None, done: bool) -> None:
    """Of the first request of each kind, whether or not its work was done."""
    wanted = [
        ("GET", "/issues/1$"),
        *(("POST", f"/{what}") for what in ("pulls$", "comments$", "labels$", "statuses/")),
    ]
    there.api.faults = [Fault(verb=verb, path=path, status=status, done=done) for verb, path in wanted]
    run = there.to_the_page("acme/app#1", "-c", 'github.labels=["by-coderoute"]')
    assert there.api.faults == []
    there.one_of_each(run)
    assert there.state.issues[there.pull.number].labels == ("by-coderoute",)


def test_a_push_whose_answer_is_lost(there: "There") -> None:
    there.git.lost_pushes = 1
    there.one_of_each(there.to_the_page())


@pytest.mark.parametrize("done", [True, False])
def test_answers_to_a_merge_that_are_lost(there: "There", done: bool) -> None:
    run = there.to_the_page()
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    wanted = (("PUT", "/merge$"), ("PATCH", "/issues/comments/"), ("POST", "/statuses/"), ("GET", "/pulls/2$"))
    there.api.faults = [Fault(verb=verb, path=path, done=done) for verb, path in wanted]
    assert there("merge", run).code == 0
    assert there.api.faults == []
    there.merged(run)
    assert len(there.ours) == 1


def test_stopped_right_after_the_merge(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    with there.killed_at("set_status", after=1):  # the status that goes with the merge comes second
        assert there("merge", run).code == 130
    assert there.pull.merged
    assert there("merge", run).code == 0
    there.merged(run)


def test_a_forge_that_is_down_when_the_change_is_ready(there: "There") -> None:
    there.desk.models.knows_the_way()

    with there.down_when_the_models_work():
        ended = there("run", "acme/app#1", "-q", *there.NO_DRAFT)

    assert ended.code == 69, ended.err
    run = there.desk.runs[0]["run_id"]
    assert f"coderoute resume {run}" in ended.err
    assert there.doc(run)["status"] == "awaiting_approval"
    assert there("resume", run).code == 0
    there.one_of_each(run)


def test_down_when_the_mended_change_is_ready(there: "There") -> None:
    run = there.to_the_page()
    first = there.pull.head_commit
    there("send-back", run, "--comment", "shorter")
    there.knows_a_shorter_way()
    with there.down_when_the_models_work():
        assert there("resume", run).code == 69
    assert there.pull.head_commit == first
    assert there("merge", run).code == 4
    assert there("resume", run).code == 0
    assert there.pull.head_commit != first
    there.one_of_each(run)


def test_a_token_that_may_not_push(there: "There") -> None:
    there.git.read_only = True
    there.desk.models.knows_the_way()
    ended = there("run", "acme/app#1", "-q", *there.NO_DRAFT)
    assert ended.code == 78
    assert "contents=write" in ended.err
    there.git.read_only = False
    assert there("resume", "last").code == 0
    there.one_of_each(there.desk.runs[0]["run_id"])


@pytest.mark.parametrize(("what", "permission"), [
    ("POST /pulls", "pull_requests=write"), ("POST /comments", "issues=write"),
])  # fmt: skip
def test_a_permission_that_is_missing_is_named(there: "There", what: str, permission: str) -> None:
    there.api.forbidden[what] = permission
    there.desk.models.knows_the_way()
    ended = there("run", "acme/app#1", "-q", *there.NO_DRAFT)
    assert ended.code == 78
    assert permission in ended.err
    there.api.forbidden.clear()
    assert there("resume", "last").code == 0
    there.one_of_each(there.desk.runs[0]["run_id"])
