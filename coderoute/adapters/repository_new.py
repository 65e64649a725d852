"""A new git repository of given files with one commit, written by GitPython's own object code: no hook can run."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
"""Author and commit time, so that the same files always make the same commit."""


def create(path: Path, files: Mapping[str, bytes], message: str) -> str:
    """Make `path` a repository whose branch `main` holds `files`, checked out; the commit's id.

    Nothing of the user's git configuration is used, templates and hooks neither.
    """
    import git

    path.mkdir(parents=True)
    environment = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TEMPLATE_DIR": ""}
    repository = git.Repo.init(path, initial_branch="main", env=environment)
    try:
        for name, data in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        repository.index.add(sorted(files))
        author = git.Actor("coderoute demo", "demo@example.invalid")
        with repository.config_writer() as settings:  # a merge needs an author, and a bare machine knows none
            settings.set_value("user", "name", str(author.name)).set_value("user", "email", str(author.email))
        commit = git.Commit.create_from_tree(
            repository, repository.index.write_tree(), message, parent_commits=[], head=True, author=author,
            committer=author, author_date=MOMENT, commit_date=MOMENT,
        )  # fmt: skip
        return commit.hexsha
    finally:
        repository.close()
