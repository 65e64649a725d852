"""A word that was taken back is not found again in the database."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.run import Status
from coderoute.flow.ending import cancel

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


@pytest.mark.parametrize("how", ["rejected", "sent back", "cancelled"])
def test_a_status_put_back_by_hand_revives_no_approval(how: str, journey: "Journey") -> None:
    journey.to_the_gate()
    sha256 = journey.look()
    journey.approve(sha256)
    take_back: dict[str, Callable[[], object]] = {
        "rejected": lambda: journey.reject("no"),
        "sent back": lambda: journey.send_back("shorter, please"),
        "cancelled": lambda: cancel(journey.store, journey.run, journey.time),
    }
    take_back[how]()
    journey.store.set_status(journey.id, Status.APPROVED)

    refusal = journey.refusal(journey.merge)

    assert f"it was withdrawn: the {'change' if how == 'sent back' else 'run'} was {how}" in refusal.problem
    assert journey.ending[0] is Status.AWAITING_APPROVAL
    assert journey.approve(sha256) == journey.disk.approvals(journey.id)[-1], "a person's new word is a new approval"
    assert len(journey.disk.approvals(journey.id)) == 2
    assert journey.merge()[0].target_moved
