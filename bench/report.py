"""Benchmark row ``report_large_vs_small``: the city's report over 1.25 million entries of registers against the same report over
25 thousand, each on a platform of its own, read in turn.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any

import psycopg2
from sqlalchemy import make_url

from bench.rounds import Row, compare
from deploy.local.throwaway import ThrowawayPlatform
from examples.client import Client

SMALL, LARGE = 25_000, 1_250_000
KINDS, READINGS = 20, 5
AS_OF = "2024-12-31"
_NAMES = {"zh-CN": "测速", "en": "Bench"}
_STATES = ("agreed", "running", "ended")
# every third entry ended, each with one report and one organisation of a thousand
_FILL = """
insert into organisations (id, kind, name, name_key, trusted_departments, attributes, status, version, created_at, updated_at,
    confirmed_at)
select md5('organisation ' || n)::uuid, 'enterprise', 'o' || n, 'o' || n, '{}', '{}', 'active', 1, now(), now(), now()
from generate_series(1, 1000) n on conflict do nothing;
insert into register_entries (id, kind_key, identity, title, title_key, agreed_on, running_on, ended_on, county, fields, version,
    created_at, updated_at)
select md5('entry ' || n)::uuid, 'bench_' || n %% %(kinds)s, md5(n::text), 'entry ' || n, 'entry ' || n,
    date '2024-01-01' + n %% 200, date '2024-07-20' + n %% 100, case when n %% 3 = 0 then date '2024-11-01' end,
    '1407' || 20 + n %% 10, jsonb_build_object('area', n %% 500), 1, now(), now()
from generate_series(1, %(entries)s) n;
insert into register_parties (entry_id, role, party_id, organisation_id)
select id, 'host', o, o from (
    select id, md5('organisation ' || 1 + abs(hashtext(identity)) %% 1000)::uuid as o from register_entries
) entry;
insert into register_reports (entry_id, department, client_id, title, agreed_on, fields, parties, reported_at)
select id, 'science', 'bench', title, agreed_on, fields, '[]', now() from register_entries;
"""


def rows(small: ThrowawayPlatform, large: ThrowawayPlatform) -> list[Row]:
    """The row; on each platform one process of talent, and a gateway."""
    clients = {entries: _filled(platform, entries) for platform, entries in ((small, SMALL), (large, LARGE))}
    found: dict[int, list[float]] = {SMALL: [], LARGE: []}

    def rate(entries: int) -> float:
        seconds = [_read(clients[entries]) for _ in range(READINGS)]
        found[entries] += seconds
        return 1 / statistics.median(seconds)

    rate(SMALL), rate(LARGE)
    row = compare(
        "report_large_vs_small",
        candidate=lambda: rate(LARGE),
        baseline=lambda: rate(SMALL),
        unit="reports/s",
        floor=0.33,
    )
    medians = [f"{entries} entries p50 {statistics.median(found[entries]) * 1000:.0f} ms" for entries in found]
    return [dataclasses.replace(row, note=", ".join(medians))]


def _filled(platform: ThrowawayPlatform, entries: int) -> Client:
    platform.start_service("talent", "talent-bench")
    platform.wait_for("talent-bench")
    platform.start_gateway()
    platform.wait_for("gateway")
    client = platform.client("reporter", "science")
    for number in range(KINDS):
        client.put(f"/v1/register-kinds/bench_{number}", _kind(), if_none_match="*")
    client.put("/v1/report-outlines/progress", {"title": _NAMES, "chapters": [{"key": "one", "title": _NAMES}]})
    client.put("/v1/programmes/B01", _programme())
    url = make_url(platform.databases["talent"]).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"kinds": KINDS, "entries": entries})
        cursor.execute("vacuum analyze")
    connection.close()
    return client


def _kind() -> dict[str, Any]:
    return {
        "name": _NAMES,
        "programme": "b01",
        "natural_key": ["title"],
        "states": [{"key": key, "name": _NAMES} for key in _STATES],
        "parties": [{"role": "host", "name": _NAMES, "of": ["enterprise"], "most": 1}],
        "fields": [{"key": "area", "name": _NAMES, "type": "number"}],
        "reporters": ["science"],
    }


def _programme() -> dict[str, Any]:
    """Two figures of each kind: those running, and the organisations in them or the sum of a field."""
    figures = []
    for number in range(KINDS):
        of = {"mechanism": "registers", "kinds": [f"bench_{number}"], "states": ["running"]}
        figures.append(_figure(f"records_{number}", "record", "records", of))
        if number % 2:
            figures.append(_figure(f"hosts_{number}", "organisation", "organisations", {**of, "role": "host"}))
        else:
            figures.append(_figure(f"areas_{number}", "square_metre", "measure", {**of, "field": "area"}))
    return {
        "title": _NAMES,
        "status": "running",
        "chapter": "one",
        "position": 1,
        "clause": {"section": "1", "text": _NAMES},
        "departments": [{"key": "science", "role": "lead"}],
        "figures": figures,
    }


def _figure(key: str, unit: str, count: str, of: dict[str, Any]) -> dict[str, Any]:
    display = {"qualifier": "exact", "numerals": "digits"}
    about = {"key": key, "number": key, "name": _NAMES, "unit": unit, "classifier": "个", "kind": "stock"}
    return {**about, "count": count, "of": of, "display": display}


def _read(client: Client) -> float:
    started = time.monotonic()
    report = client.get("/v1/reports/progress", as_of=AS_OF)
    seconds = time.monotonic() - started
    (chapter,) = report["chapters"]
    assert all(one["status"] == "counted" for one in chapter["programmes"][0]["figures"])
    return seconds
