"""`gate`, `approve`, `reject`, `send-back` and `merge`: where a person decides."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from coderoute.cli.answer import one_document
from coderoute.cli.program import program

if TYPE_CHECKING:
    from coderoute.cli.screen.talk import Decided
    from coderoute.domain.run import RunRecord
    from coderoute.flow.gate import Sitting
    from coderoute.wiring import House

WAIT_S = 20.0
"""Between two looks at a pull request."""


@click.command()
@click.argument("name", metavar="RUN")
def gate(name: str) -> None:
    """Look at the evidence and the whole patch of RUN, then approve, reject or send it back."""
    from coderoute import wiring
    from coderoute.domain.run import EXIT_CODES
    from coderoute.flow import finding

    house = wiring.open_house()
    run = finding.find(house.store, name)
    open_gate(house, run.id)
    sys.exit(EXIT_CODES[finding.find(house.store, run.id).status])


def open_gate(house: "House", run_id: str) -> None:
    """The screen where a person reads and decides; without a terminal everything is printed and nothing asked."""
    from coderoute import wiring
    from coderoute.cli.screen.talk import Talk
    from coderoute.cli.screen.terminal import Terminal, Watch
    from coderoute.domain.reading import GATE, Reading, counted_s
    from coderoute.flow import finding, kept, people

    run = finding.find(house.store, run_id)
    sitting = wiring.sit_down(house, run)
    doc = house.document(run_id)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        # an answer that is piped in was typed by nobody who has read this
        print_all(house, run, sitting, doc)
        return
    watch = Watch()
    talk = Talk(
        Terminal(watch), sitting, doc, moved=wiring.moved_target(house, run, sitting.base),
        produced=lambda: kept.mark_shown(house.store, run, sitting.patch_sha256, wiring.now()),
        export=lambda file: write_patch(file, sitting.patch),
    )  # fmt: skip
    try:
        decided = talk.hold()
    finally:
        seconds = counted_s(watch.stamps)
        look = Reading(patch_sha256=sitting.patch_sha256, seconds=seconds, how=GATE, until=wiring.now().isoformat())
        people.note_reading(house.store, run, look)
    carry_out(house, run, sitting, decided)


def carry_out(house: "House", run: "RunRecord", sitting: "Sitting", decided: "Decided") -> None:
    """What the person decided, done.

    Raises:
        Refused: the change or its evidence is no longer what was on the screen, or the merge was refused.
    """
    from coderoute import wiring
    from coderoute.cli.screen.talk import Ending
    from coderoute.domain.visible import visible
    from coderoute.flow import people

    comments = decided.session.comments
    match decided.ending:
        case Ending.APPROVE:
            wiring.approve(
                house, run, patch_name=decided.text, acknowledged=sorted(decided.session.acknowledged),
                channel="terminal", note=decided.session.message() or None, evidence_sha256=sitting.evidence_sha256,
            )  # fmt: skip
            do_merge(house, run)
        case Ending.REJECT:
            people.reject(house.store, run, decided.text, wiring.now())
            click.echo(f"run {run.id} is rejected")
            wiring.tell_forge(house, run.id, warn)
        case Ending.SEND_BACK:
            people.send_back(house.store, run, decided.text, wiring.now())
            click.echo(f"sent back; go on with: {program()} resume {run.id}")
            wiring.tell_forge(house, run.id, warn)
        case Ending.LEAVE:
            if comments:
                click.echo("not sent:\n" + "\n".join(f"  {visible(str(comment))}" for comment in comments))
            click.echo(f"the run keeps waiting: {program()} gate {run.id}")
        case forgotten:
            assert_never(forgotten)


def warn(text: str) -> None:
    from coderoute.domain.visible import one_line

    click.echo(f"warning: {one_line(text, 300)}", err=True)


def print_all(house: "House", run: "RunRecord", sitting: "Sitting", doc: dict[str, object]) -> None:
    """The evidence and the whole patch, and how to decide from a terminal."""
    from coderoute import wiring
    from coderoute.cli import render
    from coderoute.domain.visible import visible_bytes
    from coderoute.flow import kept

    click.echo(render.evidence_text(doc))
    click.echo()
    click.echo(visible_bytes(sitting.patch))
    sys.stdout.flush()
    kept.mark_shown(house.store, run, sitting.patch_sha256, wiring.now())
    click.echo(render.next_text(doc, program()))


def write_patch(file: str, patch: bytes) -> str | None:
    """Writes a new file; why that was not possible, None when it was."""
    try:
        with Path(file).expanduser().open("xb") as target:
            target.write(patch)
    except FileExistsError:
        return f"{file} is there already; name another file"
    except OSError as error:
        return f"{file} cannot be written: {error.strerror}"
    return None


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
    from coderoute.domain.gate_session import MIN_DIGITS
    from coderoute.flow import finding

    house = wiring.open_house()
    run = finding.find(house.store, name)
    record = wiring.approve(
        house, run, patch_name=patch_name, acknowledged=ack, channel="command", claimed_as=claimed_as, note=note
    )
    click.echo(
        f"run {run.id} is approved: patch {record.patch_sha256[:MIN_DIGITS]} by {record.by} until {record.expires_at}"
    )
    if and_merge:
        do_merge(house, run)
    else:
        click.echo(f"merge it with: {program()} merge {run.id}")
        wiring.tell_forge(house, run.id, warn)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--reason", required=True, metavar="TEXT")
def reject(name: str, reason: str) -> None:
    """End RUN without its change."""
    from coderoute import wiring
    from coderoute.flow import finding, people

    house = wiring.open_house()
    run = finding.find(house.store, name)
    people.reject(house.store, run, reason, wiring.now())
    click.echo(f"run {run.id} is rejected")
    wiring.tell_forge(house, run.id, warn)


@click.command("send-back")
@click.argument("name", metavar="RUN")
@click.option("--comment", required=True, metavar="TEXT")
def send_back(name: str, comment: str) -> None:
    """Send the change of RUN back with a comment, or answer what blocks it; `resume` goes on."""
    from coderoute import wiring
    from coderoute.flow import finding, people

    house = wiring.open_house()
    run = finding.find(house.store, name)
    taken_as = people.send_back(house.store, run, comment, wiring.now())
    click.echo(f"recorded as {taken_as}; go on with: {program()} resume {run.id}")
    wiring.tell_forge(house, run.id, warn)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--wait", is_flag=True, help="Wait for an approval on the pull request.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def merge(name: str, wait: bool, as_json: bool) -> None:
    """Merge the approved change of RUN."""
    from coderoute import wiring
    from coderoute.flow import finding

    house = wiring.open_house()
    run = finding.find(house.store, name)
    do_merge(house, run, quiet=as_json, wait=wait)
    if as_json:
        click.echo(one_document(house.document(run.id)))


def do_merge(house: "House", run: "RunRecord", *, quiet: bool = False, wait: bool = False) -> None:
    """Merge and say what happened.

    Raises:
        Refused: also when only the branch could be made, with the command that finishes it.
    """
    from coderoute import wiring
    from coderoute.domain.run import Status
    from coderoute.domain.visible import one_line
    from coderoute.errors import Refused
    from coderoute.flow import finding

    told: list[str] = []

    def pause(missing: str) -> bool:
        if wait:
            if missing not in told[-1:]:
                told.append(missing)
                click.echo(f"waiting: {one_line(missing, 300)}", err=True)
            time.sleep(WAIT_S)
        return wait

    result, before = wiring.merge(house, run, pause)
    if finding.found(house.store, run.id).status is not Status.MERGED:
        raise Refused(
            f"the branch {result.branch} is made, the target is not moved: {result.why}", remedy=str(result.command)
        )
    if not quiet:
        again = "already merged" if before else "merged"
        click.echo(f"{again}: {result.commit} on {result.branch}")
    if result.why is not None:
        click.echo(f"note: {result.why}; look: {result.command}", err=True)


COMMANDS = {"gate": gate, "approve": approve, "reject": reject, "send-back": send_back, "merge": merge}
