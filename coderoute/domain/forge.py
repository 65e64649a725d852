"""What a forge knows: issues, pull requests, and who said what. All text in it is untrusted."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRepository:
    """Which repository on which forge. `server` is `https://github.com` or an Enterprise Server's address."""

    server: str
    owner: str
    name: str

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        return f"{self.server}/{self.slug}"


class Access(StrEnum):
    """What a person may do in a repository, as the forge says when it is asked."""

    ADMIN = "admin"
    MAINTAIN = "maintain"
    WRITE = "write"
    TRIAGE = "triage"
    READ = "read"
    NONE = "none"

    @property
    def may_write(self) -> bool:
        return self in (Access.ADMIN, Access.MAINTAIN, Access.WRITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`human` False: a bot, an app or an organisation, which never decides anything."""

    login: str
    human: bool
    id: int | None = field(default=None, compare=False)
    """The forge's number for it, which stays when it is renamed; None where nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on an issue or pull request. Times are ISO 8601 in UTC; `updated_at` differs where it was edited."""

    id: int
    author: Account
    body: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it was at one moment, with all its comments, oldest first."""

    number: int
    title: str
    body: str
    url: str
    author: Account
    labels: tuple[str, ...]
    is_open: bool
    is_pull_request: bool
    updated_at: str
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A repository as its forge has it. `merge_methods` are of merge, squash, rebase, as it allows them."""

    repository: ForgeRepository
    default_branch: str
    private: bool
    archived: bool
    clone_url: str
    merge_methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`mergeable` None: the forge does not know yet. `head_commit` is what the branch stands at now."""

    number: int
    url: str
    title: str
    body: str
    author: Account
    is_open: bool
    draft: bool
    merged: bool
    merge_commit: str | None
    head_branch: str
    head_commit: str
    same_repository: bool
    """The head branch is of this repository, not of a fork."""
    base_branch: str
    base_commit: str
    mergeable: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeReview:
    """A person's review of a pull request. `state` is approved, changes_requested, commented or dismissed; `commit` is
    the head it was given on."""

    id: int
    author: Account
    state: str
    commit: str | None
    body: str
    submitted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRemark:
    """A finding for one line of a pull request's diff."""

    path: str
    line: int
    body: str
    removed: bool = False
    """The line is of a file that the pull request deletes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one review says there: `body` goes with the `remarks`, `whole` has them all in its text."""

    body: str
    whole: str
    remarks: tuple[LineRemark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a pull request cannot be merged, and what somebody can do about it."""

    why: str
    remedy: str


def merge_obstacle(found: PullRequest, head: str, base: str) -> Obstacle | None:
    """What keeps `found` from being merged at the commit `head` into the branch `base`, as far as it says; None also
    where it was merged with that head. What the forge's own rules demand only the forge knows."""
    if found.head_commit != head:
        return Obstacle(
            why=f"is at {found.head_commit[:12]} now, not at {head[:12]}",
            remedy=f"look what was pushed; put the branch back to {head[:12]}, or: coderoute reject RUN --reason ...",
        )
    if found.merged:
        return None
    if found.base_branch != base:
        return Obstacle(
            why=f"would go into {found.base_branch} now, and was approved for {base}",
            remedy=f"set its base to {base} again, or: coderoute reject RUN --reason ...",
        )
    if not found.is_open:
        return Obstacle(why="is closed", remedy="reopen it, or: coderoute reject RUN")
    if found.draft:
        return Obstacle(why="is a draft", remedy="press *Ready for review* there, then: coderoute merge RUN")
    if found.mergeable is False:
        return Obstacle(
            why=f"has a conflict with {found.base_branch}",
            remedy="coderoute resume RUN brings the change to it as it is now",
        )
    return None


def is_ours(author: Account, me: Account | None) -> bool:
    """Whether we wrote something. Without an account of our own (`me`) we are a bot, and what a person wrote is never
    taken for ours."""
    return not author.human if me is None else author.login == me.login
