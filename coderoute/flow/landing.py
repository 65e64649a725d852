"""What people said on the pull request -> the run's state; and the forge's merge of exactly what they saw."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.forge import PullRequest, merge_obstacle
from coderoute.domain.forge_words import Heard, Subject, Verb, Word, hear
from coderoute.domain.published import Published
from coderoute.domain.run import RunRecord, Status
from coderoute.domain.task import Task
from coderoute.domain.terms import Terms
from coderoute.errors import BadInput, NotYet, Refused, TargetMoved
from coderoute.flow import people
from coderoute.flow.finding import found
from coderoute.flow.kept import needed, read_patch
from coderoute.flow.people import alone, check_admission, check_ground, not_now, stands, valid_approval
from coderoute.flow.publish import Hub, message_of, show_state
from coderoute.flow.withdrawing import withdraw
from coderoute.journal import Journal
from coderoute.ports import MergeResult, RunStore
from coderoute.stages import approve as approving
from coderoute.stages.approve import Exhibit, Person

METHODS = ("merge", "squash", "rebase")
"""In the order we prefer them; the repository says which it allows."""


def listen(store: RunStore, run: RunRecord, hub: Hub, key: bytes) -> Heard:
    """Takes what people said on the pull request into the run: an approval is recorded, or withdrawn where it no longer
    stands there; a rejection ends the run, a comment sends the change back. What was heard before changes nothing.

    Raises:
        Refused: nothing of the run is on the forge.
    """
    shown, candidate, _ = stands(store, run)
    journal = Journal(store, run.id)
    published = current(journal, run, candidate)
    pull = hub.forge.pull_request(published.number)
    another = not_ours(pull, published, target_of(shown))
    if another is not None:
        note_away(store, run, published, hub)
        take_back(store, run, None, hub)
        return Heard(word=None, passed_over=(another,))
    heard = hear(
        subject_of(journal, shown, candidate, published, hub), hub.forge.comments(published.number),
        hub.forge.reviews(published.number), hub.forge.access,
    )  # fmt: skip
    take_back(store, run, heard.word, hub)
    if heard.word is not None:
        take_in(store, found(store, run.id), heard.word, shown, candidate, hub, key)
    return heard


def target_of(shown: Exhibit) -> str:
    """The branch that the change is for; empty where its base was none."""
    return (shown.base.target or "").removeprefix("refs/heads/")


def not_ours(pull: PullRequest, published: Published, target: str) -> str | None:
    """Why a word on this pull request is not about what was published; None while it is."""
    if not pull.same_repository or pull.head_commit != published.commit:
        return f"{pull.url} is at {pull.head_commit[:12]}, which nobody here made"
    if pull.base_branch != target:
        return f"{pull.url} would go into {pull.base_branch} now, and the change was made for {target}"
    return None


def note_away(store: RunStore, run: RunRecord, published: Published, hub: Hub) -> None:
    """Whoever approved so far has to say it again when the pull request is what it was."""
    comments, reviews = hub.forge.comments(published.number), hub.forge.reviews(published.number)
    newest = max([*(each.created_at for each in comments), *(each.submitted_at for each in reviews)], default="")
    with alone(store, run):
        journal = Journal(store, run.id)
        if newest > away_until(journal, published.candidate):
            number = len(journal.keys(places.away(published.candidate))) + 1
            journal.put(places.away(published.candidate, number), str, newest)


def away_until(journal: Journal, candidate: int) -> str:
    """Up to when approvals of the candidate do not count, as far as we saw it ourselves."""
    return max((needed(journal, key, str) for key in journal.keys(places.away(candidate))), default="")


def take_back(store: RunStore, run: RunRecord, word: Word | None, hub: Hub) -> None:
    """An approval that was heard on the pull request ends when its author's word does not count there any more: a
    review was dismissed, a comment edited or removed, another head pushed, the right to write taken away."""
    given = store.approvals(run.id)
    if run.status is not Status.APPROVED or not given or given[-1].channel != CHANNEL:
        return
    if word is None or (word.verb is Verb.APPROVE and word.by != given[-1].by):
        with alone(store, run):
            withdraw(store, run.id, NO_LONGER_THERE, hub.now())
            store.set_status(run.id, Status.AWAITING_APPROVAL)


CHANNEL = "github"
NO_LONGER_THERE = "what approved it on the pull request does not count there any more"


def catch_up(store: RunStore, run: RunRecord, hub: Hub, key: bytes) -> None:
    """The run as its pull request has it: merged there by somebody, or what people said taken in; and the page says
    so. Nothing is done where the change as it stands is not there yet."""
    journal = Journal(store, run.id)
    published = journal.get(places.published(stands(store, run)[1].number), Published)
    if published is None or merged_there(store, run, published, hub) is not None:
        return
    heard = listen(store, run, hub, key)
    show_state(found(store, run.id), published, hub, heard.passed_over)


def current(journal: Journal, run: RunRecord, candidate: Candidate) -> Published:
    published = journal.get(places.published(candidate.number), Published)
    if published is None:
        raise Refused(f"run {run.id} has no pull request yet", remedy=f"coderoute resume {run.id} makes it")
    return published


def subject_of(journal: Journal, shown: Exhibit, candidate: Candidate, published: Published, hub: Hub) -> Subject:
    """What a word has to be about; where somebody else than the requester has to approve, neither who wrote the issue
    may, nor who asked for the run or whose token started it."""
    terms, task = needed(journal, places.TERMS, Terms), needed(journal, places.TASK, Task)
    barred: frozenset[str] = frozenset()
    if terms.require_other_approver:
        me = hub.forge.whoami()
        asked = journal.get(places.ASKED_BY, str)
        barred = frozenset(filter(None, (task.author, asked, me.login if me else None)))
    return Subject(
        patch_sha256=shown.patch.sha256, head=published.commit, since=published.since,
        items=frozenset(item.id for item in candidate.admission.protected), barred=barred,
        away_until=max(away_until(journal, candidate.number), hub.forge.head_replaced_at(published.number) or ""),
        oldest=(hub.now() - approving.LIFETIME).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )  # fmt: skip


def take_in(
    store: RunStore, run: RunRecord, word: Word, shown: Exhibit, candidate: Candidate, hub: Hub, key: bytes
) -> None:  # fmt: skip
    match word.verb:
        case Verb.REJECT:
            people.reject(store, run, f"{word.by} on the pull request: {word.text}", hub.now())
        case Verb.SEND_BACK:
            people.send_back(store, run, f"{word.by} on the pull request: {word.text}", hub.now())
        case Verb.APPROVE if run.status is Status.AWAITING_APPROVAL and not candidate.admission.refusals:
            with alone(store, run) as run:
                # the forge shows the whole patch to whoever reviews it there
                person = Person(user=word.by, claimed_as=None, note=word.text or None, channel=CHANNEL)
                record = approving.approve(
                    shown, person, patch_name=shown.patch.sha256, acknowledged=word.acknowledged, seen=True, key=key,
                    now=hub.now(), nonce=secrets.token_hex(16),
                )  # fmt: skip
                store.put_approval(record)
                store.set_status(run.id, Status.APPROVED)
        case Verb.APPROVE:
            pass


def land(
    store: RunStore, run: RunRecord, hub: Hub, *, key: bytes, pause: Callable[[str], bool] = lambda _: False
) -> tuple[MergeResult, bool]:  # fmt: skip
    """(result, whether it was merged before): the pull request merged at the approved head, by the forge.

    `pause` is told what is missing, waits a while, and says whether to look again; False: now or not at all.

    Raises:
        NotYet: nobody has approved; a check or review that the forge demands.
        Refused: rejected, sent back; a draft, another head, a conflict.
        TargetMoved: the branch it shall go into is no longer at the base.
        Unavailable, ConfigurationError: as ports.Forge.
    """
    while True:
        try:
            return land_now(store, found(store, run.id), hub, key)
        except NotYet as missing:
            if not pause(missing.problem):
                raise


def land_now(store: RunStore, run: RunRecord, hub: Hub, key: bytes) -> tuple[MergeResult, bool]:
    journal = Journal(store, run.id)
    if run.status is Status.MERGED:
        return needed(journal, places.MERGED, MergeResult), True
    if run.status not in (Status.AWAITING_APPROVAL, Status.APPROVED):
        raise not_now(run, ", not approved")
    published = current(journal, run, stands(store, run)[1])
    merged = merged_there(store, run, published, hub)
    if merged is not None:
        return merged, False
    heard = listen(store, run, hub, key)
    run = found(store, run.id)
    show_state(run, published, hub, heard.passed_over)
    if heard.held_by:
        raise NotYet(
            f"{', '.join(heard.held_by)} asked for changes on {published.url}",
            remedy=f"coderoute send-back {run.id} --comment ..., or dismiss that review there, then: coderoute merge "
            f"{run.id}",
        )
    if run.status is Status.AWAITING_APPROVAL:
        why = f"; {'; '.join(heard.passed_over)}" if heard.passed_over else ""
        refused = not_now(run, f", not approved{why}")
        raise NotYet(refused.problem, remedy=f"approve it on {published.url}, or here: {refused.remedy}")
    if run.status is not Status.APPROVED:
        raise not_now(run, ", not approved")
    return merge_there(store, run, hub, key), False


def merged_there(store: RunStore, run: RunRecord, published: Published, hub: Hub) -> MergeResult | None:
    """What was merged there before: with the forge's own button, or by us and we were stopped before we noted it. Only
    where it is the head that was published."""
    pull = hub.forge.pull_request(published.number)
    if not pull.merged or pull.head_commit != published.commit or pull.merge_commit is None:
        return None
    with alone(store, run) as run:
        why = doubt(hub, stands(store, run)[0], pull.base_branch, pull.merge_commit)
        return record(store, run, published, pull.merge_commit, hub, why=why)


def merge_there(store: RunStore, run: RunRecord, hub: Hub, key: bytes) -> MergeResult:
    with alone(store, run) as run:
        if run.status is not Status.APPROVED:
            raise not_now(run, ", not approved")
        shown, candidate, plan = stands(store, run)
        journal = Journal(store, run.id)
        approval = valid_approval(store, run, shown, key, hub.now())
        published = current(journal, run, candidate)
        check_ground(hub.repository, shown)
        read_patch(candidate.patch)
        check_admission(hub.repository, shown, plan, needed(journal, places.TERMS, Terms))
        base = target_of(shown)
        standing = hub.forge.head_of(base)
        pull = hub.forge.pull_request(published.number)
        if not pull.merged and standing != shown.base.commit:
            raise TargetMoved(f"{base} is {standing or 'gone'}, the change was made for {shown.base.commit}")
        obstacle = merge_obstacle(pull, published.commit, base)
        if obstacle is not None:
            raise Refused(f"the pull request {pull.url} {obstacle.why}", remedy=obstacle.remedy)
        allowed = hub.forge.hosted().merge_methods
        method = next((method for method in METHODS if method in allowed), METHODS[0])
        text = message_of(run, journal, candidate, plan, needed(journal, places.TASK, Task), hub, approval)
        title, _, message = text.partition("\n")
        commit = hub.forge.merge(
            published.number, head=published.commit, base=base, method=method, title=title, message=message.strip()
        )
        return record(store, run, published, commit, hub, why=doubt(hub, shown, base, commit))


def doubt(hub: Hub, shown: Exhibit, into: str, commit: str) -> str | None:
    """What is not as it was approved and tested in a merge that was made; None where the tree is that very tree. The
    forge takes a merge with the head's commit, and its target may have moved, or been changed, until it does."""
    base = target_of(shown)
    if into != base:
        return f"it was merged into {into}, and was approved for {base}"
    try:
        hub.remote.fetch(base)
        tree = hub.repository.pin(commit).tree
    except BadInput:
        return f"{commit[:12]} is not in {base} any more, so nobody here saw what was merged"
    return None if tree == shown.patch.tree else TOO_LATE


TOO_LATE = "the target had moved by then: what is merged there was not tested together"


def record(
    store: RunStore, run: RunRecord, published: Published, commit: str, hub: Hub, *, why: str | None = None
) -> MergeResult:  # fmt: skip
    command = None if why is None else f"git fetch, then the tests at {commit}"
    result = MergeResult(branch=published.branch, commit=commit, target_moved=True, why=why, command=command)
    Journal(store, run.id).once(places.MERGED, MergeResult, lambda: result)
    store.set_status(run.id, Status.MERGED)
    show_state(replace(run, status=Status.MERGED), published, hub, but=why)
    return result
