"""`export` and `import`: a run as one file, for another machine that has the repository."""

from pathlib import Path

import click

from coderoute.cli.program import program


@click.command()
@click.argument("name", metavar="RUN")
@click.option("-o", "file", required=True, metavar="FILE", help="The new file.")
def export(name: str, file: str) -> None:
    """Write RUN into one file: plan, patch, evidence, records, costs. Its patch counts as shown in full then."""
    from coderoute import wiring
    from coderoute.flow import finding
    from coderoute.wiring import bundle

    house = wiring.open_house()
    run = finding.find(house.store, name)
    made = bundle.export(house, run, Path(file))
    click.echo(f"run {run.id} is in {file}: patch sha256 {made.header.patch_sha256}")


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--repo", default=".", help="The repository; the current folder if absent.")
@click.option("--run", "run_id", default=None, metavar="ID", help="Refuse any other run.")
@click.option("--patch", "patch_sha256", default=None, metavar="SHA256", help="Refuse any other patch; all 64 digits.")
def import_(file: str, repo: str, run_id: str | None, patch_sha256: str | None) -> None:
    """Take the run in FILE in, once everything in it was computed again; it then waits for your approval here."""
    from coderoute import wiring
    from coderoute.wiring import bundle

    house = wiring.open_house()
    found = bundle.import_(house, Path(file), repo=Path(repo).absolute(), run=run_id, patch_sha256=patch_sha256)
    said = "is imported and waits for your approval" if found.is_new else "is here already, the very same"
    click.echo(f"run {found.run_id} {said}: patch sha256 {found.patch_sha256}")
    click.echo(f"look at it: {program()} gate {found.run_id}")


COMMANDS = {"export": export, "import": import_}
