"""`list`, `show`, `diff`, `log` and `cost`: what was done and what it cost."""

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from coderoute.cli.answer import one_document

if TYPE_CHECKING:
    from coderoute.domain.run import Event, RunRecord, UnreadableRun
    from coderoute.ports import RunStore

POLL_S = 0.5
SILENT_POLLS = 20
"""After so many looks without anything new, `log --follow` asks whether anybody works on the run at all."""


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_runs(as_json: bool) -> None:
    """All runs, newest first."""
    from coderoute import wiring
    from coderoute.domain.visible import one_line

    runs = wiring.open_house().store.runs()
    if as_json:
        click.echo(one_document({"runs": [listed(run) for run in runs]}))
        return
    for run in runs:
        doc = listed(run)
        about = one_line(str(doc["problem"]), 200) if doc["title"] is None else one_line(str(doc["title"]), 80)
        click.echo(f"{run.id}  {doc['status'] or doc['reason']:<18} {about}")


def listed(run: "RunRecord | UnreadableRun") -> dict[str, object]:
    """A run as `list` has it. Of one that cannot be read nothing but its id and age is known."""
    from coderoute.domain.run import UnreadableRun

    if isinstance(run, UnreadableRun):
        return {"run_id": run.id, "status": None, "reason": "unreadable", "problem": run.problem, "title": None,
                "repo": None, "created_at": run.created_at}  # fmt: skip
    return {"run_id": run.id, "status": run.status.value, "reason": run.reason, "problem": run.problem,
            "title": run.title, "repo": run.repository, "created_at": run.created_at}  # fmt: skip


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, as_json: bool) -> None:
    """What is known about RUN: plan, steps, tests, review, cost, and the whole patch."""
    from coderoute import wiring
    from coderoute.cli import render
    from coderoute.cli.program import program
    from coderoute.domain.visible import visible_bytes
    from coderoute.flow import finding, kept

    house = wiring.open_house()
    run = finding.find(house.store, name)
    doc = house.document(run.id)
    if as_json:
        click.echo(one_document(doc))
        return
    click.echo(render.evidence_text(doc))
    patch = kept.patch_text(house.store, run)
    if patch is not None:
        sha256, data = patch
        click.echo()
        click.echo(visible_bytes(data))
        sys.stdout.flush()
        kept.mark_shown(house.store, run, sha256, wiring.now())
    click.echo(render.next_text(doc, program()))


@click.command()
@click.argument("name", metavar="RUN")
def diff(name: str) -> None:
    """The patch of RUN: on a terminal with every hidden character spelled out, elsewhere byte for byte."""
    from coderoute import wiring
    from coderoute.cli.stream import as_they_are
    from coderoute.domain.visible import visible_bytes
    from coderoute.errors import Refused
    from coderoute.flow import finding, kept

    house = wiring.open_house()
    run = finding.find(house.store, name)
    patch = kept.patch_text(house.store, run)
    if patch is None:
        raise Refused(f"run {run.id} has no patch yet: it is {run.status.value}", remedy=f"coderoute show {run.id}")
    sha256, data = patch
    if sys.stdout.isatty():
        click.echo(visible_bytes(data))
    else:
        as_they_are(sys.stdout).write(data)
    sys.stdout.flush()
    # only now: a reader who left in the middle has not seen it in full
    kept.mark_shown(house.store, run, sha256, wiring.now())
    click.echo(f"patch sha256 {sha256}", err=True)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--follow", is_flag=True, help="Go on until the run waits for somebody or ends.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
def log(name: str, follow: bool, as_json: bool) -> None:
    """What happened in RUN, in order."""
    from coderoute import wiring
    from coderoute.flow import finding

    house = wiring.open_house()
    run = finding.find(house.store, name)
    told = silent = 0
    while True:
        # asked before the events are read: what comes in between is told the next time
        over = not follow or not at_work(house.store, run.id, silent)
        events = house.store.events(run.id)
        for event in events[told:]:
            click.echo(event_text(event, as_json=as_json))
        sys.stdout.flush()
        if over:
            return
        silent = silent + 1 if len(events) == told else 0
        told = len(events)
        time.sleep(POLL_S)


def at_work(store: "RunStore", run_id: str, silent: int) -> bool:
    """Whether somebody works on the run. One that was killed stays `running`: after a silence its lock tells."""
    from coderoute.domain.run import Status
    from coderoute.flow import finding

    if finding.found(store, run_id).status is not Status.RUNNING:
        return False
    if silent < SILENT_POLLS:
        return True
    with store.lock(f"run-{run_id}") as free:
        return not free


def event_text(event: "Event", *, as_json: bool) -> str:
    from coderoute.cli.progress import line
    from coderoute.domain.visible import visible

    if as_json:
        ours = {"at": event.at, "event": event.event, "run_id": event.run_id}
        return json.dumps({**ours, **event.data, **ours})  # first in the line, and no data takes their place
    if event.event == "bug":
        return f"{event.at}  {visible(str(event.data.get('traceback')))}"
    return f"{event.at}  {line(event.event, event.data)}"


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cost(name: str | None, as_json: bool) -> None:
    """What RUN cost; without RUN what all runs cost together, and where routing goes wrong."""
    from coderoute import wiring
    from coderoute.cli import costs
    from coderoute.flow import finding

    house = wiring.open_house()
    found = house.cost(finding.find(house.store, name).id if name else None)
    click.echo(one_document(found) if as_json else costs.whole_text(found))


COMMANDS = {"list": list_runs, "show": show, "diff": diff, "log": log, "cost": cost}
