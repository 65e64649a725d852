"""What the command line costs: CPU seconds of whole processes, beside an empty Python and click's own floor.

Every round starts each command once, in an order that turns; what is compared are medians of the differences and ratios
within rounds, so that a busy machine slows all of them alike.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

GOAL_MS = 100.0
"""For `coderoute --help`."""
CLICK = """
import click

@click.group()
def cli():
    "A floor."

@cli.command()
def one():
    "One command."

cli(["--help"], standalone_mode=False)
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    command: list[str]


ROWS = (
    Row(name="python -c pass", command=["-c", "pass"]),
    Row(name="click --help", command=["-c", CLICK]),
    Row(name="coderoute --help", command=["-m", "coderoute", "--help"]),
    Row(name="coderoute version", command=["-m", "coderoute", "version"]),
    Row(name="coderoute list", command=["-m", "coderoute", "list"]),
    Row(name="coderoute show last", command=["-m", "coderoute", "show", "last"]),
)


def cpu_ms(row: Row, environ: dict[str, str]) -> float:
    """Of one process and what it started."""
    process = subprocess.Popen(
        [sys.executable, *row.command], env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{row.name} ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def prepared(folder: Path) -> dict[str, str]:
    """An environment with a state folder in which one run, the demo's, waits for approval."""
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[1]),
        "CODEROUTE_STATE_DIR": str(folder / "state"), "CODEROUTE_CONFIG_DIR": str(folder / "none"),
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }  # fmt: skip
    demo = [sys.executable, "-m", "coderoute", "demo", "--json", "-q"]
    subprocess.run(demo, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return environ


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    measured: dict[str, list[float]] = {row.name: [] for row in ROWS}
    with tempfile.TemporaryDirectory(prefix="coderoute-benchmark-") as folder:
        environ = prepared(Path(folder))
        for row in ROWS:  # once before it counts: compiled files, the disk's cache
            cpu_ms(row, environ)
        for number in range(rounds):
            turn = number % len(ROWS)
            for row in (*ROWS[turn:], *ROWS[:turn]):
                measured[row.name].append(cpu_ms(row, environ))
    empty, click = measured[ROWS[0].name], measured[ROWS[1].name]
    print("| what | CPU ms, median | over python -c pass | x click | slowest |")
    print("|---|---|---|---|---|")
    for name, values in measured.items():
        over = statistics.median(value - floor for value, floor in zip(values, empty, strict=True))
        ratio = statistics.median(value / floor for value, floor in zip(values, click, strict=True))
        print(f"| {name} | {statistics.median(values):.0f} | {over:.0f} | {ratio:.2f} | {max(values):.0f} |")
    helped = statistics.median(measured["coderoute --help"])
    print(f"\ncoderoute --help: {helped:.0f} ms, goal {GOAL_MS:.0f} ms: {'reached' if helped <= GOAL_MS else 'MISSED'}")
    return 0 if helped <= GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
