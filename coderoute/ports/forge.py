"""The place where issues and pull requests live: GitHub, or another one with an adapter of its own."""

from collections.abc import Sequence
from typing import Protocol

from coderoute.domain.forge import Access, Account, Comment, ForgeReview, Hosted, Issue, LineRemark, PullRequest


class Forge(Protocol):
    """One repository on one forge, seen with one token. Every method is a handful of requests; transport faults are
    retried within it, and what makes something makes it once: a repeated call finds what the first one left.

    Raises (from every method):
        Unavailable: the forge does not answer, or a rate limit lasts longer than we wait.
        ConfigurationError: no token, or the forge refuses it; a missing permission is named.
        BadInput: there is no such repository, issue or pull request (or the token cannot see it).
    """

    def hosted(self) -> Hosted: ...

    def whoami(self) -> Account | None:
        """Whose token it is; None for a token that is nobody's (an installation's)."""
        ...

    def issue(self, number: int) -> Issue: ...

    def access(self, login: str) -> Access:
        """What the account may do here, asked now; NONE for one that is unknown."""
        ...

    def account(self, login: str) -> Account | None: ...

    def head_of(self, branch: str) -> str | None:
        """The commit a branch stands at, None where there is no such branch."""
        ...

    def pull_request(self, number: int) -> PullRequest: ...

    def pull_request_of(self, branch: str) -> PullRequest | None:
        """The newest pull request from that branch of this repository, open or not."""
        ...

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """The open pull request from `branch` to `base`, made if there is none.

        Raises:
            Refused: the forge refuses it, with its reason.
        """
        ...

    def describe(self, number: int, *, title: str, body: str) -> None:
        """Gives a pull request this title and body; nothing is sent where it has them."""
        ...

    def add_labels(self, number: int, labels: Sequence[str]) -> None: ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Of an issue or pull request, oldest first."""
        ...

    def put_comment(self, number: int, *, marker: str, body: str) -> None:
        """The one comment of ours whose text holds `marker`, made or brought up to date. `body` holds the marker."""
        ...

    def reviews(self, number: int) -> tuple[ForgeReview, ...]:
        """Oldest first."""
        ...

    def head_replaced_at(self, number: int) -> str | None:
        """When the branch of a pull request was last moved by force, removed or restored, ISO 8601 in UTC; None where
        it only grew."""
        ...

    def remark(self, number: int, commit: str, remarks: Sequence[LineRemark], *, body: str, marker: str) -> None:
        """Comments on lines of a pull request, as one review that decides nothing; once for each marker. `body` is the
        review's own text and holds `marker`.

        Raises:
            Refused: also where a line is no part of the diff as the forge shows it; then nothing was made.
        """
        ...

    def set_status(self, commit: str, *, context: str, state: str, description: str, url: str | None) -> None:
        """`state` is pending, success, failure or error; nothing is sent where the newest of `context` says it."""
        ...

    def merge(self, number: int, *, head: str, base: str, method: str, title: str, message: str) -> str:
        """Merge a pull request whose head is exactly `head` into the branch `base`; the new commit. Merged before with
        that head: its commit.

        Raises:
            NotYet: a check or review is missing, with the forge's reason.
            Refused: a draft, a conflict, another head or base by now.
        """
        ...


class Remote(Protocol):
    """The branches of a repository on a forge, over git's own protocol, with the objects of a run's store.

    Raises (from every method):
        Unavailable: no answer.
        ConfigurationError: the token may not do it.
    """

    def fetch(self, branch: str) -> str:
        """The commit that `branch` stands at, its objects in our store.

        Raises:
            BadInput: there is no such branch.
        """
        ...

    def push(self, branch: str, commit: str, *, replaces: str | None) -> None:
        """Put `branch`, which begins with `coderoute/`, at `commit`. `replaces` is where it stands now (None: nowhere);
        at `commit` already: nothing is done.

        Raises:
            Refused: it stands elsewhere, or the forge refuses the push.
        """
        ...
