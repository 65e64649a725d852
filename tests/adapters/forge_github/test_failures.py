"""What the user reads when the forge says no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.forge_github import GitHubForge
from coderoute.adapters.forge_github.wire import Wire
from coderoute.domain.forge import Access, ForgeRepository
from coderoute.errors import BadInput, CoderouteError, ConfigurationError, Refused, Unavailable

if TYPE_CHECKING:
    from tests.adapters.forge_github.conftest import Server, Written

APP = ForgeRepository(server="https://github.com", owner="acme", name="app")
TOKEN = "ghp_canary4711QmVpc3BpZWw"
HOSTED = {
    "full_name": "acme/app", "default_branch": "main", "private": True, "archived": False,
    "clone_url": "https://github.com/acme/app.git",
}  # fmt: skip


@pytest.fixture
def forge(server: Server) -> Iterator[GitHubForge]:
    with closing(GitHubForge(APP, TOKEN, Wire(base=server.url, sleep=lambda _: None))) as made:
        yield made


def refused(kind: type[CoderouteError], forge: GitHubForge) -> CoderouteError:
    with pytest.raises(kind) as raised:
        forge.put_comment(3, marker="<!-- m -->", body="<!-- m -->")
    assert TOKEN not in str(raised.value) + raised.value.remedy
    return raised.value


ME = {"login": "us", "type": "User"}


def test_a_missing_permission_of_a_fine_grained_token_is_named(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    said = {"message": "Resource not accessible by personal access token"}
    wants = {"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"}
    server.answers = [written(body=ME), written(body=[]), written(status=403, body=said, headers=wants)]
    error = refused(ConfigurationError, forge)
    assert "issues=write; pull_requests=write" in error.problem
    assert "issues=write; pull_requests=write" in error.remedy


def test_where_the_forge_does_not_name_it_we_do(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    said = {"message": "Resource not accessible by personal access token"}
    server.answers = [written(body=ME), written(body=[]), written(status=403, body=said)]
    assert "issues=write" in refused(ConfigurationError, forge).remedy


def test_a_missing_scope_of_a_classic_token_is_named(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    wants = {"X-Accepted-OAuth-Scopes": "repo"}
    server.answers = [written(body=ME), written(status=403, body={"message": "Forbidden"}, headers=wants)]
    assert "scopes repo" in refused(ConfigurationError, forge).remedy


def test_single_sign_on_is_named(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    wants = {"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso"}
    server.answers = [written(body=ME), written(status=403, body={"message": "Forbidden"}, headers=wants)]
    assert "single sign-on" in refused(ConfigurationError, forge).remedy


def test_an_archived_repository_is_named(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    said = {"message": "Repository was archived so is read-only."}
    server.answers = [written(body=ME), written(body=[]), written(status=403, body=said)]
    assert refused(BadInput, forge).problem == "acme/app is archived: it can only be read"


def test_a_repository_that_the_token_cannot_see_is_said_to_be_perhaps_private(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    server.answers = [written(status=404, body={"message": "Not Found"})]
    with pytest.raises(BadInput, match="or the token cannot see it") as error:
        forge.issue(3)
    assert "private" in error.value.remedy


def test_an_issue_that_is_not_there_is_told_from_a_repository_that_is_not(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    server.answers = [written(status=404, body={"message": "Not Found"}), written(body=HOSTED)]
    with pytest.raises(BadInput, match="acme/app has no issue #3"):
        forge.issue(3)


def test_a_reason_comes_with_its_details(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    said = {
        "message": "Validation Failed",
        "errors": [{"resource": "IssueComment", "field": "body", "code": "invalid"}, "odd \x1b[31m"],
    }
    server.answers = [written(body=ME), written(body=[]), written(status=422, body=said)]
    problem = refused(Refused, forge).problem
    assert "Validation Failed; IssueComment body invalid; odd" in problem
    assert "\x1b" not in problem


def test_an_issue_that_was_moved_is_not_taken_for_ours(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    there = {"number": 9, "html_url": "https://github.com/other/place/issues/9"}
    server.answers = [written(body=there)]
    with pytest.raises(BadInput, match="was moved to https://github"):
        forge.issue(3)


@pytest.mark.parametrize("body", [[], {"full_name": 7}, {"full_name": "acme/app"}, {"full_name": "x", "private": 1}])
def test_an_answer_that_is_not_what_the_api_describes_is_an_outage(
    body: object, server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    server.answers = [written(body=body)]
    with pytest.raises(Unavailable, match="not what its API describes"):
        forge.hosted()


def test_a_renamed_repository_says_its_new_name(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    moved = written(status=301, headers={"Location": "/repositories/7"})
    server.answers = [moved, written(body={**HOSTED, "full_name": "acme/application"})]
    assert forge.hosted().repository.slug == "acme/application"


@pytest.mark.parametrize(
    ("permission", "role", "access"),
    [
        ("write", "maintain", Access.MAINTAIN),
        ("read", "triage", Access.TRIAGE),
        ("read", "admin", Access.READ),
        ("write", "our-own-role", Access.WRITE),
        ("god", "admin", Access.NONE),
        ("admin", None, Access.ADMIN),
    ],
)
def test_a_role_refines_a_permission_and_never_widens_it(
    permission: str, role: str | None, access: Access, server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    server.answers = [written(body={"permission": permission, "role_name": role})]
    assert forge.access("kim") is access


@pytest.mark.parametrize(
    ("user", "app", "human"),
    [
        ({"login": "kim", "type": "User"}, None, True),
        ({"login": "kim", "type": "User"}, {"slug": "ci"}, False),
        ({"login": "ci[bot]", "type": "Bot"}, None, False),
        ({"login": "ci[bot]", "type": "User"}, None, False),
        ({"login": "acme", "type": "Organization"}, None, False),
        ({"login": "old", "type": "Mannequin"}, None, False),
        (None, None, False),
    ],
)
def test_only_a_person_who_wrote_it_is_a_person(
    user: object, app: object, human: bool, server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    said = {
        "id": 1, "body": "/coderoute approve", "user": user, "performed_via_github_app": app,
        "created_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T09:00:00Z",
    }  # fmt: skip
    server.answers = [written(body=[said])]
    assert forge.comments(3)[0].author.human is human


def test_every_request_says_who_asks_and_for_which_version(
    server: Server, forge: GitHubForge, written: type[Written]
) -> None:
    server.answers = [written(body=HOSTED)]
    forge.hosted()
    headers = server.asked[0].headers
    assert headers["user-agent"].startswith("coderoute/")
    assert headers["authorization"] == f"token {TOKEN}"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["accept"] == "application/vnd.github+json"


def test_a_name_cannot_lead_to_another_path(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    server.answers = [written(body={"permission": "admin"})]
    forge.access("../../../../user?x=")
    assert server.asked[0].path == "/repos/acme/app/collaborators/..%2F..%2F..%2F..%2Fuser%3Fx%3D/permission"


def test_nobody_writes_more_comments_than_we_read(server: Server, forge: GitHubForge, written: type[Written]) -> None:
    said = {"id": 1, "body": "x", "user": None, "created_at": "", "updated_at": ""}
    server.answers = [written(body=[said] * 100)]
    with pytest.raises(BadInput, match="more than 5,000 comments on #3"):
        forge.comments(3)
    assert len(server.asked) == 50


def test_the_port_is_cheap_to_import() -> None:
    import subprocess
    import sys

    code = "import sys, coderoute.adapters.forge_github; print({'github', 'requests'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
