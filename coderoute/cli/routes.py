"""`coderoute routes`: who does what, with price and reason."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coderoute.cli.answer import one_document

if TYPE_CHECKING:
    from decimal import Decimal

    from coderoute.wiring.routes import Rates, RouteRow


@click.command()
@click.option("--repo", default=None, help="The repository; the current folder if absent.")
@click.option("-c", "config", multiple=True, metavar="FILE|KEY=VALUE", help="A settings file or one setting.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def routes(repo: str | None, config: tuple[str, ...], as_json: bool) -> None:
    """Each stage and kind of step with its class, model, effort, dollars per million tokens, and why."""
    from coderoute import wiring
    from coderoute.wiring.routes import routes_in

    found = routes_in(wiring.open_house(), None if repo is None else Path(repo), config)
    if as_json:
        click.echo(one_document({"routes": [as_object(row) for row in found.rows]}))
        return
    if found.without_repository is not None:
        click.echo(f"without a repository's settings: {found.without_repository}", err=True)
    click.echo(as_table(found.rows))


def as_object(row: "RouteRow") -> dict[str, object]:
    model = row.model
    return {
        "name": row.name, "class": row.cls.value, "provider": model and model.provider, "model": model and model.model,
        "effort": model and model.effort, "usd_per_mtok": rates_object(row.rates), "reason": row.reason,
    }  # fmt: skip


def rates_object(rates: "Rates | None") -> dict[str, str] | None:
    if rates is None:
        return None
    return {
        "input": decimal(rates.input), "output": decimal(rates.output), "cached_input": decimal(rates.cached_input),
    }  # fmt: skip


def decimal(amount: "Decimal") -> str:
    """Exact, in plain digits, without zeros that say nothing."""
    return f"{amount.normalize():f}"


HEADER = ("ROUTE", "CLASS", "MODEL", "EFFORT", "$/M IN", "CACHED", "OUT", "WHY")


def as_table(rows: "tuple[RouteRow, ...]") -> str:
    from coderoute.domain.visible import visible

    cells = [HEADER, *(tuple(map(visible, cells_of(row))) for row in rows)]
    widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[:-1]]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(line, widths, strict=False)), line[-1]]) for line in cells]
    unpriced = sorted({row.model.name for row in rows if row.model is not None and row.rates is None})
    if unpriced:
        lines += ["", "A model without a price stops a run before anything is spent. Give it one in your own settings:"]
        lines += [
            f'  [prices."{visible(name)}"] input_usd_per_mtok = ..., output_usd_per_mtok = ...' for name in unpriced
        ]
    if any(row.model is None and row.cls.value in ("cheap", "frontier") for row in rows):
        lines += [
            "",
            "No model is chosen: set ANTHROPIC_API_KEY or OPENAI_API_KEY, or models.frontier and models.cheap.",
        ]
    return "\n".join(lines)


def cells_of(row: "RouteRow") -> tuple[str, ...]:
    model, rates = row.model, row.rates
    if model is None:
        chosen = "not chosen" if row.cls.value in ("cheap", "frontier") else "-"
        return row.name, row.cls.value, chosen, "-", "-", "-", "-", row.reason
    priced = ("NO PRICE", "-", "-") if rates is None else (
        decimal(rates.input), decimal(rates.cached_input), decimal(rates.output)
    )  # fmt: skip
    return row.name, row.cls.value, model.name, model.effort or "-", *priced, row.reason


COMMANDS = {"routes": routes}
