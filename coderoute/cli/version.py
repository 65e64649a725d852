"""`coderoute version`."""

import click


@click.command()
def version() -> None:
    """The version."""
    from importlib.metadata import version as of

    click.echo(f"coderoute {of('coderoute-runner')}")


COMMANDS = {"version": version}
