"""A run that came as a bundle, and its pull request that another job of the same workflow opened."""

from coderoute.domain import places
from coderoute.domain.paths import shown as quoted
from coderoute.domain.published import Published
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Task
from coderoute.errors import Refused
from coderoute.flow.kept import needed
from coderoute.flow.people import alone, stands
from coderoute.flow.publish import Hub, commit_of
from coderoute.journal import Journal
from coderoute.ports import Forge, RunStore
from coderoute.stages.merge import branch_name

START_AGAIN = "nothing was written; start the run again"
AS_THE_GATE_SAYS = f"{START_AGAIN}; run and apply are both given the gate's outputs issue and actor (docs/ci.md)"


def check_opened_for(store: RunStore, run: RunRecord, *, issue: str, actor: str) -> None:
    """Raises Refused for a run of another issue, `OWNER/REPO#12`, or one that somebody else asked for, than the gate
    opened for: who asked may not approve where somebody else must, and is named in the commit."""
    journal = Journal(store, run.id)
    task, asked = needed(journal, places.TASK, Task), journal.get(places.ASKED_BY, str)
    own = f"{task.forge.slug}#{task.number}" if task.forge is not None else "a file"
    if own.lower() != issue.lower():
        raise Refused(f"bundle.issue: the run is of {own}, and {quoted(issue)} was asked for", remedy=AS_THE_GATE_SAYS)
    if asked != actor:
        raise Refused(
            f"bundle.actor: the run says that {quoted(asked or 'nobody')} asked for it, and it was {quoted(actor)}",
            remedy=AS_THE_GATE_SAYS,
        )


def check_author(task: Task, forge: Forge) -> None:
    """Raises Refused where the forge names another author of the issue than the run does: who wrote it is named in the
    commit, and may not approve where somebody else must."""
    author = forge.issue(task.number).author.login if task.number is not None else None
    if author is None or task.author != author:
        raise Refused(
            f"bundle.author: the run says that {quoted(task.author or 'nobody')} wrote issue #{task.number}, and it is "
            f"by {quoted(author or 'nobody')}",
            remedy=START_AGAIN,
        )


def settle_commit(store: RunStore, run: RunRecord) -> None:
    """The time in the commit of the change, the same wherever the bundle arrives: so is the commit, and a job that is
    run once more finds what it pushed before."""
    number = stands(store, run)[1].number
    Journal(store, run.id).once(places.committed_at(number), str, lambda: run.created_at)


def adopt(store: RunStore, run: RunRecord, hub: Hub, number: int) -> Published:
    """Pull request `number` as the one of this run, once its head is the very commit that the bundle gives.

    Raises:
        Refused: it is another one's, or its branch stands elsewhere.
        Unavailable, ConfigurationError, BadInput: as ports.Forge.
    """
    settle_commit(store, run)
    with alone(store, run) as run:
        shown, candidate, plan = stands(store, run)
        journal = Journal(store, run.id)
        task = needed(journal, places.TASK, Task)
        commit = commit_of(run, journal, shown, candidate, plan, task, hub)
        pull, branch = hub.forge.pull_request(number), branch_name(task, run.id)
        if not pull.same_repository or pull.head_branch != branch:
            raise Refused(
                f"{pull.url} is of the branch {pull.head_branch}, and the run's is {branch}",
                remedy="nothing was merged; name the run's own pull request",
            )
        if pull.head_commit != commit:
            raise Refused(
                f"{pull.url} is at {pull.head_commit[:12]}, and the change of the run is {commit[:12]}",
                remedy="nothing was merged: somebody pushed to the branch, or another version of coderoute made it; "
                "start the run again",
            )
        # no comment was there before the branch: all that was said on the page is about this head
        made = Published(
            candidate=candidate.number, number=number, url=pull.url, branch=branch, commit=commit, since=0
        )  # fmt: skip
        return journal.once(places.published(candidate.number), Published, lambda: made)
