"""How long a person looked at a change before they decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

IDLE_S = 600.0
"""A longer silence counts as this much: nobody knows whether they were reading."""

GATE = "gate"
"""Measured while the gate's screen was open."""
BETWEEN_COMMANDS = "between_commands"
"""From the showing of the patch by one command to the approval by another: what lies between is not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at one patch. `how` is GATE or BETWEEN_COMMANDS."""

    patch_sha256: str
    seconds: float
    how: str
    until: str
    """UTC, ISO 8601."""


def counted_s(stamps: Sequence[float]) -> float:
    """The seconds from the first to the last of `stamps`, taken whenever something was typed; a long silence is cut."""
    return sum(min(max(later - earlier, 0.0), IDLE_S) for earlier, later in pairwise(stamps))
