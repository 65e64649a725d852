"""Which address the API has, and which token goes there."""

import os
import stat
from pathlib import Path

import pytest

from coderoute.adapters.forge_github.endpoint import _gh as program
from coderoute.adapters.forge_github.endpoint import api_of, known_server, token_for
from coderoute.errors import ConfigurationError
from coderoute.keys import Keys

GITHUB = "https://github.com"
GHES = "https://ghe.example"
CLOUD_TOKEN = "ghp_canary4711QmVpc3BpZWw"
OTHER_TOKEN = "ghp_other0815QmVpc3BpZWwx"


@pytest.mark.parametrize(
    ("server", "environ", "api"),
    [
        (GITHUB, {}, "https://api.github.com"),
        (GHES, {}, "https://ghe.example/api/v3"),
        ("https://acme.ghe.com", {}, "https://api.acme.ghe.com"),
        ("http://127.0.0.1:8080", {}, "http://127.0.0.1:8080/api/v3"),
        (GHES, {"GITHUB_SERVER_URL": GHES, "GITHUB_API_URL": f"{GHES}/api/v3/"}, "https://ghe.example/api/v3"),
        (GHES, {"GITHUB_API_URL": f"{GHES}/api/v3"}, "https://ghe.example/api/v3"),
        (GITHUB, {"GITHUB_SERVER_URL": GHES, "GITHUB_API_URL": f"{GHES}/api/v3"}, "https://api.github.com"),
        (GITHUB, {"GITHUB_API_URL": "https://api.github.com"}, "https://api.github.com"),
        (
            "http://127.0.0.1:8080",
            {"GITHUB_SERVER_URL": "http://127.0.0.1:8080", "GITHUB_API_URL": "http://127.0.0.1:8080"},
            "http://127.0.0.1:8080",
        ),
    ],
)
def test_the_api_of_a_server(server: str, environ: dict[str, str], api: str) -> None:
    assert api_of(server, environ) == api


@pytest.mark.parametrize("name", ["GITHUB_SERVER_URL", "GITHUB_API_URL"])
@pytest.mark.parametrize(
    "value", ["http://ghe.example", "ghe.example", "https://user:hunter2@ghe.example", "file:///x"]
)
def test_an_address_that_others_could_listen_to_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as refused:
        known_server({name: value})
    assert "hunter2" not in str(refused.value)


def held(**environ: str) -> Keys:
    return Keys({"PATH": "/nonexistent", **environ})


def test_the_token_of_the_environment_is_for_github() -> None:
    assert token_for(GITHUB, held(GITHUB_TOKEN=CLOUD_TOKEN, GH_TOKEN=OTHER_TOKEN)) == CLOUD_TOKEN
    assert token_for(GITHUB, held(GH_TOKEN=f"{OTHER_TOKEN}\n")) == OTHER_TOKEN


def test_or_for_the_server_that_the_environment_names() -> None:
    assert token_for(GHES, held(GITHUB_SERVER_URL=GHES, GITHUB_TOKEN=CLOUD_TOKEN)) == CLOUD_TOKEN


@pytest.mark.parametrize(
    ("server", "environ"),
    [
        (GHES, {"GITHUB_TOKEN": CLOUD_TOKEN, "GH_TOKEN": CLOUD_TOKEN}),
        (GITHUB, {"GITHUB_SERVER_URL": GHES, "GITHUB_TOKEN": CLOUD_TOKEN}),
        (GHES, {"GH_ENTERPRISE_TOKEN": CLOUD_TOKEN}),
        (GHES, {"GH_ENTERPRISE_TOKEN": CLOUD_TOKEN, "GH_HOST": "other.example"}),
        (GITHUB, {"GH_ENTERPRISE_TOKEN": CLOUD_TOKEN}),
        ("https://github.com.attacker.example", {"GITHUB_TOKEN": CLOUD_TOKEN}),
    ],
)
def test_a_token_goes_to_no_server_that_it_is_not_for(server: str, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="no token for") as refused:
        token_for(server, held(**environ))
    assert "gh auth login" in refused.value.remedy
    assert CLOUD_TOKEN not in str(refused.value) + refused.value.remedy


def test_a_token_for_enterprise_goes_to_the_host_it_is_for() -> None:
    assert token_for(GHES, held(GH_HOST="ghe.example", GH_ENTERPRISE_TOKEN=OTHER_TOKEN)) == OTHER_TOKEN


def test_a_token_that_cannot_be_sent_is_refused_unseen() -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_TOKEN") as refused:
        token_for(GITHUB, held(GITHUB_TOKEN="ghp bad token"))
    assert "bad" not in str(refused.value)


def gh(folder: Path, script: str) -> str:
    """A `gh` in a folder of its own; the PATH to find it by."""
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program.parent)


def test_what_gh_has_for_the_host_is_held_like_any_key(tmp_path: Path) -> None:
    path = gh(tmp_path, 'env > "$HOME/seen"; test "$*" = "auth token --hostname ghe.example" && echo ' + OTHER_TOKEN)
    keys = Keys({"PATH": path, "HOME": str(tmp_path), "GITHUB_TOKEN": CLOUD_TOKEN, "SECRET_SAUCE": "x" * 30})
    assert token_for(GHES, keys) == OTHER_TOKEN
    assert keys.redacted(f"it is {OTHER_TOKEN}") == "it is [redacted: gh auth token]"
    seen = (tmp_path / "seen").read_text()
    assert CLOUD_TOKEN not in seen
    assert "SECRET_SAUCE" not in seen


@pytest.mark.parametrize(
    "script", ["exit 1", "true", "echo two words", f"echo {OTHER_TOKEN}; exit 1", "yes | head -c 5000"]
)
def test_a_gh_that_has_none_is_passed_over(script: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no token for github\.com"):
        token_for(GITHUB, held(PATH=gh(tmp_path, script)))


def test_a_gh_of_the_repository_itself_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = gh(tmp_path, f"echo {OTHER_TOKEN}")
    monkeypatch.chdir(tmp_path)
    assert program({"PATH": f"bin{os.pathsep}"}) is None
    assert program({"PATH": f"bin{os.pathsep}{path}"}) == f"{path}/gh"
