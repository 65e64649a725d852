"""Progress on stderr: one line an event, in words."""

import contextlib
from collections.abc import Mapping

import click

from coderoute.cli.texts import dollars
from coderoute.domain.visible import one_line

QUIET_EVENTS = frozenset({"model_call", "run.working", "run.waiting"})


class Progress:
    """Prints what happens. `quiet` prints nothing; `verbose` adds every model call."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose

    def started(self, run_id: str, removed: tuple[str, ...]) -> None:
        if not self._quiet:
            click.echo(f"run {run_id}", err=True)
        for what in removed:
            click.echo(f"  hidden text in the issue was taken out: {one_line(what, 400)}", err=True)

    def warn(self, text: str) -> None:
        click.echo(f"warning: {one_line(text, 300)}", err=True)

    def show(self, event: str, data: Mapping[str, object]) -> None:
        if self._quiet or (event in QUIET_EVENTS and not self._verbose):
            return
        with contextlib.suppress(OSError):  # whoever watched has left, or their log is full; the run goes on
            click.echo(f"  {line(event, data)}", err=True)


def line(event: str, data: Mapping[str, object]) -> str:
    """An event as a sentence."""
    match event:
        case "run.queued":
            return f"waiting for a place among the runs with sandboxes (limits.docker_runs = {data.get('limit')})"
        case "run.admitted":
            return "there is a place now"
        case "image.preparing":
            return "preparing the sandbox image" + (" and its set-up" if data.get("setup") else "")
        case "baseline.started":
            return f"baseline: {one_line(str(data.get('command')))}"
        case "plan.started":
            return "planning"
        case "baseline.recalled":
            return f"baseline: as measured before ({one_line(str(data.get('command')))})"
        case "plan.quoted":
            low, likely, high = (dollars(data.get(f"{name}_usd")) for name in ("low", "likely", "high"))
            return (
                f"planned: {data.get('steps')} steps, risk {data.get('risk')}; {low} low, {likely} likely, {high} high"
            )
        case "step.start":
            return f"{data.get('step')}: begun by {data.get('class')}: {one_line(str(data.get('reason')), 120)}"
        case "mutation.started":
            return "trying broken versions of the change against its tests"
        case "attempt.waits":
            return f"{data.get('step')}: {one_line(str(data.get('reason')), 120)}"
        case "attempt.started":
            title = one_line(str(data.get("title")), 70)
            return f"{data.get('step')}: attempt {data.get('attempt')} by {data.get('class')}: {title}"
        case "verify.started":
            return f"{data.get('step')}: verifying in a fresh container"
        case "attempt.decided":
            trigger = f" ({data['trigger']})" if data.get("trigger") else ""
            return f"{data.get('step')}: {data.get('decision')}{trigger}: {one_line(str(data.get('reason')), 120)}"
        case "review.started":
            return "review"
        case "review.decided":
            return f"review: {data.get('verdict')}, {data.get('findings')} findings"
        case "model_retry":
            return f"{one_line(str(data.get('problem')), 100)}; trying again in {data.get('wait_s')} s"
        case "traces.off":
            return f"warning: {one_line(str(data.get('problem')), 300)}"
        case "model_call":
            return f"{data.get('stage')}: {data.get('model')} ${data.get('cost_usd')} in {data.get('latency_s')} s"
        case _:
            return f"{event} " + ", ".join(f"{key}={one_line(str(value), 60)}" for key, value in data.items())
