"""Pull requests: opened once, described, reviewed line by line, merged at exactly the head that was approved."""

from collections.abc import Mapping, Sequence
from typing import Any

from coderoute.adapters.forge_github.client import Client
from coderoute.adapters.forge_github.reading import pull_request_from, review_from, text, whole
from coderoute.domain.conversation import JsonObject
from coderoute.domain.forge import Account, ForgeReview, LineRemark, PullRequest, is_ours, merge_obstacle
from coderoute.domain.wire import at
from coderoute.errors import BadInput, NotYet, Refused

MERGEABLE_PAUSES_S = (0.5, 1.0, 2.0, 3.0)
"""GitHub finds out in the background whether a merge would work, beginning when somebody asks."""
MAX_BODY_CHARS = 65_536
PENDING = "pending"
"""The state of a review that its author has not sent yet."""


class PullRequests:
    """Those of the client's repository."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, number: int) -> PullRequest:
        """Asked again for a while where the forge does not know yet whether it can be merged."""
        for pause_s in (*MERGEABLE_PAUSES_S, None):
            found = self._now(number)
            if not found.is_open or found.mergeable is not None or pause_s is None:
                return found
            self._client.pause(pause_s)
        raise AssertionError("the last round returns")

    def of(self, branch: str) -> PullRequest | None:
        """The newest one from `branch`, open or not."""
        found = next(self._listed(branch, state="all", sort="created", direction="desc"), None)
        return None if found is None else self.get(whole(found, "number"))

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        sent = {"head": branch, "base": base, "title": title, "body": body[:MAX_BODY_CHARS], "draft": draft}

        def look() -> int | None:
            found = next(self._listed(branch, state="open", base=base), None)
            return None if found is None else whole(found, "number")

        def make() -> int:
            try:
                return whole(
                    self._client.send("POST", f"{self._client.path}/pulls", "the pull request", sent), "number"
                )
            except Refused:
                found = look()  # somebody made it between our look and now
                if found is None:
                    raise
                return found

        return self.get(self._client.settle(look, make, "the pull request"))

    def describe(self, number: int, *, title: str, body: str) -> None:
        wanted = {"title": title, "body": body[:MAX_BODY_CHARS]}

        def look() -> bool | None:
            found = self._now(number)
            return True if _same({"title": found.title, "body": found.body}, wanted) else None

        def write() -> bool:
            self._client.send("PATCH", self._path(number), f"the text of pull request #{number}", wanted)
            return True

        self._client.settle(look, write, f"the text of pull request #{number}")

    def reviews(self, number: int) -> tuple[ForgeReview, ...]:
        listed = self._client.pages(f"{self._path(number)}/reviews", f"reviews of pull request #{number}")
        return tuple(review_from(value) for value in listed if text(value, "state").lower() != PENDING)

    def remark(
        self, number: int, commit: str, remarks: Sequence[LineRemark], *, body: str, marker: str, me: Account | None
    ) -> None:
        what = f"the remarks on pull request #{number}"
        comments = [
            {"path": one.path, "line": one.line, "side": "LEFT" if one.removed else "RIGHT", "body": one.body}
            for one in remarks
        ]
        sent: JsonObject = {"commit_id": commit, "event": "COMMENT", "body": body}
        sent |= {"comments": comments} if comments else {}

        def look() -> bool | None:
            there = any(is_ours(given.author, me) and marker in given.body for given in self.reviews(number))
            return True if there else None

        def write() -> bool:
            self._client.send("POST", f"{self._path(number)}/reviews", what, sent)
            return True

        self._client.settle(look, write, what)

    def merge(self, number: int, *, head: str, base: str, method: str, title: str, message: str) -> str:
        body: dict[str, Any] = {"sha": head, "merge_method": method}
        if method != "rebase":
            body |= {"commit_title": title, "commit_message": message}

        def look() -> str | None:
            found = self.get(number)
            obstacle = merge_obstacle(found, head, base)
            if obstacle is not None:
                slug = self._client.repository.slug
                raise Refused(f"pull request #{number} of {slug} {obstacle.why}", remedy=obstacle.remedy)
            return found.merge_commit

        def write() -> str:
            what = f"to merge pull request #{number}"
            try:
                return text(self._client.send("PUT", f"{self._path(number)}/merge", what, body), "sha")
            except Refused as refused:  # by rules of the repository's own: the rest we looked at
                raise NotYet(refused.problem, remedy=refused.remedy) from refused

        return self._client.settle(look, write, f"the merge of pull request #{number}")

    def _now(self, number: int) -> PullRequest:
        what = f"pull request #{number}"
        found = pull_request_from(self._client.get(self._path(number), what), self._client.repository)
        if found.number != number:
            raise BadInput(f"{what} is at {found.url} now", remedy="name it there")
        return found

    def _listed(self, branch: str, **parameters: str) -> Any:
        """The pull requests from `branch` of this repository, whatever else the forge lists."""
        owner = self._client.repository.owner
        for value in self._client.pages(
            f"{self._client.path}/pulls", "pull requests", head=f"{owner}:{branch}", **parameters
        ):
            home = at(value, "head", "repo", "full_name")
            ours = isinstance(home, str) and home.lower() == self._client.repository.slug.lower()
            if ours and at(value, "head", "ref") == branch:
                yield value

    def _path(self, number: int) -> str:
        return f"{self._client.path}/pulls/{number}"


def _same(there: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Line ends aside, which a forge may change."""
    return all(there[key].replace("\r\n", "\n").strip() == wanted[key].strip() for key in wanted)
