"""`coderoute ci`: what the steps of a workflow call. It is in no list of commands: nobody types these."""

import os
import sys
from pathlib import Path

import click


@click.group()
def ci() -> None:
    """The steps of a workflow on GitHub Actions (docs/ci.md)."""


@ci.command()
@click.option("--label", default="coderoute", help="The label that starts a run.")
def gate(label: str) -> None:
    """Whether the event asks for a run, by somebody who may: go, issue, mode, actor, issue_sha256, reason."""
    from coderoute import wiring
    from coderoute.domain.ci_event import NotAsked
    from coderoute.domain.visible import one_line
    from coderoute.wiring import ci as jobs

    house = wiring.open_house()
    found = jobs.gate(house, label=label)
    jobs.tell(house.environ, jobs.gate_outputs(found, jobs.repository_here(house.environ)))
    if isinstance(found, NotAsked):
        click.echo(f"nothing to do: {one_line(found.detail, 300)}")
    else:
        click.echo(f"{found.actor} asks for a {found.mode} of #{found.issue}")


@ci.command()
@click.argument("issue")
@click.argument("sha256")
def unchanged(issue: str, sha256: str) -> None:
    """Ends with 4 where ISSUE says something else than when the gate saw it."""
    from coderoute import wiring
    from coderoute.wiring import ci as jobs

    jobs.require_unchanged(wiring.open_house(), issue, sha256)


@ci.command()
def words() -> None:
    """The action's inputs, out of CODEROUTE_CI_*, as arguments of coderoute, a NUL behind each."""
    from coderoute.domain.ci_words import command_words

    given = {name: os.environ.get(f"CODEROUTE_CI_{name.upper()}", "") for name in INPUTS}
    for word in command_words(**given):
        sys.stdout.write(f"{word}\0")


INPUTS = ("issue", "mode", "models", "budget", "config")


@ci.command()
@click.argument("document")
@click.option("--code", type=int, default=1, help="The exit code of the command that left DOCUMENT.")
def report(document: str, code: int) -> None:
    """Outputs, summary and annotations of the run in DOCUMENT, also of one that failed."""
    from coderoute import wiring
    from coderoute.wiring import ci as jobs

    house = wiring.open_house()
    found = jobs.report(house, Path(document), code)
    jobs.tell(house.environ, found.outputs, found.summary)
    for line in found.annotations:
        click.echo(line)


@ci.command()
@click.argument("bundle")
@click.option("--repo", default=".", help="A clone of the repository; nothing in it runs.")
@click.option("--run", "run_id", required=True, help="The run that was looked at.")
@click.option("--patch", "patch_sha256", required=True, help="The patch that was looked at; all 64 digits.")
def apply(bundle: str, repo: str, run_id: str, patch_sha256: str) -> None:
    """The change in BUNDLE as a draft pull request; pushes nothing and ends with 4 where the target moved."""
    from coderoute import wiring
    from coderoute.wiring import ci as jobs

    house = wiring.open_house()
    found = jobs.apply(house, Path(bundle), repo=Path(repo).absolute(), run=run_id, patch_sha256=patch_sha256)
    jobs.tell(house.environ, found)
    click.echo(f"pull request: {found['pull_request']}")


COMMANDS = {"ci": ci}
