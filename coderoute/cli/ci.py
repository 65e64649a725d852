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


@ci.command("merge-gate")
def merge_gate() -> None:
    """Whether the event is a writer's word on a run's pull request: go, pull, run_id, actor, reason."""
    from coderoute import wiring
    from coderoute.domain.ci_event import NotAsked
    from coderoute.domain.visible import one_line
    from coderoute.wiring import ci as jobs

    house = wiring.open_house()
    found = jobs.merge_gate(house)
    jobs.tell(house.environ, jobs.merge_gate_outputs(found))
    if isinstance(found, NotAsked):
        click.echo(f"nothing to do: {one_line(found.detail, 300)}")
    else:
        click.echo(f"{found.actor} speaks on #{found.pull}, of run {found.run_id}")


@ci.command()
@click.argument("listed")
@click.option("--run", "run_id", required=True, help="The run whose bundle it is.")
def artifact(listed: str, run_id: str) -> None:
    """Which run of the workflow left the bundle, by the forge's list of artifacts in the file LISTED: workflow_run."""
    from coderoute import wiring
    from coderoute.wiring import ci as jobs

    house = wiring.open_house()
    jobs.tell(house.environ, jobs.artifact_outputs(Path(listed), run_id))


@ci.command()
def words() -> None:
    """The action's inputs, out of CODEROUTE_CI_*, as arguments of coderoute, a NUL behind each."""
    from coderoute.domain.ci_words import command_words

    given = {name: os.environ.get(f"CODEROUTE_CI_{name.upper()}", "") for name in INPUTS}
    for word in command_words(**given):
        sys.stdout.write(f"{word}\0")


INPUTS = ("issue", "issue_sha256", "actor", "mode", "models", "budget", "config")


@ci.command()
@click.argument("document")
@click.option("--code", type=int, default=1, help="With which the command ended that left DOCUMENT.")
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
@click.option("--issue", required=True, help="The issue that the gate opened for: OWNER/REPO#12.")
@click.option("--actor", required=True, help="For whom the gate opened, by login.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def apply(bundle: str, repo: str, run_id: str, patch_sha256: str, issue: str, actor: str, as_json: bool) -> None:
    """The change in BUNDLE as a pull request; pushes nothing and ends with 4 where the target moved."""
    from coderoute import wiring
    from coderoute.wiring import ci_apply

    house = wiring.open_house()
    run = ci_apply.apply(
        house, Path(bundle), repo=Path(repo).absolute(), run=run_id, patch_sha256=patch_sha256,
        asked=ci_apply.Asked(issue=issue, actor=actor),
    )  # fmt: skip
    said(house.document(run), as_json)


@ci.command()
@click.argument("bundle")
@click.option("--repo", default=".", help="A clone of the repository; nothing in it runs.")
@click.option("--run", "run_id", required=True, help="The run whose pull request it is.")
@click.option("--pull", type=click.IntRange(min=1), required=True, help="The pull request's number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def merge(bundle: str, repo: str, run_id: str, pull: int, as_json: bool) -> None:
    """Merge the pull request of the change in BUNDLE, where the forge proves that a person approved exactly that."""
    from coderoute import wiring
    from coderoute.wiring import ci_apply

    house = wiring.open_house()
    run = ci_apply.merge(house, Path(bundle), repo=Path(repo).absolute(), run=run_id, pull=pull)
    said(house.document(run), as_json)


def said(doc: dict[str, object], as_json: bool) -> None:
    from coderoute.cli.answer import one_document

    click.echo(one_document(doc) if as_json else f"{doc['status']}: {doc['pull_request']}")


COMMANDS = {"ci": ci}
