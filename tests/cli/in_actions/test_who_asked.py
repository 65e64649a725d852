"""Who asked for a run, and who wrote its issue, is what the gate and the forge say: no bundle can name another."""

from dataclasses import replace
from typing import TYPE_CHECKING

from coderoute.domain import places
from coderoute.domain.bundle import lines
from coderoute.domain.bundle_reading import read
from coderoute.domain.task import Task
from coderoute.flow.bundle.records import journal_over
from coderoute.flow.candidate import exhibit
from coderoute.journal import from_json, to_json

if TYPE_CHECKING:
    from tests.cli.in_actions.conftest import Hub

SOMEBODY_ELSE = "gate.require_other_approver=true"


def test_who_asked_for_a_run_does_not_approve_it_where_somebody_else_must(hub: "Hub") -> None:
    """Alice asked, carol wrote the issue, bob did neither."""
    started = hub.gate_opened("coderoute-pull-request")
    given = started.jobs["work"]["steps"][0]["with"]
    given["config"] += f"\n{SOMEBODY_ELSE}"
    for name in ("work", "publish"):
        assert started.job(name).outcome == "success", started.done[name].log
    assert "\nRequested-by: alice\n" in hub.git.git("log", "-1", "--format=%B", hub.pull.head_commit)
    approve = f"/coderoute approve {started.done['work'].outputs['patch_sha256'][:12]}"

    own = hub.says("alice", approve)
    own.whole()
    assert (own.done["merge"].outcome, own.done["merge"].said["conclusion"]) == ("failure", "blocked")
    assert not hub.pull.merged
    assert any("alice asked for this change" in said.body for said in hub.state.comments(hub.pull.number))

    other = hub.says("bob", approve)
    other.whole()
    assert other.done["merge"].said["conclusion"] == "merged", other.done["merge"].log


def with_author(text: str) -> str:
    return to_json(Task, replace(from_json(Task, text), author="mallory"))


def forged(hub: "Hub", key: str, text: str) -> None:
    """The bundle that `work` left, with another record under `key`, and in agreement with itself."""
    (number,) = hub.actions.contents
    bundle = read(hub.actions.contents[number].splitlines(keepends=True))
    records = dict(bundle.records) | {key: text}
    shown = exhibit(journal_over(records, bundle.header.run), bundle.header.run)
    assert shown is not None
    header = replace(bundle.header, evidence_sha256=shown[0].evidence_sha256)
    hub.actions.contents[number] = b"".join(lines(replace(bundle, header=header, records=tuple(records.items()))))


def record(hub: "Hub", key: str) -> str:
    (number,) = hub.actions.contents
    return dict(read(hub.actions.contents[number].splitlines(keepends=True)).records)[key]


def test_a_bundle_that_names_somebody_else_is_refused_by_every_job_that_writes(hub: "Hub") -> None:
    started = hub.gate_opened("coderoute-pull-request")
    assert started.job("work").outcome == "success", started.done["work"].log
    genuine = dict(hub.actions.contents)
    hub.state.person("mallory")
    other_author = with_author(record(hub, places.TASK))
    for key, text, rule in (
        (places.TASK, other_author, "bundle.author"), (places.ASKED_BY, '"bob"', "bundle.actor"),
    ):  # fmt: skip
        forged(hub, key, text)
        done = started.job("publish")
        assert (done.outcome, done.said["conclusion"]) == ("failure", "blocked")
        assert rule in done.summary
        assert hub.untouched()
        hub.actions.contents.update(genuine)
    assert started.job("publish").outcome == "success", started.done["publish"].log

    for key, text, why in (
        (places.TASK, other_author, "bundle.author"), (places.ASKED_BY, '"bob"', f"is at {hub.pull.head_commit[:12]}"),
    ):  # fmt: skip
        forged(hub, key, text)
        review = hub.reviewed()
        review.job("gate")
        done = review.job("merge")
        assert (done.outcome, done.said["conclusion"]) == ("failure", "blocked")
        assert why in done.summary
        assert not hub.pull.merged
        hub.actions.contents.update(genuine)
