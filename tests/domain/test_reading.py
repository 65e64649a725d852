"""The minutes a person spent: silence counts for ten minutes at most."""

import pytest

from coderoute.domain.reading import counted_s


@pytest.mark.parametrize(
    ("what", "stamps", "seconds"),
    [
        ("nothing was typed", [5.0], 0.0),
        ("one answer after three minutes", [5.0, 185.0], 180.0),
        ("an item, then the hash", [0.0, 60.0, 100.0], 100.0),
        ("a lunch", [0.0, 3600.0], 600.0),
        ("a lunch between two items", [0.0, 60.0, 3660.0, 3720.0], 720.0),
        ("a clock that went back", [10.0, 4.0], 0.0),
        ("no look at all", [], 0.0),
    ],
)
def test_silence_counts_for_ten_minutes_at_most(what: str, stamps: list[float], seconds: float) -> None:
    assert counted_s(stamps) == seconds, what
