"""What every Forge keeps to: the one in memory, and GitHub's over HTTP. People act on the state behind both."""

from typing import Any

import pytest

from coderoute.adapters.forge_inmemory import InMemoryForge, Protection
from coderoute.domain.forge import Access, Account, LineRemark, PullRequest
from coderoute.errors import BadInput, NotYet, Refused
from coderoute.ports import Forge

MARKER = "<!-- coderoute:r1:evidence -->"
BRANCH = "coderoute/1-r1"
REMOVED = LineRemark(path="old.py", line=3, body="Why?", removed=True)


@pytest.fixture(params=["in memory", "github"])
def forge(request: pytest.FixtureRequest, state: InMemoryForge) -> Forge:
    if request.param == "in memory":
        return state
    found: Forge = request.getfixturevalue("github")
    return found


def opened(forge: Forge, state: InMemoryForge, *, draft: bool = False) -> PullRequest:
    state.push(BRANCH, "a" * 40)
    return forge.open_pull_request(branch=BRANCH, base="main", title="Mend", body="It is mended.", draft=draft)


def merge(forge: Forge, pull: PullRequest, head: str | None = None, method: str = "squash") -> str:
    return forge.merge(
        pull.number, head=head or pull.head_commit, base="main", method=method, title="Mend (#2)",
        message="Approved-by: ann",
    )  # fmt: skip


def test_a_repository_says_how_it_is_worked_with(forge: Forge, state: InMemoryForge) -> None:
    state.private, state.merge_methods = True, ("squash",)
    hosted = forge.hosted()
    assert (hosted.repository.slug, hosted.default_branch, hosted.private) == ("acme/app", "main", True)
    assert hosted.merge_methods == ("squash",)
    assert not hosted.archived


def test_whose_token_it_is(forge: Forge) -> None:
    assert forge.whoami() == Account(login="coderoute-bot", human=True)


def test_a_token_of_an_installation_is_nobodys(forge: Forge, state: InMemoryForge) -> None:
    state.me = None
    assert forge.whoami() is None


