"""A change that waits for its person -> a pull request that holds it, with the evidence; nothing is made twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.forge import Findings
from coderoute.domain.plan import Plan
from coderoute.domain.published import Published
from coderoute.domain.run import Approval, RunRecord, Status
from coderoute.domain.task import Task
from coderoute.domain.terms import Terms
from coderoute.errors import Refused
from coderoute.flow.kept import needed
from coderoute.flow.people import alone, stands
from coderoute.journal import Journal
from coderoute.ports import Forge, Identity, Remote, Repository, RunStore
from coderoute.stages.approve import Exhibit
from coderoute.stages.merge import branch_name, co_author, commit_message

APPROVAL = "coderoute/approval"
"""The commit status that is green only for an approved head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The run in words for its pull request, as it is when they are asked for."""

    title: Callable[[], str]
    body: Callable[[], str]
    comment: Callable[[str, tuple[str, ...]], str]
    """(state, what was not counted)."""
    findings: Callable[[str], Findings | None]
    """Of the review, for the head commit that is given; None where it found nothing."""
    marker: str
    """In every comment, so that it is found again."""
    marker_of_findings: Callable[[str], str]
    """The same for the review's findings, one for each head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A run's place on a forge. `repository` has the objects, `remote` the branches there, `forge` the rest."""

    forge: Forge
    remote: Remote
    repository: Repository
    author: Callable[[], Identity]
    page: Page
    now: Callable[[], datetime]


def publish(store: RunStore, run: RunRecord, hub: Hub) -> Published:
    """The pull request of the change as it stands, made or brought up to date.

    Raises:
        Refused: nothing waits there, the branch was pushed to by somebody else, or the forge refuses.
        Unavailable, ConfigurationError: as ports.Forge.
    """
    with alone(store, run) as run:
        shown, candidate, plan = stands(store, run)
        journal = Journal(store, run.id)
        task, terms = needed(journal, places.TASK, Task), needed(journal, places.TERMS, Terms)
        published = journal.get(places.published(candidate.number), Published)
        if published is None:
            published = make(run, journal, shown, candidate, plan, task, terms, hub)
        tell(run, published, terms, hub)
        return published


def make(
    run: RunRecord, journal: Journal, shown: Exhibit, candidate: Candidate, plan: Plan, task: Task, terms: Terms,
    hub: Hub,
) -> Published:  # fmt: skip
    if shown.base.target is None:
        raise Refused(
            "the base is no branch, so there is nothing a pull request could be merged into",
            remedy="start anew with a branch as --base",
        )
    number, branch, before = candidate.number, branch_name(task, run.id), last_published(journal)
    since = journal.once(places.heard_before(number), int, newest_comment, hub.forge, before)
    commit = commit_of(run, journal, shown, candidate, plan, task, hub)
    hub.remote.push(branch, commit, replaces=before.commit if before else None)
    made = hub.forge.open_pull_request(
        branch=branch, base=shown.base.target.removeprefix("refs/heads/"), title=hub.page.title(),
        body=hub.page.body(), draft=terms.draft,
    )  # fmt: skip
    published = Published(
        candidate=number, number=made.number, url=made.url, branch=branch, commit=commit, since=since
    )  # fmt: skip
    journal.put(places.published(number), Published, published)
    return published


def commit_of(
    run: RunRecord, journal: Journal, shown: Exhibit, candidate: Candidate, plan: Plan, task: Task, hub: Hub
) -> str:  # fmt: skip
    """The commit of the change as the forge is given it; the same one whenever it is made again from the same run."""
    at = journal.once(places.committed_at(candidate.number), str, lambda: hub.now().isoformat())
    return hub.repository.commit(
        tree=shown.patch.tree, base=shown.base, author=hub.author(), at=datetime.fromisoformat(at),
        message=message_of(run, journal, candidate, plan, task, hub, None),
    )  # fmt: skip


def message_of(
    run: RunRecord, journal: Journal, candidate: Candidate, plan: Plan, task: Task, hub: Hub, approval: Approval | None
) -> str:  # fmt: skip
    """Of that commit; with an `approval`, of its merge."""
    return commit_message(
        plan, approval, run.id, task.number, requested_by=journal.get(places.ASKED_BY, str),
        asked_by=asked_by(journal, candidate.number, task, hub),
    )  # fmt: skip


def asked_by(journal: Journal, number: int, task: Task, hub: Hub) -> str:
    """The requester for the trailers of candidate `number`, asked of the forge and the same whenever it is repeated."""

    def ask() -> str:
        account = hub.forge.account(task.author) if task.author is not None else None
        return "" if account is None or task.forge is None else co_author(account, task.forge.server)

    return journal.once(places.co_author(number), str, ask)


def newest_comment(forge: Forge, before: Published | None) -> int:
    """The id of the newest comment on the pull request, 0 where there is none: what was said so far is of another
    head."""
    comments = forge.comments(before.number) if before is not None else ()
    return max((comment.id for comment in comments), default=0)


def last_published(journal: Journal) -> Published | None:
    """The newest head that was pushed."""
    keys = journal.keys("published/")
    return needed(journal, keys[-1], Published) if keys else None


def tell(run: RunRecord, published: Published, terms: Terms, hub: Hub) -> None:
    """The page says what the run is now: description, labels, the one comment, the commit's status; and, where that is
    wanted, what the review found, beside the lines."""
    hub.forge.describe(published.number, title=hub.page.title(), body=hub.page.body())
    if terms.labels:
        hub.forge.add_labels(published.number, terms.labels)
    show_state(run, published, hub)
    if terms.line_comments:
        point_out(published, hub)


def point_out(published: Published, hub: Hub) -> None:
    """The review's findings on this head, once; as text where the forge shows another diff than ours."""
    found = hub.page.findings(published.commit)
    if found is None:
        return
    marker = hub.page.marker_of_findings(published.commit)
    try:
        hub.forge.remark(published.number, published.commit, found.remarks, body=found.body, marker=marker)
    except Refused:
        if not found.remarks:
            raise
        hub.forge.remark(published.number, published.commit, (), body=found.whole, marker=marker)


STATES = {
    Status.AWAITING_APPROVAL: ("pending", "waits for a person's approval"),
    Status.APPROVED: ("success", "approved by a person"),
    Status.MERGED: ("success", "merged"),
    Status.REJECTED: ("failure", "rejected by a person"),
    Status.CANCELLED: ("failure", "cancelled"),
}


def show_state(
    run: RunRecord, published: Published, hub: Hub, passed_over: tuple[str, ...] = (), *, but: str | None = None
) -> None:
    """The comment and the commit status, as the run's status is. `but` is what is not as it should be with it."""
    state, words = STATES.get(run.status, ("pending", f"is {run.status.value}"))
    words += "" if but is None else f", but {but}"
    hub.forge.set_status(  # first: nothing that fails may leave it green
        published.commit, context=APPROVAL, state=state, description=f"run {run.id} {words}", url=published.url
    )
    hub.forge.put_comment(
        published.number, marker=hub.page.marker, body=hub.page.comment(words, passed_over)
    )  # fmt: skip
