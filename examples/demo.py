"""Loads the demo city through the public API alone: ``python -m examples.demo`` (or ``make demo``).

The city's pack, a job fair, the rosters of the universities, then the files of seven departments, each sent by its own client.
Safe to repeat: what is there already is found, not doubled. Reads the gateway's address and the clients from
``.state/platform.json``.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from cli.city import holdings
from cli.city.checking import check
from cli.city.comparing import CREATE, Comparison
from cli.city.governing import Governing
from cli.places import Gateway
from examples import rosters
from examples.city import PACK
from examples.city.sending import await_import, send_city
from examples.client import ApiError, Client, client_of

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
PLATFORM = Path(".state/platform.json")


@click.command()
@click.option(
    "--platform", default=str(PLATFORM), show_default=True, help="Where the running platform says its address."
)
def main(platform: str) -> None:
    """Load the demo city."""
    described = json.loads(Path(platform).read_text())
    client = client_of(described, "demo")
    started = time.monotonic()
    counts, school = _apply_pack(client)
    click.echo(f"{counts['scenic_areas']} scenic areas and {counts['resident_universities']} universities are in.")
    click.echo("The scenic-area scheme is published.")
    _fair(client, school)
    click.echo("A job fair takes registrations.")
    imports = [client.upload("/v1/imports", path, kind="roster", mode="best_effort") for path in rosters.main()]
    accepted = sum(await_import(client, one["id"])["counts"]["accepted"] for one in imports)
    click.echo(f"{len(imports)} rosters are in, {accepted} rows new.")
    with tempfile.TemporaryDirectory(prefix="youth-city-") as folder:
        verdicts = send_city(lambda department: _client(described, department), client, Path(folder))
    rows = ", ".join(f"{rows} {verdict}" for verdict, rows in verdicts.items() if rows)
    click.echo(f"The departments' files are in: {rows} ({time.monotonic() - started:.0f} s).")


def _apply_pack(client: Client) -> tuple[dict[str, int], str]:
    """Add what the city's pack has and the platform lacks, and the fields of built-in roles; what else is there stays.

    Returns the number of members of each set, and the id of the first university.
    """
    pack, mistakes, _ = check(PACK)
    if mistakes:
        raise click.ClickException("\n".join(mistake.line for mistake in mistakes))
    comparison = Comparison(Governing(Gateway(client.url, *client.login)), pack)
    for step in comparison.changes:
        if step.do is not None and (step.action == CREATE or step.what == holdings.ROLE):
            step.do()
    members = {key: one["members"] for key, one in holdings.tables(pack, holdings.SET).items()}
    return {key: len(one) for key, one in members.items()}, comparison.ids[members["resident_universities"][0]]


def _fair(client: Client, organiser_id: str) -> None:
    """One job fair in a month, unless there is one."""
    if client.get("/v1/activities", kind_key="job_fair", limit=1)["items"]:
        return
    starts_at = dt.datetime.now(SHANGHAI).replace(hour=9, minute=0, second=0, microsecond=0) + dt.timedelta(days=30)
    session = {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + dt.timedelta(hours=4)).isoformat(),
        "place": "大学城体育馆（虚构）",
        "capacity": 500,
    }
    body = {
        "kind_key": "job_fair",
        "title": {"zh-CN": "示范招聘会（虚构）", "en": "Demonstration job fair (invented)"},
        "organiser_id": organiser_id,
        "sessions": [session],
    }
    fair = _once_known(lambda: client.post("/v1/activities", body))
    for move in ("publish", "open"):
        client.post(f"/v1/activities/{fair['id']}/{move}", {})


def _once_known(call: Callable[[], Any]) -> Any:
    """The answer, once the service has received what the request names."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return call()
        except ApiError as error:
            if error.problem["code"] != "not_yet_known" or time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def _client(described: Mapping[str, Any], department: str) -> Client:
    """The client of a department; the city's youth office has the one that governs."""
    return client_of(described, "demo" if department == "youth_league" else department)


if __name__ == "__main__":
    main()
