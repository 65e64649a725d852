"""`list`, `show`, `diff`, `log` and `cost`: what was done and what it cost."""

import json
import sys

import click

from coderoute.cli.answer import one_document


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_runs(as_json: bool) -> None:
    """All runs, newest first."""
    from coderoute import wiring
    from coderoute.domain.visible import one_line

    house = wiring.open_house()
    found = [
        {"run_id": run.id, "status": run.status.value, "reason": run.reason, "title": run.title,
         "repo": run.repository, "created_at": run.created_at}
        for run in house.store.runs()
    ]  # fmt: skip
    if as_json:
        click.echo(one_document({"runs": found}))
        return
    for run in found:
        click.echo(f"{run['run_id']}  {run['status']:<18} {one_line(str(run['title']), 80)}")


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, as_json: bool) -> None:
    """What is known about RUN: plan, steps, tests, review, cost, and the whole patch."""
    from coderoute import wiring
    from coderoute.cli import render
    from coderoute.cli.program import program
    from coderoute.domain.visible import visible_bytes
    from coderoute.flow import people, runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    doc = house.document(run.id)
    if as_json:
        click.echo(one_document(doc))
        return
    click.echo(render.evidence_text(doc))
    patch = people.patch_text(house.store, run)
    if patch is not None:
        sha256, data = patch
        click.echo()
        click.echo(visible_bytes(data))
        sys.stdout.flush()
        people.mark_shown(house.store, run, sha256, wiring.now())
    click.echo(render.next_text(doc, program()))


@click.command()
@click.argument("name", metavar="RUN")
def diff(name: str) -> None:
    """The patch of RUN: on a terminal with every hidden character spelled out, elsewhere byte for byte."""
    from coderoute import wiring
    from coderoute.domain.visible import visible_bytes
    from coderoute.errors import Refused
    from coderoute.flow import people, runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    patch = people.patch_text(house.store, run)
    if patch is None:
        raise Refused(f"run {run.id} has no patch yet: it is {run.status.value}", remedy=f"coderoute show {run.id}")
    sha256, data = patch
    if sys.stdout.isatty():
        click.echo(visible_bytes(data))
    else:
        sys.stdout.buffer.write(data)
    sys.stdout.flush()
    # only now: a reader who left in the middle has not seen it in full
    people.mark_shown(house.store, run, sha256, wiring.now())
    click.echo(f"patch sha256 {sha256}", err=True)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
def log(name: str, as_json: bool) -> None:
    """What happened in RUN, in order."""
    from coderoute import wiring
    from coderoute.cli.progress import line
    from coderoute.domain.visible import visible
    from coderoute.flow import runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    for event in house.store.events(run.id):
        if as_json:
            click.echo(json.dumps({"at": event.at, "event": event.event, "run_id": event.run_id, **event.data}))
        elif event.event == "bug":
            click.echo(f"{event.at}  {visible(str(event.data.get('traceback')))}")
        else:
            click.echo(f"{event.at}  {line(event.event, event.data)}")


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cost(name: str | None, as_json: bool) -> None:
    """What RUN cost, or all runs together."""
    from coderoute import wiring
    from coderoute.cli import render
    from coderoute.flow import runs

    house = wiring.open_house()
    found = house.cost(runs.find(house.store, name).id if name else None)
    click.echo(one_document(found) if as_json else render.cost_text(found))


COMMANDS = {"list": list_runs, "show": show, "diff": diff, "log": log, "cost": cost}
