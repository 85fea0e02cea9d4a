"""Loads the demo city through the public API alone: ``python -m examples.demo`` (or ``make demo``).

Organisations, the two sets, the scenic-area scheme, a job fair, then the rosters, as the departments would send them. Safe to
repeat: what is there already is found, not doubled. Reads the gateway's address and a client from ``.state/platform.json``.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from examples import rosters
from examples.city import Place, scenic_areas, universities
from examples.client import ApiError, Client, client_of

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
PLATFORM = Path(".state/platform.json")
VALID_FROM = "2023-01-01"
SCENIC_SCHEME = "scenic_areas"

SCHEME: dict[str, Any] = {
    "name": {"zh-CN": "A级景区对驻地高校师生免首道门票", "en": "Free first gate at A-grade scenic areas"},
    "source": "2023-10-27 报告，三、青享晋中：推出40家景区对19所驻地高校的在职职工和在校学生免首道门票",
    "from_on": VALID_FROM,
    "covers": "first_gate",
    "relation": [
        {"place_set_key": "scenic_areas", "institution_set_key": "resident_universities", "from_on": VALID_FROM},
    ],
    "clauses": [
        {
            "id": "enrolled_or_in_post",
            "expr": "affiliations.exists(a, a.current && a.role in ['student', 'staff']"
            " && 'resident_universities' in a.sets)",
            "message": {
                "zh-CN": "须为19所驻地高校的在职职工或在校学生。",
                "en": "Must be in-post staff or an enrolled student of one of the 19 resident universities.",
            },
            "source": "对19所驻地高校的在职职工和在校学生免首道门票",
        }
    ],
    # the report states no limit; one a day and place is our assumption
    "limit": {"count": 1, "per": "place", "window": "shanghai_day", "assumption": True},
}


@click.command()
@click.option(
    "--platform", default=str(PLATFORM), show_default=True, help="Where the running platform says its address."
)
def main(platform: str) -> None:
    """Load the demo city."""
    client = client_of(json.loads(Path(platform).read_text()))
    started = time.monotonic()
    areas = [_organisation(client, place) for place in scenic_areas()]
    schools = [_organisation(client, place) for place in universities()]
    _set(client, "scenic_areas", {"zh-CN": "40家A级景区", "en": "The 40 scenic areas"}, areas)
    _set(client, "resident_universities", {"zh-CN": "19所驻地高校", "en": "The 19 resident universities"}, schools)
    click.echo(f"{len(areas)} scenic areas and {len(schools)} universities are in.")
    _put(client, f"/v1/schemes/{SCENIC_SCHEME}", SCHEME)
    click.echo("The scenic-area scheme is published.")
    _fair(client, schools[0])
    click.echo("A job fair takes registrations.")
    imports = [client.upload("/v1/imports", path, kind="roster", mode="best_effort") for path in rosters.main()]
    accepted = sum(_finished(client, one["id"])["counts"]["accepted"] for one in imports)
    click.echo(f"{len(imports)} rosters are in, {accepted} rows new ({time.monotonic() - started:.0f} s).")


def _organisation(client: Client, place: Place) -> str:
    body: dict[str, Any] = {
        "kind": place.kind,
        "name": place.name,
        "uscc": place.uscc,
        "trusted_departments": [client.department],
        "attributes": {"demo": True, "invented": place.is_invented},
    }
    if place.name_en:
        body["name_en"] = place.name_en
    return str(client.post("/v1/organisations", body)["id"])


def _set(client: Client, key: str, name: dict[str, str], members: list[str]) -> None:
    rows = [{"organisation_id": member, "from_on": VALID_FROM} for member in members]
    _put(client, f"/v1/organisation-sets/{key}", {"name": name, "members": rows})


def _put(client: Client, path: str, body: dict[str, Any]) -> None:
    """Create it, or leave what is there: the demo never overwrites."""
    try:
        client.put(path, body, if_none_match="*")
    except ApiError as error:
        if error.status != 412:
            raise


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


def _finished(client: Client, import_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        found = client.get(f"/v1/imports/{import_id}")
        if found["state"] in ("done", "rejected", "failed"):
            if found["state"] != "done":
                raise SystemExit(f"Import {import_id} ended as {found['state']}: {found.get('reason')}")
            return dict(found)
        time.sleep(0.3)
    raise SystemExit(f"Import {import_id} did not finish in time")


if __name__ == "__main__":
    main()
