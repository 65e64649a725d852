"""Stories that end on a forge: the pull request, what people say there, and the merge."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from coderoute.adapters.forge_inmemory import InMemoryForge, InMemoryRemote
from coderoute.domain.forge import Access, PullRequest
from coderoute.domain.forge_words import Heard
from coderoute.domain.published import Published
from coderoute.domain.run import Status
from coderoute.errors import CoderouteError, Refused, TargetMoved, Unavailable
from coderoute.flow.adopting import adopt
from coderoute.flow.kept import patch_text
from coderoute.flow.landing import land, listen
from coderoute.flow.publish import APPROVAL, Hub, Page, publish
from coderoute.journal import Journal
from coderoute.ports import Identity, MergeResult
from coderoute.report import line_comments
from coderoute.report.pull_request import body_of, comment_of, marker, title_of

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey

KEY = b"the approval key of this test"
OTHER = {"other.py": b"x = 1\n"}


class Story:
    """A run on issue 1 of a forge, up to the gate, with its pull request."""

    def __init__(self, journey: "Journey") -> None:
        self.journey = journey
        self.forge = InMemoryForge(
            branches={"main": journey.repository.branches["main"]}, merged_as=self.merged, clock=lambda: journey.time
        )
        for login, access in (("ada", Access.WRITE), ("ben", Access.MAINTAIN), ("eve", Access.READ)):
            self.forge.person(login, access)
        self.issue = self.forge.open_issue("shout() of nothing", author="eve")

    def merged(self, pull: PullRequest, method: str) -> str:
        repository = self.journey.repository
        commit = repository.commit(
            tree=repository.pin(pull.head_commit).tree, base=repository.pin("main"), message=f"{method} {pull.number}",
            author=Identity(name="Forge", email="f@example.invalid"), at=self.journey.time,
        )  # fmt: skip
        repository.branches["main"] = commit
        return commit

    @property
    def hub(self) -> Hub:
        journey = self.journey
        return Hub(
            forge=self.forge, remote=InMemoryRemote(forge=self.forge), repository=journey.repository,
            author=lambda: Identity(name="Ada", email="ada@example.invalid"), now=lambda: journey.time,
            page=Page(
                title=lambda: title_of(journey.doc), body=lambda: body_of(journey.doc, issue=self.issue),
                comment=lambda state, passed: comment_of(journey.doc, state=state, passed_over=passed),
                marker=marker(journey.id), marker_of_findings=lambda commit: line_comments.marker(journey.id, commit),
                findings=lambda commit: line_comments.findings_of(journey.doc, patch_of(journey), commit),
            ),
        )  # fmt: skip

    def publish(self) -> Published:
        return publish(self.journey.store, self.journey.run, self.hub)

    def listen(self) -> Heard:
        return listen(self.journey.store, self.journey.run, self.hub, KEY)

    def land(self, pause: Callable[[str], bool] = lambda _: False) -> tuple[MergeResult, bool]:
        return land(self.journey.store, self.journey.run, self.hub, key=KEY, pause=pause)

    def refused(self, act: Callable[[], object]) -> CoderouteError:
        with pytest.raises(CoderouteError) as caught:
            act()
        return caught.value

    @property
    def pull(self) -> PullRequest:
        found = self.forge.pull_request_of(self.published.branch)
        assert found is not None
        return found

    @property
    def published(self) -> Published:
        journal = Journal(self.journey.store, self.journey.id)
        found = journal.get(journal.keys("published/")[-1], Published)
        assert found is not None
        return found

    def says(self, login: str, words: str) -> None:
        self.forge.say(self.published.number, login, words)

    @property
    def sha12(self) -> str:
        return str(self.journey.section("patch")["sha256"])[:12]

    def status(self) -> tuple[str, str] | None:
        found = [s for s in self.forge.statuses.get(self.pull.head_commit, []) if s.context == APPROVAL]
        return (found[0].state, found[0].description) if found else None

    def somebody_pushes_to_main(self, files: dict[str, bytes]) -> str:
        moved = self.journey.repository.move_target(files)
        self.forge.push("main", moved)
        return moved


def patch_of(journey: "Journey") -> bytes:
    found = patch_text(journey.store, journey.run)
    assert found is not None
    return found[1]


@pytest.fixture
def page(journey: "Journey") -> Story:
    made = Story(journey)
    journey.terms = replace(journey.terms, draft=False)
    journey.to_the_gate()
    return made


def test_the_pull_request_holds_the_evidence_and_waits(page: Story) -> None:
    published = page.publish()

    assert page.pull.number == published.number
    assert page.pull.base_branch == "main"
    assert page.pull.head_branch == f"coderoute/shout-of-nothing-{page.journey.id}"
    assert f"/coderoute approve {page.sha12}" in page.pull.body
    assert page.status() == ("pending", f"run {page.journey.id} waits for a person's approval")
    assert page.forge.branches["main"] == page.journey.doc["base_commit"], "nothing is merged"
    assert len(page.forge.comments(published.number)) == 1


def test_published_twice_there_is_one_of_everything(page: Story) -> None:
    first = page.publish()
    page.journey.time = page.journey.time.replace(hour=14)
    assert page.publish() == first
    assert len(page.forge.pulls) == 1
    assert len(page.forge.comments(first.number)) == 1


@pytest.mark.parametrize("killed_at", range(1, 8))
def test_killed_anywhere_the_publishing_ends_the_same(page: Story, killed_at: int) -> None:
    """The forge fails at its n-th call; a minute later it is back."""
    calls = 0
    answer = page.forge._answer

    def mortal(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise Unavailable("the forge does not answer", reason="forge_unavailable", remedy="wait")
        return answer(*args, **kwargs)

    page.forge._answer = mortal  # type: ignore[method-assign]
    try:
        page.publish()
    except Unavailable:
        page.journey.time += timedelta(minutes=1)
        page.publish()
    assert len(page.forge.pulls) == 1
    assert len(page.forge.comments(page.published.number)) == 1
    assert page.status() is not None


def test_a_writer_s_command_approves_and_the_forge_merges_that_head(page: Story) -> None:
    page.publish()
    page.says("ada", f"/coderoute approve {page.sha12}")

    merged, before = page.land()

    assert not before
    assert page.journey.ending == (Status.MERGED, None)
    assert page.forge.branches["main"] == merged.commit
    assert page.journey.main()["shout.py"] == page.journey.RIGHT
    approval = page.journey.section("approval")
    assert (approval["by"], approval["channel"]) == ("ada", "github")
    assert page.forge.pulls[page.published.number].merged
    assert page.land() == (merged, True)


def test_a_review_on_the_head_approves(page: Story) -> None:
    page.publish()
    page.forge.review(page.published.number, "ben", "approved")
    page.land()
    assert page.journey.section("approval")["by"] == "ben"


def test_an_approval_from_the_terminal_lands_too(page: Story) -> None:
    page.publish()
    page.journey.approve(page.journey.look())
    page.land()
    assert page.journey.section("approval")["channel"] == "command"


@pytest.mark.parametrize("where", ["page", "terminal"])
def test_an_approval_that_has_ended_merges_nothing(page: Story, where: str) -> None:
    page.publish()
    page.forge.protection.checks = ("ci/build",)
    if where == "page":
        page.says("ada", f"/coderoute approve {page.sha12}")
    else:
        page.journey.approve(page.journey.look())
    assert "ci/build" in page.refused(page.land).problem
    page.forge.protection.checks = ()
    page.journey.time += timedelta(hours=25)

    for _ in range(2):
        assert page.refused(page.land).exit_code == 4
        assert page.journey.run.status is Status.AWAITING_APPROVAL

    assert page.pull.is_open
    page.says("ben", f"/coderoute approve {page.sha12}")
    page.land()
    assert page.journey.section("approval")["by"] == "ben"


def test_nothing_lands_without_a_word_that_counts_and_it_is_said_why(page: Story) -> None:
    page.publish()
    page.says("eve", f"/coderoute approve {page.sha12}")

    refusal = page.refused(page.land)

    assert isinstance(refusal, Refused)
    assert refusal.exit_code == 4
    assert "eve may not write to the repository" in refusal.problem
    assert any("eve may not write" in comment.body for comment in page.forge.comments(page.published.number))
    assert page.journey.ending == (Status.AWAITING_APPROVAL, None)


def test_waiting_looks_again_until_somebody_has_spoken(page: Story) -> None:
    page.publish()
    looks = iter((True, True, False))

    def pause(missing: str) -> bool:
        assert "not approved" in missing
        more = next(looks)
        if not more:
            page.says("ada", f"/coderoute approve {page.sha12}")
            return True
        return more

    page.land(pause)
    assert page.journey.ending == (Status.MERGED, None)


def test_a_push_to_the_branch_voids_the_approval(page: Story) -> None:
    page.publish()
    page.says("ada", f"/coderoute approve {page.sha12}")
    page.forge.push(page.published.branch, "f" * 40)

    assert "which nobody here made" in page.refused(page.land).problem

    page.journey.approve(page.journey.look())
    assert "is at ffffffffffff now" in page.refused(page.land).problem
    assert page.journey.run.status is Status.APPROVED


def test_a_draft_waits_for_its_button(page: Story) -> None:
    page.publish()
    number = page.published.number
    page.forge.pulls[number] = replace(page.forge.pulls[number], draft=True)
    page.says("ada", f"/coderoute approve {page.sha12}")

    refusal = page.refused(page.land)

    assert "is a draft" in refusal.problem
    assert "Ready for review" in refusal.remedy
    assert refusal.exit_code == 4
    page.forge.ready(number)
    page.land()
    assert page.journey.ending == (Status.MERGED, None)


def test_rejected_on_the_page_the_run_ends(page: Story) -> None:
    page.publish()
    page.says("ada", "/coderoute reject not wanted")

    refusal = page.refused(page.land)

    assert refusal.exit_code == 3
    assert page.journey.ending == (Status.REJECTED, "rejected")
    assert "ada on the pull request: not wanted" in str(page.journey.doc["problem"])


def test_sent_back_on_the_page_the_change_is_mended_and_the_same_page_shows_it(page: Story) -> None:
    first = page.publish()
    page.says("ada", "/coderoute send-back shorter, please")
    page.says("ben", f"/coderoute approve {page.sha12}")
    assert page.refused(page.land).exit_code == 130
    page.journey.writes_fix(step="rework-1", text=page.journey.RIGHT.replace("upper()", "upper( )"))
    page.journey.reviews(2)
    assert page.journey.resume().status is Status.AWAITING_APPROVAL
    assert "shorter, please" in page.journey.heard("execute", 1, "rework-1")

    second = page.publish()

    assert (second.number, second.branch) == (first.number, first.branch)
    assert second.commit == page.pull.head_commit != first.commit
    assert "not approved" in page.refused(page.land).problem, "what was said before is of another head"
    page.says("ben", f"/coderoute approve {page.sha12}")
    page.land()


def test_where_the_target_moved_the_merge_is_refused_and_resume_brings_the_page_along(page: Story) -> None:
    first = page.publish()
    page.says("ada", f"/coderoute approve {page.sha12}")
    moved = page.somebody_pushes_to_main(OTHER)

    assert isinstance(page.refused(page.land), TargetMoved)

    assert page.journey.resume().status is Status.AWAITING_APPROVAL
    second = page.publish()
    assert page.journey.doc["base_commit"] == moved
    assert second.number == first.number
    assert "not approved" in page.refused(page.land).problem, "the same text, and another head"
    page.says("ada", f"/coderoute approve {page.sha12}")
    page.land()
    assert page.journey.main()["other.py"] == "x = 1\n"


def test_a_merge_by_the_forge_s_own_button_is_taken_note_of(page: Story) -> None:
    published = page.publish()
    page.forge.merge(published.number, head=published.commit, base="main", method="merge", title="t", message="m")
    merged, before = page.land()
    assert not before
    assert merged.commit == page.forge.branches["main"]
    assert page.journey.ending == (Status.MERGED, None)


def test_what_the_forge_demands_is_told_and_the_run_stays_approved(page: Story) -> None:
    page.publish()
    page.forge.protection.checks = ("ci/build",)
    page.journey.approve(page.journey.look())
    refusal = page.refused(page.land)
    assert refusal.exit_code == 4
    assert page.journey.run.status is Status.APPROVED


def test_a_repository_that_only_squashes_is_squashed(page: Story) -> None:
    page.forge.merge_methods = ("squash",)
    page.publish()
    page.journey.approve(page.journey.look())
    page.land()
    assert page.journey.ending == (Status.MERGED, None)


def test_without_a_pull_request_there_is_nothing_to_land(page: Story) -> None:
    page.journey.approve(page.journey.look())
    assert "has no pull request yet" in page.refused(page.land).problem
    assert cast(Any, page.journey.doc)["status"] == "approved"


@pytest.mark.parametrize(
    ("what", "other", "named"),
    [
        ("pushed to", {"head_commit": "f" * 40}, "is at ffffffffffff, and the change of the run is"),
        ("another run's", {"head_branch": "coderoute/1-ffffffff"}, "is of the branch coderoute/1-ffffffff"),
        ("a fork's", {"same_repository": False}, "is of the branch"),
    ],
)
def test_a_run_that_came_along_takes_no_pull_request_for_its_own_that_is(
    what: str, other: dict[str, Any], named: str, page: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that merges is told a number; another job opened the pull request."""
    published, pull = page.publish(), page.pull

    def adopted() -> Published:
        return adopt(page.journey.store, page.journey.run, page.hub, pull.number)

    assert adopted().commit == published.commit
    monkeypatch.setattr(page.forge, "pull_request", lambda _: replace(pull, **other))
    assert named in page.refused(adopted).problem, what
