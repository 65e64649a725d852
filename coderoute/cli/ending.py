"""`cancel` and `purge`: ending a run, and removing what is left of runs."""

import sys
from typing import TYPE_CHECKING

import click

from coderoute.cli.gate import warn
from coderoute.cli.program import program

if TYPE_CHECKING:
    from coderoute.wiring import House
    from coderoute.wiring.ending import Cleared, Purge


@click.command()
@click.argument("name", metavar="RUN")
def cancel(name: str) -> None:
    """End RUN without its change. A process that works on it is stopped; its sandboxes are removed."""
    from coderoute import wiring
    from coderoute.flow import finding
    from coderoute.wiring import ending

    house = wiring.open_house()
    run = finding.find(house.store, name)
    is_new, cleared = ending.cancel(house, run)
    click.echo(f"run {run.id} is cancelled" if is_new else f"run {run.id} was cancelled before")
    tell_of_sandboxes(cleared)
    wiring.tell_forge(house, run.id, warn)


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
def purge(name: str | None) -> None:
    """Remove RUN, which has ended: records, patches, sandboxes. Without RUN: all that is old. Costs stay known."""
    from coderoute import wiring
    from coderoute.flow import finding
    from coderoute.wiring import ending

    house = wiring.open_house()
    if name is None:
        purge_old(house)
        return
    run = finding.find(house.store, name)
    tell_of_sandboxes(ending.purge_run(house, run))
    click.echo(f"run {run.id} is removed; what it cost still counts in: {program()} cost")


def purge_old(house: "House") -> None:
    from coderoute.wiring import ending

    old = ending.what_is_old(house)
    rows = old_text(old)
    if not rows:
        click.echo("nothing is old enough to be removed")
    else:
        click.echo("\n".join(rows))
        if sys.stdin.isatty() and not click.confirm("Remove this?", default=False, err=True):
            click.echo("nothing was removed")
            return
    for kept in ending.purge_all(house, old):
        click.echo(f"kept: {kept}", err=True)
    if rows:
        click.echo(f"removed; what the runs cost still counts in: {program()} cost")


def old_text(old: "Purge") -> list[str]:
    from coderoute.domain.visible import one_line

    rows = [f"run {run.id}  {run.status.value:<10} {one_line(run.title, 80)}" for run in old.runs]
    rows += [f"folder {one_line(str(folder))}: of a run that never began" for folder in old.orphans]
    rows += [f"copy {one_line(str(place))}: of a repository that no run works from" for place in old.mirrors]
    rows += [f"image {image[:19]}: a set-up that no run uses" for image in old.images or ()]
    rows += [f"kept results of base commits: {len(old.baselines)}"] if old.baselines else []
    return rows


def tell_of_sandboxes(cleared: "Cleared") -> None:
    if cleared.sandboxes is None:
        click.echo(
            f"its sandboxes may be left: {cleared.problem}; {program()} purge removes them when Docker answers",
            err=True,
        )
    elif cleared.sandboxes:
        click.echo(f"{cleared.sandboxes} of its sandboxes were removed", err=True)


COMMANDS = {"cancel": cancel, "purge": purge}
