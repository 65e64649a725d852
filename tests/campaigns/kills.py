"""Kills coderoute's processes at random moments, over whole runs, until each run is merged, and compares what is left
with a run that nobody disturbed.

    python -m tests.campaigns.kills --runs 24 --docker-runs 8 --kills 12

Prints the counts; ends with 1 where anything was not as it has to be (then the folders of these runs are kept).
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from tests.campaigns.desk import Blow, Desk, Variant, some_blow
from tests.campaigns.findings import Left, left_by, litter, problems_of

ACTS = {"run": 1340, "resume": 650, "send-back": 27, "diff": 13, "approve": 50, "merge": 152}
"""About as many as each command has, counted in a run that nobody disturbs."""
STRUCK = {"run": 1.0, "resume": 1.0, "merge": 0.9}
OTHERWISE_STRUCK = 0.6


@dataclass(kw_only=True)
class Counts:
    """Sums over the runs."""

    runs: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    where: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    in_flight: int = 0
    answers: int = 0
    litter: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, desk: Desk) -> None:
        self.runs += 1
        self.deaths += desk.deaths
        self.where += desk.where
        self.commands += desk.commands
        self.in_flight += desk.in_flight
        self.answers += len(desk.models.account)
        self.litter += litter(desk)


def undisturbed(folder: Path, variant: Variant, docker_host: str | None = None) -> Left:
    desk = Desk(folder=folder, variant=variant, seed=0, docker_host=docker_host)
    desk.to_the_merge(lambda _: None)
    left = left_by(desk)
    problems = problems_of(desk, left)
    desk.close(keep=bool(problems))
    if problems:
        sys.exit(f"the undisturbed run is not right: {problems}")
    return left


def disturbed(folder: Path, variant: Variant, seed: int, kills: int, reference: Left) -> tuple[Desk, list[str]]:
    """A run of which up to `kills` processes die, and what is wrong in the end."""
    chance = random.Random(seed)
    desk = Desk(folder=folder, variant=variant, seed=seed)

    def blows(command: list[str]) -> Blow | None:
        if desk.deaths.total() >= kills or chance.random() > STRUCK.get(command[0], OTHERWISE_STRUCK):
            return None
        return some_blow(chance, command[0], ACTS[command[0]])

    try:
        desk.to_the_merge(blows)
        problems = problems_of(desk, reference)
        problems += [f"containers are left: {left}"] if (left := containers_of(desk)) else []
    except Exception as error:
        problems = [*desk.problems, f"{type(error).__name__}: {error}"]
    return desk, [f"seed {seed}, {desk.folder}: {problem}" for problem in problems]


def containers_of(desk: Desk) -> list[str]:
    if desk.variant.sandbox != "docker":
        return []
    import docker

    owner = (desk.state / "host.id").read_text().strip()
    label = f"coderoute.owner={bytes.fromhex(owner).hex()}"
    client = docker.DockerClient(base_url=desk.docker_host) if desk.docker_host else docker.from_env()
    with closing(client.api) as api:
        return [entry["Id"][:12] for entry in api.containers(all=True, filters={"label": label})]


def campaign(folder: Path, sandbox: str, runs: int, kills: int, first_seed: int, workers: int) -> Counts:
    counts = Counts()
    variants = [
        Variant(sandbox=sandbox, stream=stream, moves_late=late) for stream, late in product((True, False), repeat=2)
    ][: max(runs, 1)]
    with ThreadPoolExecutor(workers) as pool:
        references = list(
            pool.map(lambda pair: undisturbed(folder / f"{sandbox}-{pair[0]}", pair[1]), enumerate(variants))
        )

        def one(number: int) -> tuple[Desk, list[str]]:
            at = number % len(variants)
            seed = first_seed + number
            return disturbed(folder / f"{sandbox}-seed-{seed}", variants[at], seed, kills, references[at])

        for desk, problems in pool.map(one, range(runs)):
            counts.add(desk)
            counts.problems += problems
            desk.close(keep=bool(problems))
            say(f"  {sandbox} seed {desk.seed}: {desk.deaths.total()} deaths, {len(problems)} problems")
    return counts


def told(name: str, counts: Counts, seconds: float) -> str:
    signals = ", ".join(f"{times} by {number}" for number, times in sorted(counts.deaths.items()))
    where = ", ".join(f"{command} {times}" for command, times in counts.where.most_common())
    left = ", ".join(f"{times} x {what}" for what, times in sorted(counts.litter.items())) or "nothing"
    return "\n".join([
        f"{name}: {counts.runs} whole runs, {counts.deaths.total()} processes died ({signals}), {seconds:.0f} s",
        f"  commands given: {counts.commands}; died in: {where}",
        f"  answers sold: {counts.answers}; in flight at a death, so booked as estimates: {counts.in_flight}",
        f"  left for purge or git gc: {left}",
        f"  problems: {len(counts.problems)}",
        *(f"    {problem[:1000]}" for problem in counts.problems[:20]),
    ])  # fmt: skip


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=24, help="with sandboxes in memory")
    parser.add_argument("--docker-runs", type=int, default=8, help="with Docker")
    parser.add_argument("--kills", type=int, default=12, help="of each run, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="runs at the same time")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="coderoute-campaign-"))
    failed = False
    for name, sandbox, runs in (("in memory", "memory", given.runs), ("on Docker", "docker", given.docker_runs)):
        if not runs:
            continue
        began = time.monotonic()
        counts = campaign(folder, sandbox, runs, given.kills, given.seed, given.workers)
        say(told(name, counts, time.monotonic() - began))
        failed = failed or bool(counts.problems)
    if not failed:
        folder.rmdir()
    sys.exit(failed)


if __name__ == "__main__":
    main()
