"""What the sandbox costs beside the commands and models themselves: one command, one table.

Everything is measured in the same run, in turns, so that a busy machine slows all rows alike; and each row of ours
stands beside the engine's own bare `docker exec`, which nobody who uses it can go below.
"""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker

from coderoute.adapters.repository_git import GitRepository
from coderoute.adapters.sandbox_docker import DockerSandboxHost
from coderoute.flow.admission import admit_tree
from coderoute.ports import Environment, Limits, Sandbox

ENVIRONMENT = Environment(image=None, setup=(), limits=Limits())
LARGE_FILES, LARGE_BYTES = 5_000, 54_000_000
SMALL_FILES, SMALL_BYTES = 200, 1_000_000
CHANGED_FILES = 10
CALLS_PER_ROUND = 8
LINE = "the quick brown fox %d jumps over the lazy dog\n"


class Timings:
    """Milliseconds by row, in the order in which rows first came up."""

    def __init__(self) -> None:
        self._rows: dict[str, list[float]] = {}

    @contextmanager
    def of(self, row: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._rows.setdefault(row, []).append((time.perf_counter() - started) * 1000)

    def table(self) -> str:
        lines = ["| what | median ms | p95 ms | n |", "|---|---|---|---|"]
        for row, found in self._rows.items():
            p95 = sorted(found)[min(len(found) - 1, int(len(found) * 0.95))]
            lines.append(f"| {row} | {statistics.median(found):.1f} | {p95:.1f} | {len(found)} |")
        return "\n".join(lines)


class Project:
    """A git repository of text files, and its base tree in a store of ours."""

    def __init__(self, folder: Path, *, files: int, total_bytes: int) -> None:
        chance = random.Random(files)
        root = folder / f"project-{files}"
        for number in range(files):
            path = root / f"package{number % 50}/module{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (LINE % number) * max(1, total_bytes // files // len(LINE))
            path.write_text(f"# {chance.random()}\n{text}")
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "base"]):
            author = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid", "-c", "gc.auto=0"]
            subprocess.run(["git", *author, *command], cwd=root, check=True)
        self.repository = GitRepository(root, folder / f"q-{files}.git")
        self.tree = self.repository.pin(None).tree
        self.tar = self.repository.tar(self.tree)


def start_to_first_command(timings: Timings, host: DockerSandboxHost, image: str, project: Project) -> None:
    with timings.of("container created -> first command done"):
        sandbox = host.open(image, project.tar, ENVIRONMENT, "benchmark")
        sandbox.run("true", timeout_s=60)
    with timings.of("close"):
        sandbox.close()


def calls(timings: Timings, sandbox: Sandbox, bare: Callable[[], object]) -> None:
    path = "package1/module1.py"
    for number in range(CALLS_PER_ROUND):
        with timings.of("bare `docker exec true` through the SDK (the floor)"):
            bare()
        with timings.of("`run` of `true`"):
            sandbox.run("true", timeout_s=60)
        with timings.of("file read"):
            text = sandbox.read(path) or b""
        with timings.of("file edit (read, write)"):
            text = sandbox.read(path) or b""
            sandbox.write(path, text + b"# %d\n" % number)


def extraction(timings: Timings, sandbox: Sandbox, project: Project, what: str) -> None:
    with timings.of(f"snapshot alone, 5,000 files, 54 MB, {what}"):
        for _ in sandbox.snapshot():
            pass
    with timings.of(f"snapshot -> our tree, {what}"):
        project.repository.write_tree(project.tree, sandbox.snapshot())


def attempt(timings: Timings, host: DockerSandboxHost, image: str, project: Project) -> None:
    """A whole attempt of 12 tool calls, in which models and commands take no time."""
    with timings.of("whole attempt: open, 12 calls, tree, admission, close"):
        sandbox = host.open(image, project.tar, ENVIRONMENT, "benchmark")
        for number in range(4):
            path = f"package{number}/module{number}.py"
            text = sandbox.read(path) or b""
            sandbox.write(path, text + b"# changed\n")
            sandbox.run("true", timeout_s=60)
        tree = project.repository.write_tree(project.tree, sandbox.snapshot())
        admit_tree(project.repository, project.tree, tree, planned=frozenset(), protected=())
        sandbox.close()


def measured(rounds: int, folder: Path) -> Timings:
    timings = Timings()
    large = Project(folder, files=LARGE_FILES, total_bytes=LARGE_BYTES)
    small = Project(folder, files=SMALL_FILES, total_bytes=SMALL_BYTES)
    with closing(DockerSandboxHost(host_id=f"benchmark-{uuid.uuid4()}")) as host, closing(docker.from_env()) as client:
        image = host.prepare(ENVIRONMENT, lambda: small.tar)
        start_to_first_command(Timings(), host, image, small)  # imports, and the image in the page cache
        opened = [host.open(image, project.tar, ENVIRONMENT, "benchmark") for project in (small, large, large)]
        with closing(opened[0]) as working, closing(opened[1]) as untouched, closing(opened[2]) as changed:
            for number in range(CHANGED_FILES):
                changed.write(f"package{number}/module{number}.py", b"changed = True\n")
            container = client.containers.get(working.container_id)  # type: ignore[attr-defined]
            working.run("true", timeout_s=60)
            for _ in range(rounds):
                start_to_first_command(timings, host, image, small)
                calls(timings, working, lambda: container.exec_run("true", user="65534"))
                extraction(timings, untouched, large, "none changed")
                extraction(timings, changed, large, f"{CHANGED_FILES} changed")
                attempt(timings, host, image, small)
    return timings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="coderoute-benchmark-") as folder:
        print(measured(rounds, Path(folder)).table())
    print(f"\n{rounds} rounds in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
