"""`coderoute doctor`: what a run needs, checked one by one, with a remedy for each that fails."""

import sys
from pathlib import Path

import click

from coderoute.cli.answer import one_document


@click.command()
@click.option("--repo", default=".", help="The repository; the current folder if absent.")
@click.option("-c", "config", multiple=True, metavar="FILE|KEY=VALUE", help="A settings file or one setting.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(repo: str, config: tuple[str, ...], as_json: bool) -> None:
    """Check Docker, the sandbox image, git, state, settings, keys, models and the test command."""
    from coderoute.checkup import checks_of
    from coderoute.domain.visible import visible

    checks = checks_of(Path(repo), config)
    if as_json:
        rows = [{"name": c.name, "ok": c.ok, "detail": c.detail, "remedy": c.remedy} for c in checks]
        click.echo(one_document({"checks": rows}))
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {visible(check.detail)}")
            if check.remedy is not None:
                click.echo(f"{'':<19}try: {visible(check.remedy)}")
    sys.exit(0 if all(check.ok for check in checks) else 1)


COMMANDS = {"doctor": doctor}
