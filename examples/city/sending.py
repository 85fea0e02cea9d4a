"""Sends the departments' files through the public API, and decides what the city office has to decide between them.

Safe to repeat: the same file again changes nothing. Not here: what is in the files (``departments``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.vocabulary import VERDICTS
from examples.city.departments import files, later_files
from examples.city.files import File
from examples.city.firms import PARTNER_UNIVERSITIES, TENANT_FIRMS
from examples.city.people import ASSOCIATION, EXPERT_UNIVERSITIES
from examples.client import Client

PAGE, WAIT_SECONDS = 200, 300


Batch = Mapping[str, Sequence[File]]


def send_city(
    client_of: Callable[[str], Client],
    office: Client,
    folder: Path,
    *,
    first: Batch | None = None,
    later: Batch | None = None,
) -> Counter[str]:
    """Send every file as its department's client, the `later` ones once the office has decided. Verdict → rows.

    `office` is a client that governs organisations. Raises SystemExit where an import does not end as done.
    """
    _register_association(office)
    verdicts = _send(client_of, files() if first is None else first, folder)
    _confirm_and_trust(office)
    return verdicts + _send(client_of, later_files() if later is None else later, folder)


def _send(client_of: Callable[[str], Client], batch: Batch, folder: Path) -> Counter[str]:
    verdicts: Counter[str] = Counter()
    for department, its in batch.items():
        verdicts += send_files(client_of(department), its, folder)
    return verdicts


def send_files(client: Client, sent: Sequence[File], folder: Path) -> Counter[str]:
    """Upload one department's files, one after the other, for a later one may name what an earlier one registers.

    Raises SystemExit where a row is rejected.
    """
    verdicts: Counter[str] = Counter()
    for file in sent:
        started = client.upload("/v1/imports", file.write(folder), kind=file.kind, mode="best_effort")
        ended = await_import(client, started["id"])
        if ended["counts"]["rejected"]:
            (row, *_) = client.get(f"/v1/imports/{started['id']}/rows", verdict="rejected", limit=1)["items"]
            raise SystemExit(f"{file.name}: {ended['counts']['rejected']} rows rejected, the first: {row}")
        verdicts += Counter({name: rows for name, rows in ended["counts"].items() if name in VERDICTS})
    return verdicts


def await_import(client: Client, import_id: str) -> Mapping[str, Any]:
    """The import once it is done. Raises SystemExit where it ends otherwise, or not in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = client.get(f"/v1/imports/{import_id}")
        if found["state"] in ("done", "rejected", "failed"):
            if found["state"] != "done":
                raise SystemExit(f"Import {import_id} ended as {found['state']}: {found.get('reason')}")
            return dict(found)
        time.sleep(0.1)
    raise SystemExit(f"Import {import_id} did not finish in time")


def _register_association(office: Client) -> None:
    """The association whose volunteers the Youth League reports."""
    office.post("/v1/organisations", {"kind": "association", "name": ASSOCIATION})


def _confirm_and_trust(office: Client) -> None:
    """Confirm what the files have registered, and trust who reports its people: the city's leaders for experts of ten
    universities, the science and technology bureau for employees of tenants.
    """
    reporters = {one.uscc: "city_leadership" for one in PARTNER_UNIVERSITIES[:EXPERT_UNIVERSITIES]}
    reporters |= {one.uscc: "science_technology" for one in TENANT_FIRMS}
    for one in _organisations(office):
        path, reporter = f"/v1/organisations/{one['id']}", reporters.get(one["uscc"])
        if one["confirmed_at"] is None:
            one = office.post(f"{path}/confirm", {})
        if reporter is not None and reporter not in one["trusted_departments"]:
            trusted = [*one["trusted_departments"], reporter]
            office.patch(path, {"trusted_departments": trusted}, if_match=f'"v{one["version"]}"')


def _organisations(office: Client) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = office.get("/v1/organisations", limit=PAGE, cursor=cursor)
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return found
