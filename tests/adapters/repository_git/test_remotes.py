"""Where a checkout says that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coderoute.domain.issue_name import Remotes

if TYPE_CHECKING:
    from tests.adapters.repository_git.conftest import Bench


def test_a_checkout_names_its_remotes_and_the_one_its_branch_follows(bench: Bench) -> None:
    assert bench.repository().remotes() == Remotes()
    bench.git("remote", "add", "origin", "git@github.com:me/app.git")
    bench.git("remote", "add", "my.up", "https://github.com/acme/app.git")
    bench.git("config", "branch.main.remote", "my.up")
    urls = {"origin": "git@github.com:me/app.git", "my.up": "https://github.com/acme/app.git"}
    assert bench.repository().remotes() == Remotes(urls=urls, upstream="my.up")
    bench.git("switch", "-q", "-c", "topic")
    assert bench.repository().remotes() == Remotes(urls=urls)
    bench.git("switch", "-q", "--detach")
    assert bench.repository().remotes() == Remotes(urls=urls)
