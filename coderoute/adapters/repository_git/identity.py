"""Who the user is to git, and what their git does to line ends: GitPython's configuration reader, which only reads
files, also for the conditional includes that many people keep their work address in.

Importing GitPython costs 85 ms and starts one `git version`, so it waits until somebody asks.
"""

import configparser
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from coderoute.adapters.repository_git import refs
from coderoute.adapters.repository_git.layout import Layout, Setting, last
from coderoute.ports import Identity

if TYPE_CHECKING:
    from git import Repo
    from git.config import GitConfigParser


class UserConfiguration:
    """The user's own configuration under the repository's. `repository` is what `git config --list` says of the
    latter, where includes are not followed: the repository does not choose which files we open."""

    def __init__(self, layout: Layout, repository: Sequence[Setting]) -> None:
        self._layout = layout
        self._repository = tuple(repository)
        self._reader: GitConfigParser | None = None

    def get(self, section: str, key: str) -> str | None:
        """The value that git would use, None if there is none."""
        setting = last(self._repository, f"{section}.{key}")
        if setting is not None:
            return setting.value if setting.value is not None else "true"
        try:
            value = self._users().get_value(section, key)
        except (configparser.Error, KeyError):
            return None
        return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    def identity(self) -> Identity | None:
        name = self.get("author", "name") or self.get("user", "name")
        email = self.get("author", "email") or self.get("user", "email")
        return Identity(name=name, email=email) if name and email else None

    def _users(self) -> "GitConfigParser":
        if self._reader is None:
            from git.config import GitConfigParser

            # not a git.Repo: that would follow the GIT_* variables of whoever started us, and the repository's includes
            repository = cast("Repo", _Conditions(self._layout))
            self._reader = GitConfigParser([str(file) for file in _user_files()], read_only=True, repo=repository)
            self._reader.read()
        return self._reader


class _Branch(NamedTuple):
    name: str


class _Conditions:
    """The little that GitPython asks of a repository to decide about a conditional include."""

    remotes = ()

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.git_dir = str(layout.git_dir)

    @property
    def active_branch(self) -> _Branch:
        head = refs.head(self._layout.git_dir, self._layout.common_dir)
        if head is None or not head.name.startswith("refs/heads/"):
            raise TypeError("HEAD is detached")  # what git.Repo raises
        return _Branch(name=head.name.removeprefix("refs/heads/"))


def _user_files() -> list[Path]:
    """System-wide first, as git reads them; a later file overrides."""
    files = []
    if os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        files.append(Path(os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")))
    if "GIT_CONFIG_GLOBAL" in os.environ:
        files.append(Path(os.environ["GIT_CONFIG_GLOBAL"]))
    else:
        home = Path.home()
        files += [Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config", home / ".gitconfig"]
    return [file for file in files if file.is_file()]
