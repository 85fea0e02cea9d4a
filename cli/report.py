"""``report``: the city's progress report as a page of text, by the public API."""

from __future__ import annotations

import click

from cli import places, printing
from cli.api import Api


@click.command()
@click.option("--as-of", metavar="DAY", help="As of the end of this day (YYYY-MM-DD); without it, of today.")
@click.option(
    "--county", metavar="CODE", help="Of this county, by its six digits (GB/T 2260); without it, of the whole city."
)
@printing.as_json
def report(as_of: str | None, county: str | None, as_json: bool) -> None:
    """The city's progress report: every programme with its figures, as text."""
    api = Api(places.gateway())
    query = {"as_of": as_of, "county": county}
    if as_json:
        printing.print_json(api.get("/v1/reports/progress", **query))
        return
    click.echo(api.text("/v1/reports/progress", **query), nl=False)
