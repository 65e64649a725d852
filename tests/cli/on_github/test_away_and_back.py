"""A pull request that becomes another one: another head, another branch to go into, and what it was again."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There

EVIL = {"shout.py": "evil = 1\n"}


def approved(there: "There", how: str) -> str:
    """A run whose approval was said on the page and is not taken in yet."""
    run = there.to_the_page()
    if how == "comment":
        there.says("ann", f"/coderoute approve {there.sha12(run)}")
    else:
        there.state.review(there.pull.number, "ann", "approved")
    return run


def away(there: "There") -> str:
    """Somebody pushes another head; the first one."""
    first = there.pull.head_commit
    there.git.commit(there.pull.head_branch, EVIL)
    return first


def back(there: "There", first: str) -> None:
    branch = there.pull.head_branch
    there.git.git("update-ref", f"refs/heads/{branch}", first)
    there.state.force(branch, first)


@pytest.mark.parametrize("how", ["comment", "review"])
def test_put_back_behind_our_back_an_approval_has_to_be_said_again(there: "There", how: str) -> None:
    run = approved(there, how)
    back(there, away(there))

    refused = there("merge", run)

    assert (refused.code, "has to be said again" in refused.err) == (4, True)
    assert there.standing == "pending"
    there.state.review(there.pull.number, "ben", "approved")
    assert there("merge", run).code == 0
    there.merged(run)
    assert there.doc(run)["approval"]["by"] == "ben"


def test_what_we_saw_ourselves_needs_no_log_of_the_forge(there: "There") -> None:
    run = approved(there, "review")
    first = away(there)
    assert "which nobody here made" in there("merge", run).err
    back(there, first)
    there.state.forced.clear()
    refused = there("merge", run)
    assert (refused.code, "has to be said again" in refused.err) == (4, True)
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
    there.merged(run)


def test_a_rejection_counts_through_all_of_it(there: "There") -> None:
    run = there.to_the_page()
    there.says("ann", "/coderoute reject no")
    back(there, away(there))
    assert there("merge", run).code == 3


def test_our_own_new_head_is_approved_as_ever(there: "There") -> None:
    """The branch is moved by force for a change that was mended, and what is said then is about that one."""
    run = there.to_the_page()
    there("send-back", run, "--comment", "shorter")
    there.knows_a_shorter_way()
    assert there("resume", run).code == 0
    there.state.force(there.pull.head_branch, there.pull.head_commit)
    there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0


@pytest.mark.parametrize("where", ["page", "terminal"])
def test_into_another_branch_it_is_not_merged(there: "There", where: str) -> None:
    there.git.commit("release", {"old.py": "x = 1\n"})
    there.git.commit("main", {})
    run = there.to_the_page()
    if where == "page":
        there.says("ann", f"/coderoute approve {there.sha12(run)}")
    else:
        there("diff", run)
        there("approve", run, "--patch", there.sha12(run))
    release = there.git.head_of("release")
    there.state.retarget(there.pull.number, "release")

    refused = there("merge", run)

    assert (refused.code, "would go into release now" in refused.err) == (4, True)
    assert there.git.head_of("release") == release
    there.state.retarget(there.pull.number, "main")
    if where == "page":
        assert "has to be said again" in there("merge", run).err
        there.says("ann", f"/coderoute approve {there.sha12(run)}")
    assert there("merge", run).code == 0
    there.merged(run)


def test_a_target_that_moves_in_the_moment_of_the_merge_is_told(there: "There") -> None:
    run = approved(there, "review")
    made = there.git.merged_as

    def meanwhile(pull: object, method: str) -> str:
        there.git.commit("main", {"other.py": "x = 1\n"})
        return made(pull, method)  # type: ignore[arg-type]

    there.state.merged_as = meanwhile

    ended = there("merge", run)

    assert ended.code == 0
    assert "was not tested together" in ended.err
    assert "merged, but the target had moved by then" in there.ours[0]
    assert there.doc(run)["status"] == "merged"


@pytest.mark.parametrize("moved", [True, False])
def test_a_merge_by_the_forge_s_own_button_is_compared_too(there: "There", moved: bool) -> None:
    run = there.to_the_page()
    if moved:
        there.git.commit("main", {"other.py": "x = 1\n"})
    pull = there.pull
    there.state.merge(pull.number, head=pull.head_commit, base="main", method="squash", title="t", message="m")

    ended = there("merge", run)

    assert ended.code == 0
    assert ("was not tested together" in ended.err) is moved
    assert ("not tested together" in there.ours[0]) is moved


def test_a_merge_into_another_branch_by_that_button_is_told(there: "There") -> None:
    there.git.commit("release", {"old.py": "x = 1\n"})
    there.git.commit("main", {})
    run = there.to_the_page()
    pull = there.pull
    there.state.retarget(pull.number, "release")
    there.state.merge(pull.number, head=pull.head_commit, base="release", method="merge", title="t", message="m")
    ended = there("merge", run)
    assert "it was merged into release, and was approved for main" in ended.err
    assert "merged into release" in there.ours[0]


def test_a_merge_that_somebody_replaced_since_is_told(there: "There") -> None:
    run = there.to_the_page()
    pull, before = there.pull, there.git.head_of("main")
    there.state.merge(pull.number, head=pull.head_commit, base="main", method="merge", title="t", message="m")
    there.git.git("update-ref", "refs/heads/main", str(before))
    there.git.git("gc", "--prune=now", "-q")
    ended = there("merge", run)
    assert ended.code == 0
    assert "is not in main any more" in ended.err
