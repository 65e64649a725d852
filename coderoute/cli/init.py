"""`coderoute init`: a first coderoute.toml, with what the repository's files tell about its tests."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coderoute.cli.answer import one_document

if TYPE_CHECKING:
    from coderoute.settings.detect import Found
    from coderoute.wiring.draft import Draft


@click.command()
@click.option("--repo", default=".", help="The repository; the current folder if absent.")
@click.option("--force", is_flag=True, help="Replace the coderoute.toml that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def init(repo: str, force: bool, as_json: bool) -> None:
    """Write a commented coderoute.toml: test command and set-up as found, all else explained. Nothing is run."""
    from coderoute.wiring.draft import write_draft

    drafted = write_draft(Path(repo), replace=force)
    click.echo(one_document(as_document(drafted)) if as_json else as_text(drafted))


def as_document(drafted: "Draft") -> dict[str, object]:
    first = drafted.found.first
    return {
        "path": str(drafted.path), "replaced": drafted.replaced, "framework": drafted.framework,
        "found": None if first is None else language(first), "others": [language(o) for o in drafted.found.others],
    }  # fmt: skip


def language(found: "Found") -> dict[str, object]:
    return {
        "language": found.language, "folder": found.folder, "command": found.command, "why_command": found.why_command,
        "setup": list(found.setup), "why_setup": found.why_setup, "env": dict(found.env), "image": found.image,
        "notes": list(found.notes),
    }  # fmt: skip


def as_text(drafted: "Draft") -> str:
    """What was found and why, what to look at, and the next step."""
    from coderoute.cli.program import program
    from coderoute.domain.visible import visible

    first = drafted.found.first
    if first is None or first.command is None:
        why = "no language that is known here" if first is None else f"{first.language}: {first.why_command}"
        rows = [f"tests    none found ({why})", '         set test.command, or to "" if there are none']
    else:
        rows = [f"tests    {first.command}", f"         {first.language}: {first.why_command}"]
        by_test = "a verdict per test" if drafted.framework != "exit-code" else "its exit code is the one verdict"
        rows += [f"         framework {drafted.framework}: {by_test}"]
    if first is not None:
        rows += [f"set-up   {command}" for command in first.setup] or ["set-up   none"]
        rows += [f"         {first.why_setup}"] if first.why_setup else []
        rows += [f"env      {name}={value}" for name, value in first.env.items()]
        rows += [f"note     {note}" for note in first.notes]
        rows += [f"         sandbox.image = {first.image}, for example"] if first.image is not None else []
    for other in drafted.found.others:
        where = f" in {other.folder}" if other.folder else ""
        rows.append(f"also     {other.language}{where}: {other.command or other.why_command}")
    rows += ["", f"{'replaced' if drafted.replaced else 'wrote'} {drafted.path}"]
    rows.append(f"next: look at it and commit it (a run reads it at its base commit), then: {program()} doctor")
    return "\n".join(visible(row) for row in rows)


COMMANDS = {"init": init}
