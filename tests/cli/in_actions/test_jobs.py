"""The shipped workflows from an event to the merge: jobs as their files have them, and real git over HTTP."""

from typing import TYPE_CHECKING

import pytest

from coderoute.domain.forge import Access

if TYPE_CHECKING:
    from tests.cli.in_actions.actions import Started
    from tests.cli.in_actions.conftest import Hub


def all_done(started: "Started") -> None:
    assert {done.outcome for done in started.done.values()} == {"success"}, "".join(
        d.log for d in started.done.values()
    )


def merged(hub: "Hub") -> None:
    assert hub.pull.merged
    assert hub.git.git("show", "main:shout.py") + "\n" == hub.desk.RIGHT
    assert hub.standing == "success"


def test_two_people_are_asked_one_before_there_is_a_pull_request_and_one_on_it(hub: "Hub") -> None:
    started = hub.asked("dispatch")
    started.whole(approves=False)
    assert {name: done.outcome for name, done in started.done.items()} == {
        "gate": "success", "work": "success", "approve": "skipped", "apply": "skipped",
    }  # fmt: skip
    assert hub.untouched()
    shown = started.done["work"]
    assert shown.outputs["patch_sha256"] in shown.summary

    started.job("approve")
    assert shown.outputs["patch_sha256"] in started.done["approve"].log
    started.job("apply")

    all_done(started)
    assert (hub.pull.draft, hub.standing) == (True, "pending")
    assert hub.git.pushed == [f"refs/heads/{hub.pull.head_branch}"]
    said = started.done["apply"].said
    assert (said["conclusion"], said["pull_request"]) == ("awaiting_approval", hub.pull.url)
    assert said["patch_sha256"] == shown.outputs["patch_sha256"]
    assert len(hub.state.comments(hub.pull.number)) == 1

    early = hub.reviewed()
    early.whole()
    assert early.done["merge"].said["conclusion"] == "blocked"
    assert "Ready for review" in early.done["merge"].summary
    hub.state.ready(hub.pull.number)
    word = hub.says("bob", "/coderoute merge")
    word.whole()
    all_done(word)
    assert word.done["merge"].said["conclusion"] == "merged"
    merged(hub)


def test_one_person_is_asked_on_the_pull_request_where_others_are_not_heard(hub: "Hub") -> None:
    started = hub.asked("labeled", "coderoute-pull-request")
    started.whole()
    all_done(started)
    assert (hub.pull.draft, hub.standing) == (False, "pending")
    sha12 = started.done["work"].outputs["patch_sha256"][:12]

    outsider = hub.says("eve", f"/coderoute approve {sha12}")
    outsider.whole()
    assert outsider.done["gate"].said["reason"] == "no_permission"
    assert outsider.done["merge"].outcome == "skipped"
    other = hub.says("bob", "/coderoute approve 0123456789ab")
    other.whole()
    assert other.done["merge"].said["conclusion"] == "blocked"
    assert not hub.pull.merged

    word = hub.says("bob", f"/coderoute approve {sha12}")
    word.whole()
    all_done(word)
    merged(hub)
    again = word.job("merge")
    assert (again.outcome, again.said["conclusion"]) == ("success", "merged")


def test_each_job_sees_its_own_secrets_and_no_others(hub: "Hub") -> None:
    started = hub.asked("comment")
    started.whole()
    all_done(started)
    hub.state.ready(hub.pull.number)
    started = hub.reviewed()
    started.whole()
    all_done(started)
    assert hub.secrets_of("gate", "work", "apply", "merge") == {
        ("gate", "ci gate"): {"GITHUB_TOKEN"},
        ("work", "ci words"): set(), ("work", "run"): {"GITHUB_TOKEN", "ANTHROPIC_API_KEY"},
        ("work", "ci report"): set(), ("work", "export"): set(),
        ("apply", "ci apply"): {"GITHUB_TOKEN"}, ("apply", "ci report"): set(),
        ("gate", "ci merge-gate"): {"GITHUB_TOKEN"}, ("gate", "ci artifact"): {"GH_TOKEN"},
        ("merge", "ci merge"): {"GITHUB_TOKEN"}, ("merge", "ci report"): set(),
    }  # fmt: skip


def test_every_permission_of_a_job_is_needed_and_a_job_that_failed_is_run_again(hub: "Hub") -> None:
    """With one permission less each fails; then it is run as it should be, over what the failed ones left."""
    started = hub.asked("comment", "coderoute-pull-request")
    for name in ("gate", "work", "publish"):
        with_less(started, name)
    assert len(hub.state.pulls) == 1
    assert len(hub.state.comments(hub.pull.number)) == 1
    started = hub.reviewed()
    for name in ("gate", "merge"):
        with_less(started, name)
    merged(hub)


IN_TURN = ("actions", "statuses", "issues", "pull-requests", "contents")
"""What is needed first comes first: a job must not have done its work before it lacks the next one."""
LESS = {"write": "read", "read": "none"}


def with_less(started: "Started", name: str) -> None:
    granted = started.jobs[name]["permissions"]
    assert set(granted) <= set(IN_TURN)
    for permission in (each for each in IN_TURN if each in granted and (name, each) not in NOT_SEEN_HERE):
        done = started.job(name, {**granted, permission: LESS[granted[permission]]})
        assert done.outcome == "failure" or done.outputs.get("go") == "false", (name, permission, done.log)
    assert started.job(name).outcome == "success", started.done[name].log


NOT_SEEN_HERE = {("merge", "actions")}
"""The download is the runner's own."""


@pytest.mark.parametrize("when", ["before it is published", "before it is merged"])
def test_where_the_target_moved_nothing_is_written(hub: "Hub", when: str) -> None:
    if when == "before it is published":
        started = hub.gate_opened("coderoute-pull-request")
        started.job("work")
        moved = hub.git.commit("main", {"other.py": "x = 1\n"})
        done = started.job("publish")
        assert hub.untouched()
    else:
        hub.published()
        before, moved = hub.pull.head_commit, hub.git.commit("main", {"other.py": "x = 1\n"})
        started = hub.reviewed()
        started.job("gate")
        done = started.job("merge")
        assert (hub.pull.merged, hub.pull.head_commit) == (False, before)
    assert (done.outcome, done.said["conclusion"]) == ("failure", "blocked")
    assert "[End as it did] 4" in done.log
    assert len(done.said["run_id"]) == 8
    assert hub.git.head_of("main") == moved


def test_another_bundle_than_the_pull_request_was_made_of_merges_nothing(hub: "Hub") -> None:
    """A right word, a right name, and inside is another change of the same run."""
    hub.published()
    forged = hub.git.commit(hub.pull.head_branch, {"shout.py": "evil = 1\n"})
    started = hub.reviewed()
    started.job("gate")
    done = started.job("merge")
    assert (done.outcome, done.said["conclusion"]) == ("failure", "blocked")
    assert f"is at {forged[:12]}" in done.summary
    assert not hub.pull.merged


def test_what_people_said_counts_as_the_forge_has_it_when_it_is_merged(hub: "Hub") -> None:
    hub.published()
    started = hub.reviewed()
    started.job("gate")
    hub.state.person("bob", Access.READ)
    assert started.job("merge").said["conclusion"] == "blocked"
    assert not hub.pull.merged
