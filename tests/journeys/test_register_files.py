"""A kind of register, put a moment ago, is imported and exported over HTTP; the scope that reports entries opens its files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from deploy.local.throwaway import eventually
from examples.client import ApiError, Client
from tests.support.towns import Town


@pytest.fixture
def kind(town: Town) -> str:
    """The key of a kind of register that the town's department reports."""
    names = {"name": {"zh-CN": "风车", "en": "Windmills"}}
    key = f"windmills_{town.number}"
    body = {
        "programme": "windmills",
        "natural_key": ["title"],
        "reporters": [town.department],
        "states": [{"key": "running", "name": {"zh-CN": "运行", "en": "Running"}}],
        "parties": [
            {"role": "owner", "of": ["enterprise"], "may_be_new": True, "name": {"zh-CN": "业主", "en": "Owner"}}
        ],
        "fields": [{"key": "area", "type": "number", "name": {"zh-CN": "面积（平方米）", "en": "Area"}}],
        **names,
    }
    town.client.put(f"/v1/register-kinds/{key}", body, if_none_match="*")
    return key


@pytest.fixture
def keeper(town: Town) -> Client:
    """A system of the department that keeps registers and has nothing to do with people."""
    return town.platform.client(f"keeper{town.number}", town.department, "registers:read", "registers:write")


def ended(client: Client, path: Path, kind: str) -> dict[str, Any]:
    started = client.upload("/v1/imports", path, kind=kind, mode="best_effort")

    def done() -> Any:
        found = client.get(f"/v1/imports/{started['id']}")
        return found if found["state"] in ("done", "rejected", "failed") else None

    return dict(eventually(done, what="the import"))


def refused(act: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        act()
    return error.value.status, error.value.problem["code"]


def test_from_template_to_export_and_back(town: Town, keeper: Client, kind: str, tmp_path: Path) -> None:
    listed = {one["key"] for one in keeper.get("/v1/import-kinds")["items"]}
    assert {"roster", f"register.{kind}"} <= listed
    book = load_workbook(io.BytesIO(keeper.send("GET", f"/v1/import-kinds/register.{kind}/template")[2]))
    sheet = book.worksheets[0]
    for number in range(250):  # more than a page of the export
        sheet.append([f"{number} 号", f"业主 {town.number}", "", "2024-05-01", "", "2.78万"])
    path = tmp_path / "风车.xlsx"
    book.save(path)
    done = ended(keeper, path, f"register.{kind}")
    assert (done["state"], done["counts"]["accepted"]) == ("done", 250)
    (row,) = keeper.get(f"/v1/imports/{done['id']}/rows", limit=1)["items"]
    assert keeper.get(f"/v1/register-entries/{row['record_id']}")["fields"] == {"area": 27800}
    assert keeper.send("GET", f"/v1/imports/{done['id']}/workbook")[2][:2] == b"PK"
    status, headers, text = keeper.send("GET", f"/v1/register-kinds/{kind}/entries.csv?state=running")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert (status, headers["Content-Disposition"], len(rows)) == (200, f'attachment; filename="{kind}.csv"', 251)
    exported = tmp_path / "exported.xlsx"
    exported.write_bytes(keeper.send("GET", f"/v1/register-kinds/{kind}/entries.xlsx")[2])
    assert [[cell or "" for cell in each] for each in load_workbook(exported).active.values] == rows
    assert ended(keeper, exported, f"register.{kind}")["counts"]["unchanged"] == 250


def test_each_scope_opens_the_files_of_its_own_kinds(town: Town, keeper: Client, kind: str, tmp_path: Path) -> None:
    scopes = ("people:import", "people:import_results")
    clerk = town.platform.client(f"clerk{town.number}", town.department, *scopes)
    path, _ = town.roster(town.organisation("university"), 1)
    roster = town.upload(path)
    assert refused(lambda: keeper.upload("/v1/imports", path, kind="roster")) == (403, "scope_missing")
    for of_roster in ("", "/rows", "/workbook"):
        at = f"/v1/imports/{roster['id']}{of_roster}"
        assert refused(lambda at=at: keeper.send("GET", at)) == (403, "scope_missing")
    assert refused(lambda: keeper.get("/v1/imports")) == (403, "scope_missing")
    assert keeper.get("/v1/imports", kind=f"register.{kind}")["items"] == []
    assert refused(lambda: clerk.upload("/v1/imports", path, kind=f"register.{kind}")) == (403, "scope_missing")
    assert (
        refused(lambda: keeper.upload("/v1/imports", path, kind="register.no_such"))[1]
        == "talent.import_kind_not_found"
    )
    assert refused(lambda: keeper.upload("/v1/imports", path, kind="no such"))[0] == 422
    other = town.platform.client(f"other{town.number}", f"other_{town.number}", "registers:write")
    assert refused(lambda: other.upload("/v1/imports", path, kind=f"register.{kind}"))[1] == "talent.not_a_reporter"
    assert refused(lambda: keeper.send("GET", "/v1/register-kinds/no_such/entries.csv"))[0] == 404
    assert refused(lambda: keeper.send("GET", f"/v1/register-kinds/{kind}/entries.csv?limit=1"))[0] == 400
