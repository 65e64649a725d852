"""ports.Forge over GitHub's REST API, on github.com and on Enterprise Server."""

import itertools
from collections.abc import Sequence
from importlib.metadata import version

from coderoute.adapters.forge_github.client import Client, quoted
from coderoute.adapters.forge_github.endpoint import api_of, token_for
from coderoute.adapters.forge_github.failures import Forbidden, NotThere, archived
from coderoute.adapters.forge_github.pulls import MAX_BODY_CHARS, PullRequests
from coderoute.adapters.forge_github.reading import (
    access_from,
    account_from,
    comment_from,
    hosted_from,
    issue_from,
    text,
    whole,
)
from coderoute.adapters.forge_github.wire import Wire
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
)
from coderoute.domain.wire import at
from coderoute.errors import BadInput
from coderoute.keys import Keys

MAX_STATUS_CHARS = 140
MAX_STATUSES_READ = 300
EMPTY_REPOSITORY = "empty"
REPLACED = frozenset({"head_ref_force_pushed", "head_ref_deleted", "head_ref_restored"})
"""Events of a branch that stands elsewhere than where it grew to."""


class GitHubForge:
    """See ports.Forge. `wire` goes to the API that `repository` is at; `token` goes nowhere else."""

    def __init__(self, repository: ForgeRepository, token: str, wire: Wire) -> None:
        self._client = Client(wire, repository, token, f"coderoute/{version('coderoute-runner')}")
        self._pulls = PullRequests(self._client)
        self._me: tuple[Account | None] | None = None

    def hosted(self) -> Hosted:
        return hosted_from(self._client.repository_object(), self._client.repository.server)

    def whoami(self) -> Account | None:
        if self._me is None:
            try:
                self._me = (account_from(self._client.get("/user", "account of the token")),)
            except (Forbidden, NotThere):
                self._me = (None,)
        return self._me[0]

    def issue(self, number: int) -> Issue:
        what = f"issue #{number}"
        value = self._client.get(f"{self._client.path}/issues/{number}", what)
        if whole(value, "number") != number or not self._is_here(text(value, "html_url")):
            raise BadInput(f"{what} was moved to {text(value, 'html_url')}", remedy="name it there")
        return issue_from(value, self.comments(number))

    def access(self, login: str) -> Access:
        path = f"{self._client.path}/collaborators/{quoted(login)}/permission"
        try:
            return access_from(self._client.get(path, f"the permission of {login}"))
        except NotThere:
            return Access.NONE

    def account(self, login: str) -> Account | None:
        try:
            return account_from(self._client.get(f"/users/{quoted(login)}", f"account {login}"))
        except NotThere:
            return None

    def head_of(self, branch: str) -> str | None:
        path = f"{self._client.path}/git/ref/heads/{'/'.join(map(quoted, branch.split('/')))}"
        try:
            value = self._client.get(path, f"branch {branch}")
        except NotThere:
            return None
        except BadInput as refused:
            if EMPTY_REPOSITORY in refused.problem.lower():
                return None
            raise
        return text(value, "object", "sha") if value.get("ref") == f"refs/heads/{branch}" else None

    def pull_request(self, number: int) -> PullRequest:
        return self._pulls.get(number)

    def pull_request_of(self, branch: str) -> PullRequest | None:
        return self._pulls.of(branch)

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        return self._pulls.open(branch=branch, base=base, title=title, body=body, draft=draft)

    def describe(self, number: int, *, title: str, body: str) -> None:
        self._pulls.describe(number, title=title, body=body)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        path = f"{self._client.path}/issues/{number}"
        what = f"the labels of #{number}"

        def look() -> bool | None:
            there = {name.lower() for name in issue_from(self._client.get(path, what), ()).labels}
            return True if there.issuperset(label.lower() for label in labels) else None

        def write() -> bool:
            self._client.send("POST", f"{path}/labels", what, {"labels": list(labels)})
            return True

        self._client.settle(look, write, what)

    def comments(self, number: int) -> tuple[Comment, ...]:
        listed = self._client.pages(f"{self._client.path}/issues/{number}/comments", f"comments on #{number}")
        return tuple(comment_from(value) for value in listed)

    def put_comment(self, number: int, *, marker: str, body: str) -> None:
        body = body if len(body) <= MAX_BODY_CHARS else f"{body[: MAX_BODY_CHARS - len(marker) - 1]}\n{marker}"
        what = f"the comment on #{number}"
        standing: list[Comment] = []

        def look() -> bool | None:
            me = self.whoami()
            standing[:] = [
                found for found in self.comments(number) if marker in found.body and is_ours(found.author, me)
            ]
            return True if standing and standing[0].body.replace("\r\n", "\n").strip() == body.strip() else None

        def write() -> bool:
            path = f"{self._client.path}/issues"
            if not standing:
                self._client.send("POST", f"{path}/{number}/comments", what, {"body": body})
                return True
            try:
                self._client.send("PATCH", f"{path}/comments/{standing[0].id}", what, {"body": body})
            except NotThere:  # deleted meanwhile
                self._client.send("POST", f"{path}/{number}/comments", what, {"body": body})
            return True

        self._client.settle(look, write, what)

    def reviews(self, number: int) -> tuple[ForgeReview, ...]:
        return self._pulls.reviews(number)

    def head_replaced_at(self, number: int) -> str | None:
        path = f"{self._client.path}/issues/{number}/timeline"
        listed = self._client.pages(path, f"events of pull request #{number}")
        return max((text(each, "created_at") for each in listed if each.get("event") in REPLACED), default=None)

    def remark(self, number: int, commit: str, remarks: Sequence[LineRemark], *, body: str, marker: str) -> None:
        self._pulls.remark(number, commit, remarks, body=body, marker=marker, me=self.whoami())

    def set_status(self, commit: str, *, context: str, state: str, description: str, url: str | None) -> None:
        path = self._client.path
        wanted = {"context": context, "state": state, "description": description[:MAX_STATUS_CHARS]}
        wanted |= {} if url is None else {"target_url": url}
        what = f"the status {context}"

        def look() -> bool | None:
            listed = self._client.pages(f"{path}/commits/{quoted(commit)}/statuses", f"statuses of {commit[:12]}")
            newest = itertools.islice(listed, MAX_STATUSES_READ)
            found = next((value for value in newest if value.get("context") == context), None)
            if found is None:
                return None
            return True if {key: at(found, key) for key in wanted} == wanted else None

        def write() -> bool:
            self._client.send("POST", f"{path}/statuses/{quoted(commit)}", what, wanted)
            return True

        self._client.settle(look, write, what)

    def merge(self, number: int, *, head: str, base: str, method: str, title: str, message: str) -> str:
        if self.hosted().archived:
            raise archived(self._client.repository)
        return self._pulls.merge(number, head=head, base=base, method=method, title=title, message=message)

    def close(self) -> None:
        """Close the connections, if any were opened."""
        self._client.close()

    def _is_here(self, url: str) -> bool:
        return f"/{self._client.repository.slug.lower()}/" in url.lower()


def open_forge(repository: ForgeRepository, keys: Keys) -> GitHubForge:
    """The forge of `repository`, with the token that is meant for its server.

    Raises:
        ConfigurationError: there is no token for it, or the API's address is none.
    """
    token = token_for(repository.server, keys)
    return GitHubForge(repository, token, Wire(base=api_of(repository.server, keys.environ)))