def test_an_issue_has_its_comments_oldest_first(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("It is broken", "In `a.py`.", author="ann", labels=["bug"])
    for text in ("first", "second"):
        state.say(number, "ann", text)
    issue = forge.issue(number)
    assert (issue.number, issue.title, issue.body, issue.labels) == (number, "It is broken", "In `a.py`.", ("bug",))
    assert [comment.body for comment in issue.comments] == ["first", "second"]
    assert issue.author == Account(login="ann", human=True)
    assert issue.is_open
    assert not issue.is_pull_request


def test_all_comments_come_however_many_there_are(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("Much said", author="ann")
    for count in range(205):
        state.say(number, "ann", str(count))
    assert [comment.body for comment in forge.comments(number)] == [str(count) for count in range(205)]


def test_that_a_comment_was_edited_is_seen(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("x", author="ann")
    state.edit(state.say(number, "ann", "/coderoute approve abc"), "something else")
    (comment,) = forge.comments(number)
    assert comment.body == "something else"
    assert comment.updated_at > comment.created_at


def test_what_is_not_there_is_named(forge: Forge) -> None:
    for ask in (forge.issue, forge.pull_request, forge.comments, forge.reviews):
        with pytest.raises(BadInput, match=r"acme/app has no .*77"):
            ask(77)


def test_an_issue_that_is_a_pull_request_says_so(forge: Forge, state: InMemoryForge) -> None:
    assert forge.issue(opened(forge, state).number).is_pull_request


@pytest.mark.parametrize("access", list(Access))
def test_what_a_person_may_do_is_asked_of_the_forge(forge: Forge, state: InMemoryForge, access: Access) -> None:
    state.person("kim", access)
    assert forge.access("kim") is access


def test_a_stranger_may_do_nothing(forge: Forge) -> None:
    assert forge.access("nobody") is Access.NONE
    assert forge.account("nobody") is None


def test_a_bot_is_no_person_though_it_may_write(forge: Forge, state: InMemoryForge) -> None:
    state.person("robot[bot]", Access.WRITE, human=False)
    assert forge.account("robot[bot]") == Account(login="robot[bot]", human=False)


def test_a_branch_stands_at_a_commit_or_is_not_there(forge: Forge, state: InMemoryForge) -> None:
    state.push("coderoute/1-x", "b" * 40)
    assert forge.head_of("coderoute/1-x") == "b" * 40
    assert forge.head_of("coderoute/1") is None


def test_a_pull_request_is_opened_once(forge: Forge, state: InMemoryForge) -> None:
    first = opened(forge, state, draft=True)
    again = opened(forge, state, draft=True)
    assert again == first
    assert first.draft
    assert (first.head_branch, first.head_commit, first.base_branch) == (BRANCH, "a" * 40, "main")
    assert first.same_repository
    assert len(state.pulls) == 1


def test_a_closed_pull_request_is_not_taken_for_the_open_one(forge: Forge, state: InMemoryForge) -> None:
    first = opened(forge, state)
    state.close(first.number)
    second = opened(forge, state)
    assert second.number != first.number
    newest = forge.pull_request_of(BRANCH)
    assert newest is not None
    assert newest.number == second.number


def test_a_pull_request_of_a_branch_that_is_not_there_is_refused_with_the_reason(forge: Forge) -> None:
    with pytest.raises(Refused, match="acme/app"):
        forge.open_pull_request(branch="coderoute/none", base="main", title="t", body="b", draft=False)


def test_a_branch_without_a_pull_request_has_none(forge: Forge) -> None:
    assert forge.pull_request_of("coderoute/none") is None


def test_a_pull_request_follows_its_branch(forge: Forge, state: InMemoryForge) -> None:
    number = opened(forge, state).number
    state.push(BRANCH, "c" * 40)
    assert forge.pull_request(number).head_commit == "c" * 40


def test_title_and_body_are_brought_up_to_date(forge: Forge, state: InMemoryForge) -> None:
    number = opened(forge, state).number
    forge.describe(number, title="Mend it", body="Now.")
    found = forge.pull_request(number)
    assert (found.title, found.body) == ("Mend it", "Now.")


def test_labels_are_added_to_those_that_are_there(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("x", author="ann", labels=["bug"])
    forge.add_labels(number, ["coderoute", "bug"])
    assert forge.issue(number).labels == ("bug", "coderoute")


def test_our_comment_is_one_and_is_kept_up_to_date(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("x", author="ann")
    state.say(number, "ann", "hello")
    for text in ("one", "two", "two"):
        forge.put_comment(number, marker=MARKER, body=f"{text}\n{MARKER}")
    assert [comment.body for comment in forge.comments(number)] == ["hello", f"two\n{MARKER}"]


def test_what_somebody_else_wrote_with_our_marker_is_left_alone(forge: Forge, state: InMemoryForge) -> None:
    number = state.open_issue("x", author="ann")
    state.say(number, "ann", f"mine\n{MARKER}")
    forge.put_comment(number, marker=MARKER, body=f"ours\n{MARKER}")
    assert [comment.body for comment in forge.comments(number)] == [f"mine\n{MARKER}", f"ours\n{MARKER}"]


def test_a_bot_of_ours_finds_its_comment_and_no_persons(forge: Forge, state: InMemoryForge) -> None:
    state.me = None
    state.person(state.us.login, Access.WRITE, human=False)
    number = state.open_issue("x", author="ann")
    state.say(number, "ann", f"mine\n{MARKER}")
    for text in ("one", "two"):
        forge.put_comment(number, marker=MARKER, body=f"{text}\n{MARKER}")
    assert [comment.body for comment in forge.comments(number)] == [f"mine\n{MARKER}", f"two\n{MARKER}"]


def test_reviews_say_who_gave_them_on_which_head(forge: Forge, state: InMemoryForge) -> None:
    number = opened(forge, state).number
    state.review(number, "ann", "approved")
    state.push(BRANCH, "c" * 40)
    state.dismiss(state.review(number, "ann", "changes_requested", body="no"))
    first, second = forge.reviews(number)
    assert (first.author.login, first.state, first.commit) == ("ann", "approved", "a" * 40)
    assert (second.state, second.commit, second.body) == ("dismissed", "c" * 40, "no")


def test_remarks_are_made_once_for_a_marker(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    remarks = [LineRemark(path="a.py", line=3, body="Why?"), REMOVED]
    for _ in range(2):
        forge.remark(pull.number, pull.head_commit, remarks, body=f"Two.\n{MARKER}", marker=MARKER)
    assert state.remarks[pull.number] == remarks
    (review,) = forge.reviews(pull.number)
    assert (review.state, review.commit, review.body) == ("commented", pull.head_commit, f"Two.\n{MARKER}")


def test_a_marker_in_somebody_else_s_review_is_not_ours(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.review(pull.number, "ann", "commented", body=MARKER)
    forge.remark(pull.number, pull.head_commit, [REMOVED], body=MARKER, marker=MARKER)
    assert state.remarks[pull.number] == [REMOVED]


def test_a_line_that_is_not_in_the_diff_is_refused_and_nothing_is_made(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    outside = LineRemark(path="a.py", line=999, body="Odd.")
    with pytest.raises(Refused, match="Line could not be resolved"):
        forge.remark(pull.number, pull.head_commit, [REMOVED, outside], body=MARKER, marker=MARKER)
    assert forge.reviews(pull.number) == ()
    assert state.remarks[pull.number] == []


def test_it_is_known_when_a_branch_was_last_moved_by_force(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.push(BRANCH, "c" * 40)
    assert forge.head_replaced_at(pull.number) is None, "it grew"
    state.force(BRANCH, "d" * 40)
    first = forge.head_replaced_at(pull.number)
    said = state.say(pull.number, "ann", "And back.")
    state.force(BRANCH, "c" * 40)
    last = forge.head_replaced_at(pull.number)
    assert first is not None
    assert last is not None
    assert first < said.created_at < last


def test_a_status_is_set_where_the_newest_is_another(forge: Forge, state: InMemoryForge) -> None:
    def put(result: str) -> None:
        forge.set_status("a" * 40, context="coderoute/approval", state=result, description="by ann", url=None)

    for result in ("pending", "pending", "success", "pending"):
        put(result)
    assert [status.state for status in state.statuses["a" * 40]] == ["pending", "success", "pending"]


def test_a_merge_moves_the_base_and_repeated_says_the_same(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    commit = merge(forge, pull)
    assert forge.head_of("main") == commit
    assert merge(forge, pull) == commit
    after = forge.pull_request(pull.number)
    assert (after.merged, after.merge_commit, after.is_open) == (True, commit, False)


def test_only_the_head_that_was_approved_is_merged(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.push(BRANCH, "c" * 40)
    with pytest.raises(Refused, match="is at cccccccccccc now, not at aaaaaaaaaaaa"):
        merge(forge, pull)
    assert not forge.pull_request(pull.number).merged


def test_a_draft_is_not_merged_and_the_button_is_named(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state, draft=True)
    with pytest.raises(Refused, match="is a draft") as refused:
        merge(forge, pull)
    assert "Ready for review" in refused.value.remedy
    state.ready(pull.number)
    assert merge(forge, pull)


def test_only_into_the_branch_that_it_was_approved_for(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.push("release", pull.base_commit)
    state.retarget(pull.number, "release")
    with pytest.raises(Refused, match="would go into release now, and was approved for main"):
        merge(forge, pull)
    assert forge.head_of("release") == pull.base_commit
    state.retarget(pull.number, "main")
    assert merge(forge, pull)


def closed(state: InMemoryForge, number: int) -> None:
    state.close(number)


def in_conflict(state: InMemoryForge, number: int) -> None:
    state.conflict(number)


def unapproved(state: InMemoryForge, number: int) -> None:
    state.protection = Protection(approvals=1)


def unchecked(state: InMemoryForge, number: int) -> None:
    state.protection = Protection(checks=("tests",))


def only_rebased(state: InMemoryForge, number: int) -> None:
    state.merge_methods = ("rebase",)


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        (closed, "is closed"),
        (in_conflict, "has a conflict with main"),
        (unapproved, "approving review is required"),
        (unchecked, "Required status check"),
        (only_rebased, "not allowed"),
    ],
)
def test_what_keeps_a_pull_request_from_being_merged_is_said(
    forge: Forge, state: InMemoryForge, obstacle: Any, said: str
) -> None:
    pull = opened(forge, state)
    obstacle(state, pull.number)
    with pytest.raises(Refused, match=said):
        merge(forge, pull)
    assert forge.head_of("main") == pull.base_commit


@pytest.mark.parametrize(
    ("obstacle", "waits"), [(unapproved, True), (unchecked, True), (closed, False), (in_conflict, False)]
)
def test_what_others_have_to_bring_is_told_from_what_waiting_does_not_mend(
    forge: Forge, state: InMemoryForge, obstacle: Any, waits: bool
) -> None:
    pull = opened(forge, state)
    obstacle(state, pull.number)
    with pytest.raises(Refused) as refused:
        merge(forge, pull)
    assert isinstance(refused.value, NotYet) is waits


def test_an_approving_review_and_a_check_let_it_pass(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.protection = Protection(approvals=1, checks=("tests",))
    state.review(pull.number, "ann", "approved")
    forge.set_status(pull.head_commit, context="tests", state="success", description="", url="https://ci.example/1")
    assert merge(forge, pull, method="merge")


def test_in_an_archived_repository_nothing_is_written(forge: Forge, state: InMemoryForge) -> None:
    pull = opened(forge, state)
    state.archived = True
    assert forge.hosted().archived
    with pytest.raises(BadInput, match="archived"):
        merge(forge, pull)
