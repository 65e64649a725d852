"""How an issue may be named, and what is said of a name that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.forge import ForgeRepository
from coderoute.domain.issue_name import GITHUB, IssueName, Remotes, is_issue_name, issue_name, server_of
from coderoute.errors import BadInput

GHES = "https://ghe.example"
FORK = {"origin": "git@github.com:me/app.git", "up": "git@github.com:acme/app.git"}
HERE = "http://127.0.0.1:8080"


def named(server: str, owner: str, name: str, number: int) -> IssueName:
    return IssueName(repository=ForgeRepository(server=server, owner=owner, name=name), number=number)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://github.com/acme/app/issues/12", named(GITHUB, "acme", "app", 12)),
        ("https://github.com/acme/app/issues/12/", named(GITHUB, "acme", "app", 12)),
        ("https://github.com/acme/app/issues/12?notification=1", named(GITHUB, "acme", "app", 12)),
        ("https://github.com/acme/app/issues/12#issuecomment-99", named(GITHUB, "acme", "app", 12)),
        ("  HTTPS://GitHub.com/acme/app/issues/12\n", named(GITHUB, "acme", "app", 12)),
        ("https://www.github.com/acme/app/issues/12", named(GITHUB, "acme", "app", 12)),
        ("https://github.com:443/acme/app/issues/12", named(GITHUB, "acme", "app", 12)),
        ("https://github.com/Acme-1/a.p_p-x/issues/1", named(GITHUB, "Acme-1", "a.p_p-x", 1)),
        ("https://ghe.example:8443/acme/app/issues/12", named("https://ghe.example:8443", "acme", "app", 12)),
        ("http://127.0.0.1:8080/acme/app/issues/3", named(HERE, "acme", "app", 3)),
        ("http://[::1]:8080/acme/app/issues/3", named("http://[::1]:8080", "acme", "app", 3)),
        ("acme/app#12", named(GITHUB, "acme", "app", 12)),
    ],
)
def test_an_address_names_an_issue(text: str, meant: IssueName) -> None:
    assert is_issue_name(text)
    assert issue_name(text) == meant


def test_a_short_name_is_of_the_server_that_is_known() -> None:
    assert issue_name("acme/app#12", server=GHES) == named(GHES, "acme", "app", 12)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/app.git",
        "https://github.com/acme/app",
        "https://github.com/acme/app/",
        "https://ann:ghp_canary@github.com/acme/app.git",
        "git@github.com:acme/app.git",
        "github.com:acme/app",
        "ssh://git@github.com/acme/app.git",
        "ssh://git@ssh.github.com:443/acme/app.git",
        "git://github.com/acme/app.git",
        "https://GitHub.com/acme/app.git",
    ],
)
def test_a_number_is_of_the_repository_that_the_checkout_came_from(url: str) -> None:
    assert issue_name("#7", remotes=Remotes(urls={"origin": url})) == named(GITHUB, "acme", "app", 7)


@pytest.mark.parametrize(
    ("remotes", "owner"),
    [
        (Remotes(urls=FORK, upstream="up"), "acme"),
        (Remotes(urls=FORK), "me"),
        (Remotes(urls={"origin": "git@github.com:me/app.git"}, upstream="gone"), "me"),
        (Remotes(urls={"mine": "git@github.com:me/app.git"}), "me"),
        (Remotes(urls={"mine": "git@github.com:me/app.git"}, upstream="."), "me"),
    ],
)  # fmt: skip
def test_the_upstream_of_the_branch_then_origin_then_the_only_remote(remotes: Remotes, owner: str) -> None:
    assert issue_name("#7", remotes=remotes).repository.owner == owner


def test_a_checkout_of_an_enterprise_server_is_of_that_server() -> None:
    for server, url in ((GHES, "git@ghe.example:acme/app.git"), (HERE, f"{HERE}/acme/app.git")):
        assert issue_name("#7", server=server, remotes=Remotes(urls={"origin": url})).repository.server == server


@pytest.mark.parametrize(
    ("text", "remotes", "said"),
    [
        ("#7", Remotes(), "has no remote"),
        ("#7", Remotes(urls={"a": "x", "b": "y"}), "its remotes are a, b"),
        ("#7", Remotes(urls={"origin": "git@gitlab.com:acme/app.git"}), "at gitlab.com, which is no GitHub"),
        ("#7", Remotes(urls={"origin": "git@ghe.example:acme/app.git"}), "no server we know as GitHub"),
        ("#7", Remotes(urls={"origin": "/srv/git/app.git"}), "at no host"),
        ("#7", Remotes(urls={"origin": "https://github.com/acme/app/more"}), "is no repository of a forge"),
        ("#7", Remotes(urls={"origin": "https://evil.example/@github.com/acme/app"}), "evil.example"),
        ("#7", Remotes(urls={"origin": "https://github.com@evil.example/acme/app"}), "evil.example"),
        ("#0", Remotes(urls={"origin": "git@github.com:acme/app.git"}), "no issue's number"),
        ("https://github.com/acme/app/pull/12", None, "is a pull request, not an issue"),
        ("https://github.com/acme/app/pull/12/files#diff-1", None, "is a pull request"),
        ("https://github.com/acme/app/discussions/12", None, "is a discussion"),
        ("https://github.com/acme/app/issues", None, "no address of an issue"),
        ("https://github.com/acme/app/issues/new", None, "no issue's number"),
        ("https://github.com/acme/app/issues/12/extra", None, "no address of an issue"),
        ("https://gitlab.com/acme/app/-/issues/12", None, "gitlab.com is not GitHub"),
        ("https://github.com/acme/%2e%2e/issues/12", None, "cannot be a repository"),
        ("https://github.com/acme/a%2Fb/issues/12", None, "cannot be a repository"),
        ("https://github.com/-acme/app/issues/12", None, "cannot be a repository"),
        ("http://github.com/acme/app/issues/12", None, "is not https"),
        ("https://ann:secret@github.com/acme/app/issues/12", None, "carries a user or password"),
        ("https:///acme/app/issues/12", None, "names no host"),
        ("https://git hub.com/acme/app/issues/12", None, "names no host"),
        ("https://github.com:99999/acme/app/issues/12", None, "is no address"),
        ("acme/app#99999999999", None, "no issue's number"),
        ("notes.md", None, "names no issue"),
        ("acme/app", None, "names no issue"),
    ],
)
def test_what_names_no_issue_is_refused_with_what_would(text: str, remotes: Remotes | None, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        issue_name(text, remotes=remotes)
    assert said in refused.value.problem
    assert refused.value.remedy
    assert "secret" not in refused.value.problem


@pytest.mark.parametrize("text", ["notes.md", "docs/issue 12.md", "-", "a/b", "12", "acme/app#12.md", "C#"])
def test_a_file_is_not_taken_for_an_issue(text: str) -> None:
    assert not is_issue_name(text)


@given(st.text())
def test_any_text_is_an_issue_or_is_refused(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://github.com/{text}", f"{text}#1"):
        try:
            found = issue_name(candidate, remotes=Remotes(urls={"origin": text}))
        except BadInput:
            continue
        assert issue_name(found.url) == found


def test_a_control_character_in_a_name_is_shown_and_not_sent_to_the_screen() -> None:
    with pytest.raises(BadInput) as refused:
        issue_name("https://github.com/acme/\x1b[31mapp/issues/12")
    assert "\x1b" not in str(refused.value)


def test_a_server_has_no_path() -> None:
    assert server_of("https://ghe.example/api/v3") == GHES
