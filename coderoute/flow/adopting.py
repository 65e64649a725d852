"""A run that came as a bundle, and its pull request that another job of the same workflow opened."""

from datetime import datetime

from coderoute.domain import places
from coderoute.domain.published import Published
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Task
from coderoute.errors import Refused
from coderoute.flow.kept import needed
from coderoute.flow.people import alone, stands
from coderoute.flow.publish import Hub, asked_by
from coderoute.journal import Journal
from coderoute.ports import RunStore
from coderoute.stages.merge import branch_name, commit_message


def settle_commit(store: RunStore, run: RunRecord) -> datetime:
    """The time in the commit of the change, the same wherever the bundle arrives: so is the commit, and a job that is
    run once more finds what it pushed before."""
    number = stands(store, run)[1].number
    at = Journal(store, run.id).once(places.committed_at(number), str, lambda: run.created_at)
    return datetime.fromisoformat(at)


def adopt(store: RunStore, run: RunRecord, hub: Hub, number: int) -> Published:
    """Pull request `number` as the one of this run, once its head is the very commit that the bundle gives.

    Raises:
        Refused: it is another one's, or its branch stands elsewhere.
        Unavailable, ConfigurationError, BadInput: as ports.Forge.
    """
    at = settle_commit(store, run)
    with alone(store, run) as run:
        shown, candidate, plan = stands(store, run)
        journal = Journal(store, run.id)
        task = needed(journal, places.TASK, Task)
        commit = hub.repository.commit(
            tree=shown.patch.tree, base=shown.base, author=hub.author(), at=at,
            message=commit_message(
                plan, None, run.id, task.number, asked_by=asked_by(journal, candidate.number, task, hub)
            ),
        )  # fmt: skip
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
