"""Kinds of imports over HTTP: which there are, the workbook to fill in, and that it is accepted once it is filled."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import create_engine, text

from deploy.local.throwaway import ThrowawayPlatform
from examples.client import ApiError
from examples.rosters import id_number as id_number_of
from tests.support.towns import Town


def template(town: Town) -> Any:
    return load_workbook(io.BytesIO(town.client.send("GET", "/v1/import-kinds/roster/template")[2]))


def test_the_kinds_are_listed_with_their_columns(town: Town) -> None:
    (roster,) = [kind for kind in town.client.get("/v1/import-kinds")["items"] if kind["key"] == "roster"]
    columns = {column["key"]: column for column in roster["columns"]}
    assert columns["id_number"]["required"] and "身份证号" in columns["id_number"]["synonyms"]
    assert columns["organisation"]["or_given"] and "学生" in columns["role"]["allowed"]


def test_a_filled_template_is_accepted_and_its_example_is_skipped(town: Town, tmp_path: Path) -> None:
    university = town.organisation("university")
    book = template(town)
    sheet = book.worksheets[0]
    headers = [str(cell.value).removesuffix("（必填）") for cell in sheet[1]]
    assert [validation.sqref for validation in sheet.data_validations.dataValidation]
    assert book.worksheets[1].title == "填写说明"
    row = {
        "姓名": "王小明",
        "证件类型": "居民身份证",
        "证件号码": id_number_of(dt.date(2004, 1, 1), 990_001),
        "学校/单位名称": university["name"],
        "身份": "学生",
        "入学/入职日期": "2024-09-01",
    }
    for position, header in enumerate(headers, 1):
        sheet.cell(3, position, row.get(header))
    path = tmp_path / "filled.xlsx"
    book.save(path)
    found = town.upload(path)
    assert found["counts"] == {"total": 1, "accepted": 1, "unchanged": 0, "differs": 0, "rejected": 0}
    assert [warning["code"] for warning in found["warnings"]] == ["example_skipped"]
    (verdict,) = town.client.get(f"/v1/imports/{found['id']}/rows")["items"]
    assert verdict["record_id"] == verdict["affiliation_id"]


def test_an_import_is_found_at_its_service_and_one_from_before_at_talent(
    town: Town, platform: ThrowawayPlatform, tmp_path: Path
) -> None:
    path, _ = town.roster(town.organisation("university"), 1)
    found = town.upload(path)
    engine = create_engine(platform.databases["gateway"])
    with engine.begin() as connection:
        place = connection.execute(text("delete from import_places where import_id = :id returning service"), found)
        assert place.scalar_one() == "talent"
    engine.dispose()
    assert town.client.get(f"/v1/imports/{found['id']}")["id"] == found["id"]


def test_an_unknown_kind_has_no_template(town: Town) -> None:
    with pytest.raises(ApiError) as refused:
        town.client.send("GET", "/v1/import-kinds/nothing/template")
    assert (refused.value.status, refused.value.problem["code"]) == (404, "talent.import_kind_not_found")
