"""What was true when a change was approved must still be true when it is merged."""

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.task import Base

if TYPE_CHECKING:
    from tests.journeys.conftest import Journey


def test_a_merge_asks_the_admission_rules_once_more(journey: "Journey", monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a newer program has stricter rules than the one that was approved under."""
    journey.to_the_gate()
    journey.approve(journey.look())
    monkeypatch.setattr("coderoute.domain.admission.MAX_ADDED_BYTES", 1)

    assert "admission judges the approved change differently now" in journey.refusal(journey.merge).problem
    assert journey.main()["shout.py"] == journey.SHOUT


class Elsewhere(InMemoryRepository):
    """A repository with the same commits and objects as another, in another place."""

    def pin(self, base: str | None) -> Base:
        pinned = super().pin(base)
        return replace(pinned, repository_id=pinned.repository_id.replace(":in-memory", ":elsewhere"))


def test_an_approval_for_one_repository_merges_into_no_copy_of_it(journey: "Journey") -> None:
    journey.to_the_gate()
    journey.approve(journey.look())
    elsewhere = copy.copy(journey.repository)
    elsewhere.__class__ = Elsewhere
    journey.repository = elsewhere

    problem = journey.refusal(journey.merge).problem
    assert "this is another repository (" in problem
    assert ":elsewhere) than the one that was approved" in problem
    assert journey.main()["shout.py"] == journey.SHOUT
