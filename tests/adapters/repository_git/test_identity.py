"""Whose name a commit carries: what the user's own git would say, read without running anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.ports import Identity

if TYPE_CHECKING:
    from tests.adapters.repository_git.conftest import Bench


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_nobody_is_known_without_a_configuration(bench: Bench) -> None:
    assert bench.repository().author() is None


def test_a_name_without_an_address_is_nobody(bench: Bench, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Änne\n")
    assert bench.repository().author() is None


def test_the_users_file_names_the_author(bench: Bench, home: Path) -> None:
    (home / ".gitconfig").write_text(
        '[user]\n\tname = "Änne; \\"Ä\\" O\'Neil" ; quoted\n\temail = aenne@example.org # c\n'
    )
    assert bench.repository().author() == Identity(name='Änne; "Ä" O\'Neil', email="aenne@example.org")


def test_the_other_place_of_the_users_file_counts_less(bench: Bench, home: Path) -> None:
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "config").write_text("[user]\n\tname = Other\n\temail = other@example.org\n")
    (home / ".gitconfig").write_text("[user]\n\tname = Änne\n")
    assert bench.repository().author() == Identity(name="Änne", email="other@example.org")


def test_the_repository_counts_most(bench: Bench, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Änne\n\temail = private@example.org\n")
    bench.git("config", "user.email", "work@example.org")
    assert bench.repository().author() == Identity(name="Änne", email="work@example.org")


@pytest.mark.parametrize("condition", ["gitdir:{root}/", "gitdir:**/repo/.git", "onbranch:main"])
def test_conditional_includes_of_the_user_are_followed(bench: Bench, home: Path, condition: str) -> None:
    condition = condition.format(root=bench.root)
    (home / ".gitconfig").write_text(
        f'[user]\n\tname = Änne\n\temail = private@example.org\n[includeIf "{condition}"]\n\tpath = work.inc\n'
    )
    (home / "work.inc").write_text("[user]\n\temail = work@example.org\n")
    assert bench.repository().author() == Identity(name="Änne", email="work@example.org")


def test_includes_of_the_repository_are_not_opened(bench: Bench, home: Path, tmp_path: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Änne\n\temail = private@example.org\n")
    (tmp_path / "theirs").write_text("[user]\n\tname = Mallory\n")
    bench.git("config", "include.path", str(tmp_path / "theirs"))
    assert bench.repository().author() == Identity(name="Änne", email="private@example.org")


def test_a_users_file_that_does_not_parse_names_nobody(bench: Bench, home: Path) -> None:
    (home / ".gitconfig").write_text("this is no configuration\n[user]\n\tname = Änne\n\temail = a@example.org\n")
    assert bench.repository().author() is None


def test_importing_the_adapter_does_not_import_gitpython() -> None:
    check = "import sys, coderoute.adapters.repository_git; sys.exit('git' in sys.modules or 'filelock' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
