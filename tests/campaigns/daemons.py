"""Kills the Docker daemon at random moments of whole runs and starts it again, until each run is merged, and compares
what is left with a run that nobody disturbed. Needs root, and a Docker engine that has the sandbox's base image.

    python -m tests.campaigns.daemons --kills 24

Prints the counts; ends with 1 where anything was not as it has to be (then the folders of these runs are kept).
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.campaigns.desk import Blow, Desk, Variant, some_blow
from tests.campaigns.engine import PrivateEngine
from tests.campaigns.findings import Left, problems_of
from tests.campaigns.kills import ACTS, Counts, containers_of, say, told, undisturbed

MOST_KILLS_OF_A_RUN = 8
LONG_OUTAGE = 0.15
"""Of the outages, those that last longer than a call waits for the engine."""


class Reaper(threading.Thread):
    """Kills the engine again and again while a command runs."""

    def __init__(self, engine: PrivateEngine, desk: Desk, chance: random.Random, kills: int) -> None:
        super().__init__()
        self.engine, self.desk, self.chance, self.left = engine, desk, chance, kills
        self.over = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while self.left and not self.over.wait(0.3 + self.chance.expovariate(0.7)):
                if not self.desk.is_working:
                    continue
                self.left -= 1
                self.engine.kill()
                long = self.chance.random() < LONG_OUTAGE
                self.over.wait(self.chance.uniform(10, 40) if long else self.chance.uniform(0, 2))
                self.engine.start()
        except Exception as error:  # it belongs to whoever waits for this thread
            self.error = error


def disturbed(
    engine: PrivateEngine, folder: Path, variant: Variant, seed: int, kills: int, reference: Left
) -> tuple[Desk, list[str]]:  # fmt: skip
    """A run in which the engine dies up to `kills` times, and once in a while one of our processes beside it."""
    chance = random.Random(seed)
    desk = Desk(folder=folder, variant=variant, seed=seed, docker_host=engine.host, may_be_unavailable=True)
    reaper = Reaper(engine, desk, random.Random(seed), kills)
    reaper.start()

    def blows(command: list[str]) -> Blow | None:
        if seed % 3 or desk.deaths.total() >= kills or chance.random() < 0.5:
            return None
        return some_blow(chance, command[0], ACTS[command[0]])

    try:
        desk.to_the_merge(blows)
        problems = problems_of(desk, reference)
    except Exception as error:
        problems = [*desk.problems, f"{type(error).__name__}: {error}"]
    reaper.over.set()
    reaper.join()
    if reaper.error is not None:
        problems.append(f"the engine did not come back: {reaper.error}")
    else:
        run = desk.run()
        desk.give(["resume", run.id if run else "last", "-q"], None)  # the next start reaps
        problems += [f"containers are left: {left}"] if (left := containers_of(desk)) else []
    return desk, [f"seed {seed}, {desk.folder}: {problem}" for problem in problems]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=24, help="of the engine, at least")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="coderoute-daemons-"))
    engine, counts, began = PrivateEngine(folder / "engine"), Counts(), time.monotonic()
    try:
        engine.start()
        engine.load_image()
        variants = [Variant(sandbox="docker", stream=late, moves_late=late) for late in (True, False)]
        references = [
            undisturbed(folder / f"undisturbed-{number}", variant, engine.host)
            for number, variant in enumerate(variants)
        ]
        seed = given.seed
        while engine.deaths < given.kills and len(counts.problems) < 10:
            before, at = engine.deaths, seed % len(variants)
            desk, problems = disturbed(
                engine, folder / f"seed-{seed}", variants[at], seed, MOST_KILLS_OF_A_RUN, references[at]
            )
            counts.add(desk)
            counts.problems += problems
            desk.close(keep=bool(problems))
            died = engine.deaths - before
            waits = ", ".join(f"{times} x {why}" for why, times in desk.waits.items()) or "none"
            say(f"  seed {seed}: the engine died {died} times; stops: {waits}; {len(problems)} problems")
            seed += 1
    finally:
        engine.close()
    say(f"the engine died {engine.deaths} times while a command worked")
    say(told("with a dying engine", counts, time.monotonic() - began))
    if not counts.problems:
        folder.rmdir()
    sys.exit(bool(counts.problems))


if __name__ == "__main__":
    main()
