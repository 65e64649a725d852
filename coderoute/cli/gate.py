"""`gate`, `approve`, `reject`, `send-back` and `merge`: where a person decides."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from coderoute.cli.answer import one_document
from coderoute.cli.program import program

if TYPE_CHECKING:
    from coderoute.domain.run import RunRecord
    from coderoute.wiring import House

HEX_DIGITS = 12


class Watch:
    """Notes when something was typed, so that the look can be measured without the pauses."""

    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.stamps = [self.monotonic()]

    def read_line(self, prompt: str, suffix: str = ": ") -> str:
        """What a person types; nothing where the input has ended."""
        typed = read_line(prompt, suffix)
        self.stamps.append(self.monotonic())
        return typed


@click.command()
@click.argument("name", metavar="RUN")
def gate(name: str) -> None:
    """Look at the evidence and the whole patch of RUN, then approve, reject or send it back."""
    from coderoute import wiring
    from coderoute.domain.run import EXIT_CODES
    from coderoute.flow import runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    open_gate(house, run.id)
    sys.exit(EXIT_CODES[runs.find(house.store, run.id).status])


def open_gate(house: "House", run_id: str) -> None:
    """Evidence, the whole patch, each protected item, then the question. Only the patch's hash approves."""
    from coderoute import wiring
    from coderoute.cli import render
    from coderoute.domain.reading import GATE, Reading, counted_s
    from coderoute.domain.visible import visible_bytes
    from coderoute.flow import people, runs

    run = runs.find(house.store, run_id)
    doc = house.document(run_id)
    patch = people.patch_text(house.store, run)
    if patch is None or doc["status"] not in ("awaiting_approval", "approved"):
        raise people.not_now(run, ": nothing waits at the gate")
    sha256, data = patch
    watch = Watch()
    click.echo(render.evidence_text(doc))
    click.echo()
    click.echo(visible_bytes(data))
    sys.stdout.flush()
    people.mark_shown(house.store, run, sha256, wiring.now())
    if not sys.stdin.isatty():
        # an answer that is piped in was typed by nobody who has read this
        click.echo(render.next_text(doc, program()))
        return
    acknowledged = acknowledge(doc, watch)
    if acknowledged is None:
        click.echo("not every protected item is acknowledged: this patch cannot be approved now")
    answer = question(sha256, watch, may_approve=acknowledged is not None)
    look = Reading(patch_sha256=sha256, seconds=counted_s(watch.stamps), how=GATE, until=wiring.now().isoformat())
    people.note_reading(house.store, run, look)
    match answer.split(" ", 1):
        case ["reject", *reason]:
            people.reject(house.store, run, " ".join(reason).strip() or "rejected at the gate")
            click.echo(f"run {run_id} is rejected")
        case ["back", comment]:
            people.send_back(house.store, run, comment, wiring.now())
            click.echo(f"sent back; go on with: {program()} resume {run_id}")
        case [name] if acknowledged is not None and len(name) >= HEX_DIGITS and sha256.startswith(name.lower()):
            wiring.approve(house, run, patch_name=name, acknowledged=acknowledged, channel="terminal")
            do_merge(house, run)
        case _:
            click.echo(f"the run keeps waiting: {program()} gate {run_id}")


def acknowledge(doc: dict[str, object], watch: Watch) -> list[str] | None:
    """Ask about each protected item on its own; None when one is not acknowledged."""
    from coderoute.cli.render import items, section
    from coderoute.domain.visible import visible

    done: list[str] = []
    for item in items(section(doc, "admission"), "items"):
        click.echo(f"\nprotected: {visible(str(item['id']))}\n  {visible(str(item['detail']))}")
        if watch.read_line("type yes to acknowledge this").lower() != "yes":
            return None
        done.append(str(item["id"]))
    return done


