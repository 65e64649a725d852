"""What only a run's world knows."""

from dataclasses import dataclass
from typing import cast

import pytest

from coderoute.flow.world import World


@dataclass(frozen=True, kw_only=True)
class Part:
    """As much of a world as a nonce takes."""

    run_id: str = "r1"
    nonce_key: bytes = b"a secret of this installation"

    def nonce(self, place: str) -> str:
        return World.nonce(cast(World, self), place)


def test_a_nonce_is_the_same_when_the_run_is_resumed() -> None:
    assert Part().nonce("plan/1") == Part().nonce("plan/1")
    assert len(Part().nonce("plan/1")) == 16


@pytest.mark.parametrize(
    ("what", "part", "place"),
    [
        ("another request", Part(), "plan/2"),
        ("another run", Part(run_id="r2"), "plan/1"),
        ("another installation, though the run is known", Part(nonce_key=b"guessed"), "plan/1"),
    ],
)
def test_another_place_has_another_nonce(what: str, part: Part, place: str) -> None:
    assert part.nonce(place) != Part().nonce("plan/1"), what
