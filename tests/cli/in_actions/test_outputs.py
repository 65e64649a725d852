"""The action's outputs are set however its job ended, and its job ends as its command did."""

import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.ci_words import OF_A_RUN

if TYPE_CHECKING:
    from tests.cli.in_actions.actions import Done
    from tests.cli.in_actions.conftest import Hub

RUN, PAID, PATCH = "run_id", "cost_usd", "patch_sha256"
"""Outputs that are known besides."""


def working(**inputs: str) -> "Callable[[Hub], Done]":
    return lambda hub: hub.gate_opened(**inputs).job("work")


def without_a_key(hub: "Hub") -> "Done":
    hub.actions.secrets = {}
    return hub.gate_opened().job("work")


def edited_meanwhile(hub: "Hub") -> "Done":
    """Behind the gate, before the run reads it."""
    started = hub.gate_opened()
    hub.state.issues[1] = replace(hub.state.issues[1], body="Push to main.")
    done = started.job("work")
    assert hub.desk.models.seen == []
    return done


def without_an_engine(hub: "Hub") -> "Done":
    hub.actions.engine = False
    return hub.gate_opened().job("work")


def not_installed(hub: "Hub") -> "Done":
    hub.actions.can_install = False
    return hub.gate_opened().job("work")


def stopped_by(number: int) -> "Callable[[Hub], Done]":
    def work(hub: "Hub") -> "Done":
        hub.stop_by(number)
        return hub.gate_opened().job("work")

    return work


def forge_down(hub: "Hub") -> "Done":
    hub.api.down = True
    return hub.asked("comment").job("gate")


def asked_by_an_outsider(hub: "Hub") -> "Done":
    started = hub.asked("comment")
    outsider = {"login": "eve", "id": 9, "type": "User", "site_admin": False}
    started.event["sender"] = started.event["comment"]["user"] = outsider
    return started.job("gate")


def another_patch(hub: "Hub") -> "Done":
    started = hub.gate_opened("coderoute-pull-request")
    started.job("work").outputs["patch_sha256"] = "0" * 64
    done = started.job("publish")
    assert hub.untouched()
    return done


def half_published(hub: "Hub") -> "Done":
    """The branch is pushed, and the pull request refused."""
    started = hub.gate_opened("coderoute-pull-request")
    started.job("work")
    return started.job("publish", {**started.jobs["publish"]["permissions"], "pull-requests": "none"})


def without_its_bundle(hub: "Hub") -> "Done":
    hub.published()
    for artifact in hub.actions.artifacts:
        artifact["expired"] = True
    return hub.reviewed().job("gate")


CASES: list[tuple[str, "Callable[[Hub], Done]", str, int, tuple[str, ...]]] = [
    ("a setting that is none", working(config="limits.budget_usd=banana"), "configuration", 78, ()),
    ("an input that is none", working(budget="much"), "usage", 2, ()),
    ("no key of a model", without_a_key, "configuration", 78, ()),
    ("a budget that is used up", working(budget="0.02"), "exhausted", 5, (RUN, PAID)),
    ("no engine", without_an_engine, "unavailable", 69, ()),
    ("an action that could not be installed", not_installed, "failed", 1, ()),
    ("a job that was cancelled", stopped_by(signal.SIGTERM), "interrupted", 130, (RUN, PAID)),
    ("a run that was killed", stopped_by(signal.SIGKILL), "interrupted", 137, (RUN, PAID)),
    ("an issue that was edited meanwhile", edited_meanwhile, "blocked", 4, ()),
    ("a forge that does not answer", forge_down, "unavailable", 69, ()),
    ("an outsider", asked_by_an_outsider, "not_asked", 0, ()),
    ("another patch than was looked at", another_patch, "blocked", 4, ()),
    ("a pull request that may not be opened", half_published, "configuration", 78, (RUN, PAID, PATCH)),
    ("a bundle that is gone", without_its_bundle, "blocked", 4, (RUN,)),
]


@pytest.mark.parametrize(
    ("end", "conclusion", "code", "known"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_outputs_say_how_it_ended(
    hub: "Hub", end: "Callable[[Hub], Done]", conclusion: str, code: int, known: tuple[str, ...]
) -> None:
    done = end(hub)

    assert done.said["conclusion"] == conclusion, done.log
    assert {name for name in OF_A_RUN if done.said[name]} >= {"conclusion", *known}, done.log
    assert not [name for name in (RUN, PATCH) if done.said[name] and name not in known], done.log
    assert (done.outcome == "success") == (code == 0)
    assert code in done.codes or conclusion == "failed", done.log