def question(sha256: str, watch: Watch, *, may_approve: bool) -> str:
    click.echo(f"\nThis patch is {sha256[:HEX_DIGITS]}.")
    if may_approve:
        click.echo(f"  {sha256[:HEX_DIGITS]}     approve and merge exactly this patch")
    click.echo("  back TEXT        send it back with a comment")
    click.echo("  reject REASON    end the run")
    click.echo("  (anything else leaves it waiting)")
    return watch.read_line(">", suffix=" ")


def read_line(prompt: str, suffix: str = ": ") -> str:
    """What a person types; nothing where the input has ended."""
    try:
        return str(click.prompt(prompt, default="", show_default=False, prompt_suffix=suffix)).strip()
    except click.Abort:
        return ""


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--patch", "patch_name", required=True, metavar="SHA", help="The patch's sha256, at least 12 digits.")
@click.option("--ack", multiple=True, metavar="ITEM", help="Acknowledge a protected item.")
@click.option("--merge", "and_merge", is_flag=True, help="Merge at once.")
@click.option("--as", "claimed_as", default=None, metavar="NAME", help="Recorded as a claim beside the system's user.")
@click.option("--note", default=None, metavar="TEXT", help="Kept with the approval.")
def approve(
    name: str, patch_name: str, ack: tuple[str, ...], and_merge: bool, claimed_as: str | None, note: str | None
) -> None:
    """Approve exactly the patch SHA of RUN: naming it states that you have read it."""
    from coderoute import wiring
    from coderoute.flow import runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    record = wiring.approve(
        house, run, patch_name=patch_name, acknowledged=ack, channel="command", claimed_as=claimed_as, note=note
    )
    click.echo(
        f"run {run.id} is approved: patch {record.patch_sha256[:HEX_DIGITS]} by {record.by} until {record.expires_at}"
    )
    if and_merge:
        do_merge(house, run)
    else:
        click.echo(f"merge it with: {program()} merge {run.id}")


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--reason", required=True, metavar="TEXT")
def reject(name: str, reason: str) -> None:
    """End RUN without its change."""
    from coderoute import wiring
    from coderoute.flow import people, runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    people.reject(house.store, run, reason)
    click.echo(f"run {run.id} is rejected")


@click.command("send-back")
@click.argument("name", metavar="RUN")
@click.option("--comment", required=True, metavar="TEXT")
def send_back(name: str, comment: str) -> None:
    """Send the change of RUN back with a comment, or answer what blocks it; `resume` goes on."""
    from coderoute import wiring
    from coderoute.flow import people, runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    taken_as = people.send_back(house.store, run, comment, wiring.now())
    click.echo(f"recorded as {taken_as}; go on with: {program()} resume {run.id}")


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--wait", is_flag=True, help="Wait for an approval on the forge (local runs have none to wait for).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def merge(name: str, wait: bool, as_json: bool) -> None:  # noqa: ARG001 - waiting comes with the forge
    """Merge the approved change of RUN."""
    from coderoute import wiring
    from coderoute.flow import runs

    house = wiring.open_house()
    run = runs.find(house.store, name)
    do_merge(house, run, quiet=as_json)
    if as_json:
        click.echo(one_document(house.document(run.id)))


def do_merge(house: "House", run: "RunRecord", *, quiet: bool = False) -> None:
    """Merge and say what happened.

    Raises:
        Refused: also when only the branch could be made, with the command that finishes it.
    """
    from coderoute import wiring
    from coderoute.domain.run import Status
    from coderoute.errors import Refused
    from coderoute.flow import runs

    result, before = wiring.merge(house, run)
    if runs.found(house.store, run.id).status is not Status.MERGED:
        raise Refused(
            f"the branch {result.branch} is made, the target is not moved: {result.why}", remedy=str(result.command)
        )
    if not quiet:
        again = "already merged" if before else "merged"
        click.echo(f"{again}: {result.commit} on {result.branch}")
    if result.why is not None:
        click.echo(f"note: {result.why}; look: {result.command}", err=True)


COMMANDS = {"gate": gate, "approve": approve, "reject": reject, "send-back": send_back, "merge": merge}
