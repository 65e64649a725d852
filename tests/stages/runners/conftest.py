"""Checkouts and commands for the runners' tests: folders of this machine, for suites these tests wrote themselves."""

import os
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from coderoute.domain.judgement import TestReport
from coderoute.domain.work import CommandResult, Ending, SnapshotFile
from coderoute.stages.verify.runners.shape import Found, Place
from coderoute.stages.verify.runners.table import RUNNERS
from coderoute.stages.verify.tests_run import run_tests


class LocalFolder:
    """A sandbox that is a folder; `commands` are all that were run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[str] = []

    def run(self, command: str, *, timeout_s: float, env: Mapping[str, str] | None = None) -> CommandResult:
        self.commands.append(command)
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        return CommandResult(
            exit_code=ran.returncode if ran.returncode >= 0 else 128 - ran.returncode,
            output=ran.stdout,
            truncated=False,
            ending=Ending.EXIT,
            duration_s=0.1,
        )

    def read(self, path: str, *, limit: int = 10_000_000) -> bytes | None:
        file = self.folder / path
        return file.read_bytes()[:limit] if file.is_file() else None

    def write(self, path: str, data: bytes) -> str | None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return None

    def snapshot(self) -> Iterator[SnapshotFile]:
        return iter(())

    def close(self) -> None:
        pass


@pytest.fixture
def checkout(tmp_path: Path) -> LocalFolder:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return LocalFolder(folder)


@pytest.fixture
def write(checkout: LocalFolder) -> Callable[[Mapping[str, str]], None]:
    def written(files: Mapping[str, str]) -> None:
        for path, text in files.items():
            checkout.write(path, textwrap.dedent(text).encode())

    return written


@pytest.fixture
def commands(checkout: LocalFolder) -> list[str]:
    """What was run in the checkout, in order."""
    return checkout.commands


@pytest.fixture
def run(checkout: LocalFolder) -> Callable[..., TestReport]:
    """(command, framework, only, env) -> the report of running it in the checkout."""

    def ran(
        command: str, framework: str, only: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> TestReport:  # fmt: skip
        return run_tests(
            checkout,
            command,
            framework=framework,
            timeout_s=60,
            env=env or {},
            only=only,
            report_dir=str(checkout.folder.parent / f"reports-{len(checkout.commands)}"),
        )

    return ran


@pytest.fixture
def found(checkout: LocalFolder) -> Callable[..., Found]:
    """(framework, command, {name in the report folder: content}, printed) -> what the runner's adapter finds there.

    The folder is `<checkout's parent>/reports`, the command as the adapter tells it.
    """

    def find(framework: str, command: str, reports: Mapping[str, bytes | str], printed: str = "") -> Found:
        place = Place(root=str(checkout.folder), folder=str(checkout.folder.parent / "reports"))
        for name, content in reports.items():
            data = content if isinstance(content, bytes) else content.encode()
            checkout.write(f"{place.folder}/{name}", data.replace(b"@ROOT@", place.root.encode()))
        runner = RUNNERS[framework]
        told = runner.tell(command, {}, (), place.folder)
        assert told is not None
        return runner.find(checkout, told.command, place, printed)

    return find


@pytest.fixture
def needs() -> Callable[[str], str]:
    """The path of a program of this machine; skips the test where it is not installed."""

    def path(program: str) -> str:
        there = shutil.which(program)
        if there is None:
            pytest.skip(f"{program} is not installed on this machine")
        return there

    return path
