"""Runs whose processes are killed at random moments end as if nothing had happened. The short form belongs to the
normal tests; the long ones are what docs/durability.md tells of."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def said_by(campaign: str, *arguments: str) -> str:
    """What the campaign printed; it ends with 0 where nothing was wrong."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.campaigns.{campaign}", *arguments], cwd=ROOT, check=False, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def deaths(said: str) -> int:
    return sum(int(number) for number in re.findall(r"(\d+) processes died", said))


def test_a_run_killed_a_few_times_ends_as_one_that_was_not() -> None:
    said = said_by("kills", "--runs", "1", "--docker-runs", "0", "--kills", "5", "--workers", "1")
    assert deaths(said) >= 3, said


def test_what_a_run_says_it_cost_is_what_was_billed_for_it_call_by_call() -> None:
    said = said_by("bill", "--conversations", "8", "--workers", "1", "--kills", "0")
    assert re.search(r"told, settled [1-9]", said), said
    assert "problems: 0" in said


@pytest.mark.campaign
def test_over_three_hundred_conversations_the_bill_differs_by_nothing() -> None:
    said = said_by("bill", "--conversations", "300")
    assert int(re.findall(r"conversations: (\d+)", said)[0]) >= 300, said


@pytest.mark.campaign
@pytest.mark.docker
def test_runs_killed_two_hundred_times_end_as_those_that_were_not() -> None:
    said = said_by("kills")
    assert deaths(said) >= 200, said


@pytest.mark.campaign
@pytest.mark.docker
@pytest.mark.skipif(os.geteuid() != 0, reason="an engine of one's own takes root")
def test_runs_whose_engine_dies_twenty_times_end_as_those_that_were_not() -> None:
    said = said_by("daemons")
    assert int(re.findall(r"the engine died (\d+) times while", said)[0]) >= 20, said
