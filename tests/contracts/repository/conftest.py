"""The Repositories, each over the same files."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from coderoute.adapters.repository_git import GitRepository
from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.ports import Repository

FILES = {
    ".gitignore": b"*.log\nbuilt/\n",
    "README.md": b"# Thing\n\nWhat it is.\n",
    "docs/gr\u00fc\u00dfe \u65e5\u672c.md": b"hello\n",
    "empty.txt": b"",
    "logo.bin": bytes(range(256)),
    "noend.txt": b"one\ntwo",
    "run.sh": b"#!/bin/sh\necho hi\n",
    "src/a.py": b"def a():\n    return 1\n",
    "src/a space.py": b"x = 'needle'\n",
    "src/deep/b.py": b"def b():\n    return 'needle'\n",
}
EXECUTABLES = ("run.sh",)


def _git(folder: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=clean | quiet, check=True, capture_output=True)


def _on_disk(folder: Path, files: Mapping[str, bytes]) -> Repository:
    root = folder / "my repo \u00fc"
    root.mkdir()
    _git(root, "init", "-q", "-b", "main")
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        (root / path).chmod(0o755 if path in EXECUTABLES else 0o644)
    if files:
        _git(root, "add", "-A", "-f")
        _git(root, "commit", "-q", "-m", "start")
    return GitRepository(root, folder / "state" / "q.git")


REPOSITORIES: dict[str, Callable[[Path, Mapping[str, bytes]], Repository]] = {
    "in memory": lambda _, files: InMemoryRepository(files, executables=EXECUTABLES),
    "git": _on_disk,
}


class Subject:
    """One repository under test, with what every test asks of it."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    @property
    def base(self) -> str:
        """The tree of the checked-out branch."""
        return self.repository.pin(None).tree

    def snapshot(self, changed: Mapping[str, bytes | None], mode: str = REGULAR) -> list[SnapshotFile]:
        """The base's files with `changed` ones of `mode` written over them; None removes a file."""
        files = self.repository.files(self.base)
        contents = self.repository.read_many([file.oid for file in files])
        there = {file.path: SnapshotFile(path=file.path, mode=file.mode, data=contents[file.oid]) for file in files}
        for path, data in changed.items():
            there.pop(path, None)
            if data is not None:
                there[path] = SnapshotFile(path=path, mode=mode, data=data)
        return [there[path] for path in sorted(there)]

    def write(self, changed: Mapping[str, bytes | None], mode: str = REGULAR) -> str:
        return self.repository.write_tree(self.base, self.snapshot(changed, mode))

    def contents(self, tree: str) -> dict[str, bytes | None]:
        return {file.path: self.repository.read(tree, file.path) for file in self.repository.files(tree)}


Make = Callable[[Mapping[str, bytes]], Subject]


@pytest.fixture(params=REPOSITORIES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return lambda files: Subject(REPOSITORIES[request.param](tmp_path, files))


@pytest.fixture
def files() -> dict[str, bytes]:
    """What the base of `subject` holds."""
    return dict(FILES)


@pytest.fixture
def subject(make: Make) -> Subject:
    return make(FILES)
