"""A forge that is a few dicts, with the people on it: for journeys, and for whoever wants to see what a forge does.

What people do are the methods named after it (`say`, `approve`, `push`, ...); what we do is ports.Forge.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from coderoute.domain.forge import (
    Access,
    Account,
    Comment,
    ForgeRepository,
    ForgeReview,
    Hosted,
    Issue,
    LineRemark,
    PullRequest,
    is_ours,
    merge_obstacle,
)
from coderoute.errors import BadInput, ConfigurationError, NotYet, Refused, Unavailable

ACME = ForgeRepository(server="https://github.com", owner="acme", name="app")
US = Account(login="coderoute-bot", human=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One entry of a commit's list of statuses."""

    context: str
    state: str
    description: str
    url: str | None


@dataclass(kw_only=True)
class Protection:
    """What the base branch asks of a merge. `approvals` are of people who may write, on the head as it is."""

    approvals: int = 0
    checks: tuple[str, ...] = ()


@dataclass(kw_only=True)
class InMemoryForge:
    """ports.Forge over one repository. `me` None: the token is an installation's, and writes as a bot."""

    repository: ForgeRepository = ACME
    me: Account | None = US
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    branches: dict[str, str] = field(default_factory=dict)
    """Short name -> commit."""
    protection: Protection = field(default_factory=Protection)
    merged_as: Callable[[PullRequest, str], str] | None = None
    """(pull request, method) -> the commit that a merge makes; without it one that nobody has the objects of."""
    down: bool = False
    """Whether every call of ours fails."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    """Each thing that happens is a minute later than the one before it by this clock."""
    access_of: dict[str, Access] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    said: dict[int, list[Comment]] = field(default_factory=dict)
    given: dict[int, list[ForgeReview]] = field(default_factory=dict)
    remarks: dict[int, list[LineRemark]] = field(default_factory=dict)
    longest_file: int = 100
    """Lines behind it are part of no diff."""
    forced: dict[str, str] = field(default_factory=dict)
    """Branch -> when it was last put elsewhere by force."""
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    """Commit -> statuses, newest first."""
    _count: int = 0

    def __post_init__(self) -> None:
        self.branches.setdefault(self.default_branch, _commit("start"))
        self.person(self.us.login, Access.WRITE, human=self.us.human)

    # what people do

    def person(self, login: str, access: Access = Access.WRITE, *, human: bool = True) -> Account:
        """Somebody who may do that much from now on."""
        self.access_of[login] = access
        known = self.accounts.get(login)
        self.accounts[login] = Account(login=login, human=human, id=known.id if known else len(self.accounts) + 1)
        return self.accounts[login]

    def open_issue(self, title: str, body: str = "", *, author: str, labels: Sequence[str] = ()) -> int:
        number = self._number()
        self.issues[number] = Issue(
            number=number, title=title, body=body, url=f"{self.repository.url}/issues/{number}",
            author=self.accounts[author], labels=tuple(labels), is_open=True, is_pull_request=False,
            updated_at=self._now(), comments=(),
        )  # fmt: skip
        self.said[number] = []
        return number

    def say(self, number: int, login: str, body: str) -> Comment:
        """A comment on an issue or pull request."""
        at = self._now()
        made = Comment(id=self._next(), author=self.accounts[login], body=body, created_at=at, updated_at=at)
        self.said[number].append(made)
        return made

    def edit(self, comment: Comment, body: str) -> None:
        for written in self.said.values():
            written[:] = [
                replace(other, body=body, updated_at=self._now()) if other.id == comment.id else other
                for other in written
            ]

    def review(self, number: int, login: str, state: str, *, body: str = "", commit: str | None = None) -> ForgeReview:
        """`state` as in ForgeReview; on the head as it is, or on `commit`."""
        made = ForgeReview(
            id=self._next(), author=self.accounts[login], state=state, body=body, submitted_at=self._now(),
            commit=commit or self._seen(number).head_commit,
        )  # fmt: skip
        self.given[number].append(made)
        return made

    def dismiss(self, review: ForgeReview) -> None:
        for given in self.given.values():
            given[:] = [replace(other, state="dismissed") if other.id == review.id else other for other in given]

    def push(self, branch: str, commit: str) -> None:
        """Somebody adds to a branch, or makes it."""
        self.branches[branch] = commit

    def force(self, branch: str, commit: str) -> None:
        """Somebody puts a branch at a commit that does not come after where it stood."""
        self.branches[branch] = commit
        self.forced[branch] = self._now()

    def retarget(self, number: int, base: str) -> None:
        """Somebody chooses another branch for the pull request to go into."""
        self.pulls[number] = replace(self._seen(number), base_branch=base)

    def ready(self, number: int) -> None:
        self.pulls[number] = replace(self.pulls[number], draft=False)

    def close(self, number: int) -> None:
        self.pulls[number] = replace(self._seen(number), is_open=False)

    def reopen(self, number: int) -> None:
        self.pulls[number] = replace(self.pulls[number], is_open=True)

    def conflict(self, number: int, *, mergeable: bool | None = False) -> None:
        """From now on the forge says so of the pull request."""
        self.pulls[number] = replace(self.pulls[number], mergeable=mergeable)

    # ports.Forge

    def hosted(self) -> Hosted:
        self._answer()
        return Hosted(
            repository=self.repository, default_branch=self.default_branch, private=self.private,
            archived=self.archived, clone_url=f"{self.repository.url}.git", merge_methods=self.merge_methods,
        )  # fmt: skip

    def whoami(self) -> Account | None:
        self._answer()
        return self.me

    def issue(self, number: int) -> Issue:
        self._answer()
        if number in self.pulls:
            return self._as_issue(self._seen(number))
        if number not in self.issues:
            raise self._no(f"issue #{number}")
        return replace(self.issues[number], comments=tuple(self.said[number]))

    def access(self, login: str) -> Access:
        self._answer()
        return self.access_of.get(login, Access.NONE)

    def account(self, login: str) -> Account | None:
        self._answer()
        return self.accounts.get(login)

    def head_of(self, branch: str) -> str | None:
        self._answer()
        return self.branches.get(branch)

    def pull_request(self, number: int) -> PullRequest:
        self._answer()
        if number not in self.pulls:
            raise self._no(f"pull request #{number}")
        return self._seen(number)

    def pull_request_of(self, branch: str) -> PullRequest | None:
        self._answer()
        numbers = [pull.number for pull in self.pulls.values() if pull.head_branch == branch and pull.same_repository]
        return self._seen(max(numbers)) if numbers else None

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        self._write()
        there = [pull for pull in self.pulls.values() if (pull.head_branch, pull.base_branch) == (branch, base)]
        for pull in there:
            if pull.is_open and pull.same_repository:
                return self._seen(pull.number)
        for name in (branch, base):
            if name not in self.branches:
                raise Refused(f"{self.repository.slug} has no branch {name}", remedy="push it first")
        if self.branches[branch] == self.branches[base]:
            raise Refused(f"No commits between {base} and {branch}", remedy="push a commit first")
        number = self._number()
        self.pulls[number] = PullRequest(
            number=number, url=f"{self.repository.url}/pull/{number}", title=title, body=body, author=self.us,
            is_open=True, draft=draft, merged=False, merge_commit=None, head_branch=branch,
            head_commit=self.branches[branch], same_repository=True, base_branch=base,
            base_commit=self.branches[base], mergeable=True,
        )  # fmt: skip
        self.said[number], self.given[number], self.remarks[number] = [], [], []
        return self.pulls[number]

    def describe(self, number: int, *, title: str, body: str) -> None:
        self._write()
        self.pulls[number] = replace(self.pull_request(number), title=title, body=body)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        self._write()
        found = self.issue(number)
        self.issues[number] = replace(found, labels=tuple(dict.fromkeys((*found.labels, *labels))), comments=())

    def comments(self, number: int) -> tuple[Comment, ...]:
        return self.issue(number).comments

    def put_comment(self, number: int, *, marker: str, body: str) -> None:
        self._write()
        for there in self.comments(number):
            if marker in there.body and is_ours(there.author, self.me):
                if there.body != body:
                    self.edit(there, body)
                return
        self.say(number, self.us.login, body)

    def reviews(self, number: int) -> tuple[ForgeReview, ...]:
        self.pull_request(number)
        return tuple(self.given[number])

    def head_replaced_at(self, number: int) -> str | None:
        return self.forced.get(self.pull_request(number).head_branch)

    def remark(self, number: int, commit: str, remarks: Sequence[LineRemark], *, body: str, marker: str) -> None:
        self._write()
        given = self.reviews(number)
        if any(marker in review.body and is_ours(review.author, self.me) for review in given):
            return
        if any(remark.line > self.longest_file for remark in remarks):
            raise Refused(f"{self.repository.slug} refuses the remarks: Line could not be resolved", remedy="see there")
        self.review(number, self.us.login, "commented", body=body, commit=commit)
        self.remarks[number] += remarks

    def set_status(self, commit: str, *, context: str, state: str, description: str, url: str | None) -> None:
        self._write()
        newest = next((status for status in self.statuses.get(commit, []) if status.context == context), None)
        made = Status(context=context, state=state, description=description, url=url)
        if newest != made:
            self.statuses.setdefault(commit, []).insert(0, made)

    def merge(self, number: int, *, head: str, base: str, method: str, title: str, message: str) -> str:
        self._write()
        found = self.pull_request(number)
        obstacle = merge_obstacle(found, head, base)
        if obstacle is not None:
            raise Refused(f"pull request #{number} of {self.repository.slug} {obstacle.why}", remedy=obstacle.remedy)
        if found.merge_commit is not None:
            return found.merge_commit
        missing = self._missing(found, method)
        if missing is not None:
            raise NotYet(
                f"{self.repository.slug} refuses to merge pull request #{number}: {missing}", remedy="see there"
            )
        made = self.merged_as(found, method) if self.merged_as else _commit(f"{method} {head} {title} {message}")
        self.pulls[number] = replace(found, is_open=False, merged=True, merge_commit=made)
        self.branches[found.base_branch] = made
        return made

    def _missing(self, found: PullRequest, method: str) -> str | None:
        """What the repository's rules still want."""
        if method not in self.merge_methods:
            return f"{method} merges are not allowed on this repository."
        latest = {review.author: review for review in self.given[found.number] if review.state != "commented"}
        approving = [
            author
            for author, review in latest.items()
            if author.human and review.state == "approved" and review.commit == found.head_commit
            if self.access_of[author.login].may_write and author != found.author
        ]
        if len(approving) < self.protection.approvals:
            return f"At least {self.protection.approvals} approving review is required by reviewers with write access."
        statuses = self.statuses.get(found.head_commit, [])
        for check in self.protection.checks:
            if next((status.state for status in statuses if status.context == check), None) != "success":
                return f'Required status check "{check}" is expected.'
        return None

    @property
    def us(self) -> Account:
        """Who writes what we write."""
        return self.me or Account(login="coderoute[bot]", human=False)

    def _seen(self, number: int) -> PullRequest:
        """The pull request with its branches as they are now; a closed one keeps what it had."""
        found = self.pulls[number]
        if not found.is_open or not found.same_repository:
            return found
        return replace(
            found,
            head_commit=self.branches.get(found.head_branch, found.head_commit),
            base_commit=self.branches.get(found.base_branch, found.base_commit),
        )

    def _as_issue(self, pull: PullRequest) -> Issue:
        kept = self.issues.get(pull.number)
        return Issue(
            number=pull.number, title=pull.title, body=pull.body, url=pull.url, author=pull.author,
            labels=kept.labels if kept else (), is_open=pull.is_open, is_pull_request=True,
            updated_at=self.clock().isoformat(), comments=tuple(self.said[pull.number]),
        )  # fmt: skip

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("the forge does not answer", reason="forge_unavailable", remedy="coderoute resume RUN")

    def _write(self) -> None:
        self._answer()
        if self.archived:
            raise BadInput(f"{self.repository.slug} is archived: it can only be read", remedy="unarchive it")
        if not self.access_of[self.us.login].may_write:
            raise ConfigurationError(f"the token may not write to {self.repository.slug}", remedy="give it the right")

    def _no(self, what: str) -> BadInput:
        return BadInput(f"{self.repository.slug} has no {what}", remedy="check its number or name")

    def _number(self) -> int:
        return max((0, *self.issues, *self.pulls)) + 1

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _now(self) -> str:
        return (self.clock() + timedelta(minutes=self._next())).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class InMemoryRemote:
    """ports.Remote over the branches of an InMemoryForge. Objects are nobody's here: commits are their names."""

    forge: InMemoryForge

    def fetch(self, branch: str) -> str:
        found = self.forge.head_of(branch)
        if found is None:
            raise BadInput(f"{self.forge.repository.slug} has no branch {branch}", remedy="check its name")
        return found

    def push(self, branch: str, commit: str, *, replaces: str | None) -> None:
        if not branch.startswith("coderoute/"):
            raise Refused(f"{branch!r} is no branch of ours to push", remedy="ours begin with coderoute/")
        stands = self.forge.head_of(branch)
        if not self.forge.access_of[self.forge.us.login].may_write:
            raise ConfigurationError(
                f"the token may not push to {self.forge.repository.slug}", remedy="give it the right"
            )
        if stands == commit:
            return
        if stands != replaces:
            raise Refused(
                f"{branch} of {self.forge.repository.slug} stands elsewhere by now", remedy="look who moved it"
            )
        self.forge.push(branch, commit)


def _commit(about: str) -> str:
    return hashlib.sha1(about.encode(), usedforsecurity=False).hexdigest()
