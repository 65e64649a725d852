"""`coderoute check`: the admission rules alone, on a patch or a commit."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coderoute.cli.answer import one_document

if TYPE_CHECKING:
    from coderoute.domain.judgement import AdmissionItem
    from coderoute.wiring.check import Checked

EXIT_CODES = {"accepted": 0, "protected": 4, "refused": 3}


@click.command()
@click.argument("change", metavar="PATCH|COMMIT")
@click.option("--repo", default=".", help="The repository; the current folder if absent.")
@click.option(
    "--base",
    default=None,
    help="What a patch applies to, and where the repository's own settings are read; the checked-out branch if absent, "
    "the first parent for a commit.",
)
@click.option(
    "--ci/--no-ci",
    "as_ci",
    default=None,
    help="Judge it as a change made in CI, where none may touch what CI runs. If absent: where CI is set.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(change: str, repo: str, base: str | None, as_ci: bool | None, as_json: bool) -> None:
    """What the admission rules say about a patch file (`-`: standard input), or a commit against its first parent.

    Nothing runs, no model is asked, and nothing in the repository changes. Ends with 0: accepted, 4: protected,
    3: refused, 2: no such patch or commit, or it does not apply.
    """
    import os

    from coderoute.domain.visible import visible
    from coderoute.report.document import admission_json
    from coderoute.wiring.check import check as judged

    def warn(text: str) -> None:
        click.echo(f"warning: {visible(text)}", err=True)

    found = judged(os.environ, change, repo=Path(repo), base=base, stdin=sys.stdin.buffer, warn=warn, as_ci=as_ci)
    click.echo(one_document(admission_json(found.admission, None) or {}) if as_json else as_text(found))
    sys.exit(EXIT_CODES[found.admission.verdict])


def as_text(found: "Checked") -> str:
    """The verdict, then each item with what to do about it; refusals first."""
    admission = found.admission
    counts = [f"{len(admission.refusals)} refused"] if admission.refusals else []
    counts += [f"{len(admission.protected)} protected"] if admission.protected else []
    what = ": " + ", ".join(counts) if counts else ""
    rows = [f"{admission.verdict}: {found.subject} against {found.against}{what}"]
    for item in (*admission.refusals, *admission.protected):
        rows += item_rows(item)
    return "\n".join(rows)


def item_rows(item: "AdmissionItem") -> tuple[str, ...]:
    from coderoute.cli.advice import advice
    from coderoute.domain.visible import visible

    kind = "REFUSED" if item.refuses else "PROTECTED"
    return (
        f"  {kind:<9}  {visible(item.id)}",
        f"{'':<13}{visible(item.detail)}",
        f"{'':<13}-> {advice(item.rule)}",
    )


COMMANDS = {"check": check}
