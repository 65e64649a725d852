"""A run that begins in CI is bound to it, wherever it is looked at or merged later."""

from typing import Any

import pytest

from coderoute.domain import places
from coderoute.domain.terms import Terms
from coderoute.journal import Journal
from coderoute.wiring import open_house


@pytest.mark.parametrize("value", ["true", None])
def test_a_run_is_frozen_with_where_it_began(desk: Any, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("CI", value)
    run, _ = desk.to_the_gate()
    terms = Journal(open_house().store, run).get(places.TERMS, Terms)
    assert terms is not None
    assert terms.in_ci is (value is not None)
