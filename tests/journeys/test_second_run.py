"""A test of the base that ends otherwise with the change's own tests than with the base's comes before a person."""

from typing import TYPE_CHECKING

from coderoute.domain.run import Status
from coderoute.errors import Refused

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


def test_a_difference_between_the_two_runs_is_to_be_acknowledged(journey: "Journey") -> None:
    quiet = journey.SHOUT.replace("'!'", "'?'")
    journey.plans(journey.step("fix", files=["shout.py", "tests/test_shout.py"]), test=None)
    journey.writes("fix", 1, "shout.py", quiet, "tests/test_shout.py", journey.OLD_TESTS.replace("A!", "A?"))
    journey.reviews(1)

    assert journey.start().status is Status.AWAITING_APPROVAL
    items = [item["id"] for item in journey.section("admission")["items"]]
    refusal = journey.refusal(journey.approve, journey.look())

    assert "tests.differ:tests/test_shout.py" in items
    assert isinstance(refusal, Refused)
    assert "--ack tests.differ:tests/test_shout.py" in refusal.problem
