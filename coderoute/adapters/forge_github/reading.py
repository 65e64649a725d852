"""The API's objects as values of ours. Everything in them was written by somebody else."""

from collections.abc import Mapping
from typing import Any

from coderoute.adapters.forge_github.failures import nonsense
from coderoute.domain.conversation import JsonObject
from coderoute.domain.forge import Access, Account, Comment, ForgeRepository, ForgeReview, Hosted, Issue, PullRequest
from coderoute.domain.wire import at
from coderoute.errors import BadInput

MAX_TEXT_CHARS = 4 * 65_536
"""Four times what GitHub takes for a body."""
GHOST = Account(login="ghost", human=False)
"""Whose account is gone."""
METHODS = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}


def account_from(value: object) -> Account:
    """Only what the API calls a User is a person: bots, apps, organisations and placeholders of imports are none."""
    if not isinstance(value, dict) or not value.get("login"):
        return GHOST
    login = text(value, "login")
    known = value.get("id")
    return Account(
        login=login, human=value.get("type") == "User" and not login.endswith("[bot]"),
        id=known if isinstance(known, int) and not isinstance(known, bool) else None,
    )  # fmt: skip


def author_of(value: JsonObject) -> Account:
    """What an app wrote in a person's name was not written by the person."""
    found = account_from(value.get("user"))
    by_app = value.get("performed_via_github_app") is not None
    return Account(login=found.login, human=False) if by_app else found


def hosted_from(value: JsonObject, server: str) -> Hosted:
    """Under the name that it has now, which may be another than was asked for."""
    owner, slash, name = text(value, "full_name").partition("/")
    if not slash:
        raise nonsense("the repository")
    return Hosted(
        repository=ForgeRepository(server=server, owner=owner, name=name),
        default_branch=text(value, "default_branch"),
        private=value.get("private") is not False,
        archived=value.get("archived") is True or value.get("disabled") is True,
        clone_url=text(value, "clone_url"),
        merge_methods=tuple(method for method, key in METHODS.items() if value.get(key) is True),
    )


def issue_from(value: JsonObject, comments: tuple[Comment, ...]) -> Issue:
    labels = value.get("labels")
    names = [at(label, "name") if isinstance(label, dict) else label for label in labels or []]  # type: ignore[attr-defined]
    return Issue(
        number=whole(value, "number"),
        title=text(value, "title"),
        body=optional(value, "body"),
        url=text(value, "html_url"),
        author=author_of(value),
        labels=tuple(str(name) for name in names if name),
        is_open=value.get("state") == "open",
        is_pull_request=value.get("pull_request") is not None,
        updated_at=text(value, "updated_at"),
        comments=comments,
    )


def comment_from(value: JsonObject) -> Comment:
    return Comment(
        id=whole(value, "id"),
        author=author_of(value),
        body=optional(value, "body"),
        created_at=text(value, "created_at"),
        updated_at=text(value, "updated_at"),
    )


def pull_request_from(value: JsonObject, repository: ForgeRepository) -> PullRequest:
    merged = value.get("merged") is True
    mergeable = value.get("mergeable")
    home = at(value, "head", "repo", "full_name")
    return PullRequest(
        number=whole(value, "number"),
        url=text(value, "html_url"),
        title=text(value, "title"),
        body=optional(value, "body"),
        author=author_of(value),
        is_open=value.get("state") == "open",
        draft=value.get("draft") is True,
        merged=merged,
        merge_commit=text(value, "merge_commit_sha") if merged else None,
        head_branch=text(value, "head", "ref"),
        head_commit=text(value, "head", "sha"),
        same_repository=isinstance(home, str) and home.lower() == repository.slug.lower(),
        base_branch=text(value, "base", "ref"),
        base_commit=text(value, "base", "sha"),
        mergeable=mergeable if isinstance(mergeable, bool) else None,
    )


def review_from(value: JsonObject) -> ForgeReview:
    commit = value.get("commit_id")
    return ForgeReview(
        id=whole(value, "id"),
        author=author_of(value),
        state=text(value, "state").lower(),
        commit=commit if isinstance(commit, str) and commit else None,
        body=optional(value, "body"),
        submitted_at=text(value, "submitted_at"),
    )


def access_from(value: JsonObject) -> Access:
    """`permission` knows admin, write, read and none; the role in it tells maintain and triage apart. A role of the
    organisation's own counts as the permission that it stands on."""
    try:
        permission = Access(text(value, "permission"))
    except ValueError:
        return Access.NONE
    role = value.get("role_name")
    finer = {(Access.WRITE, "maintain"): Access.MAINTAIN, (Access.READ, "triage"): Access.TRIAGE}
    return finer.get((permission, role if isinstance(role, str) else ""), permission)


def text(value: Mapping[str, Any], *path: str) -> str:
    """Raises Unavailable when there is no text along `path`."""
    found = at(dict(value), *path)
    if not isinstance(found, str):
        raise nonsense(".".join(path))
    return _bounded(found, path[-1])


def optional(value: Mapping[str, Any], key: str) -> str:
    """Empty for a text that is null or absent."""
    found = value.get(key)
    return _bounded(found, key) if isinstance(found, str) else ""


def whole(value: Mapping[str, Any], key: str) -> int:
    found = value.get(key)
    if not isinstance(found, int) or isinstance(found, bool):
        raise nonsense(key)
    return found


def _bounded(found: str, key: str) -> str:
    if len(found) > MAX_TEXT_CHARS:
        raise BadInput(
            f"a {key} of {len(found):,} characters; {MAX_TEXT_CHARS:,} is the most we read", remedy="shorten it there"
        )
    return found
