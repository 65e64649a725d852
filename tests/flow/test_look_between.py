"""The look that ends with an approval by its own command: what lies between the commands, and never counted twice."""

from datetime import UTC, datetime, timedelta

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain import places
from coderoute.domain.reading import BETWEEN_COMMANDS, GATE, Reading
from coderoute.flow.people import look_between
from coderoute.journal import Journal

SHA = "f" * 64
SHOWN = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def journal() -> Journal:
    journal = Journal(InMemoryStore(), "r")
    journal.put(places.shown(SHA), str, SHOWN.isoformat())
    return journal


@pytest.mark.parametrize(
    ("what", "after_s", "counted"),
    [("three minutes", 180, 180.0), ("over lunch", 3600, 600.0), ("a clock that was set back", -60, 0.0)],
)
def test_from_the_first_showing_to_the_approval(what: str, after_s: int, counted: float, journal: Journal) -> None:
    look = look_between(journal, SHA, SHOWN + timedelta(seconds=after_s))
    assert look is not None
    assert (look.seconds, look.how) == (counted, BETWEEN_COMMANDS), what


def test_what_the_gate_has_measured_is_not_counted_again(journal: Journal) -> None:
    at_the_gate = (SHOWN + timedelta(seconds=100)).isoformat()
    journal.put(places.reading(1), Reading, Reading(patch_sha256=SHA, seconds=100.0, how=GATE, until=at_the_gate))
    look = look_between(journal, SHA, SHOWN + timedelta(seconds=130))
    assert look is not None
    assert look.seconds == 30.0


def test_a_patch_that_was_not_shown_was_not_looked_at(journal: Journal) -> None:
    assert look_between(journal, "e" * 64, SHOWN) is None
