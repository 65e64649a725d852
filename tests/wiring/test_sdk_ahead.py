"""The SDK is loaded before its first call, by a thread that nobody hears of."""

import sys
import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain import places
from coderoute.domain.conversation import ModelRef
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.journal import Journal
from coderoute.wiring.world import load_sdk_ahead

NO_MODELS = Terms(
    models={}, routes={}, prices={}, environment=Environment(image=None, setup=(), limits=Limits()),
    test=TestCommand(command="pytest -q", framework="pytest", timeout_s=60, env={}), budget_usd=Decimal(1),
    review_reserve_usd=Decimal(0), max_turns=1, diff_lines=1, diff_files=1, cheap_tries=1, frontier_tries=1,
    max_replans=1, usd_per_minute=Decimal(1), minutes_per_100_lines=Decimal(1), protected_paths=(),
    require_other_approver=False, version="1.0",
)  # fmt: skip


def test_replies_that_were_recorded_need_none() -> None:
    journal = Journal(InMemoryStore(), "r")
    journal.put(places.RECORDED_REPLIES, str, "[]")
    load_sdk_ahead(journal, NO_MODELS)  # it would look for the plan's model, and there is none


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_one_that_cannot_be_loaded_is_left_to_the_first_call(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, provider, None)
    terms = replace(NO_MODELS, models={"frontier": ModelRef(provider=provider, model="m")})
    load_sdk_ahead(Journal(InMemoryStore(), "r"), terms)
    for thread in threading.enumerate():
        if thread.name == "sdk-ahead":
            thread.join()
