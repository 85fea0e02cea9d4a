"""Files of a kind of register that is data alone: a verdict for each row, nothing written twice, no other's rows."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from chassis.imports import results
from contracts.language.refusals import Refusal
from tests.talent.conftest import City, make_credit_code
from tests.talent.imports.importing import Desk, csv_of, table
from tests.talent.imports.registers.kinds_made_up import HEADERS, KIND, WINDMILLS, add, row

MEASURES = {"面积（平方米）": "2.78万", "总造价": "48万元", "是否开放": "是", "建成年月": "2023-4"}


@pytest.fixture(scope="module")
def desk(city: City) -> Desk:
    add(city)
    return Desk(city).with_settings(chunk_rows=3)


@pytest.fixture(scope="module")
def maker(desk: Desk) -> str:
    name = "转轮大学"
    desk.city.university(name=name)
    return name


def run(desk: Desk, content: bytes, *, department: str = "science", **fields: Any) -> dict[str, Any]:
    return desk.run(content, department=department, **{"kind": KIND, **fields})


def written(city: City) -> list[Any]:
    """Everything a file may write, imports themselves left out."""
    counted = [
        city.count(f"select count(*) from {name}")
        for name in ("register_entries", "register_reports", "register_parties", "organisations", "outbox")
    ]
    versions = city.count("select coalesce(sum(version), 0) from register_entries")
    return [*counted, versions, city.count("select count(*) from history where subject <> 'import'")]


class TestRows:
    def test_get_their_verdicts(self, desk: Desk, maker: str) -> None:
        rows = [
            row("一号", "新风公司", 合作单位=f"{maker}；", 运行日期="2024年5月"),
            row("一号", "新风公司", 合作单位=maker, 运行日期="2024年5月"),
            row("三号", "新风公司", 等级="中"),
            row("", "新风公司", 签约时间="昨天"),
            row("四号", "新风公司", 合作单位="没有的大学"),
            row("五号", maker, 签约时间="", 县区代码="110101"),
            row("六号", maker, 运行日期="2020-01-01", 县区代码="110101"),
            row("七号", "新风公司", 制造单位="没有的单位", **{"面积（平方米）": "=1+1"}),
            row("八号", "@SUM(A1)", 业主单位信用代码="123"),
        ]
        found = run(desk, table(rows, HEADERS))
        assert (found["state"], found["applied"], found["reason"]) == ("done", True, None)
        listed = desk.rows(found)
        assert [(one["verdict"], [(v["column"], v["code"]) for v in one["violations"]]) for one in listed] == [
            ("accepted", []),
            ("unchanged", []),
            ("rejected", [("等级", "choice_unknown")]),
            ("rejected", [("名称", "required"), ("签约日期", "date_unreadable")]),
            ("rejected", [("合作单位", "organisation_unknown")]),
            ("rejected", [("签约日期", "required")]),
            ("rejected", [("运行日期", "days_out_of_order")]),
            ("rejected", [("面积（平方米）", "formula_without_value")]),
            ("rejected", [("业主单位", "uscc_malformed")]),
        ]
        assert listed[0]["record_id"] == listed[1]["record_id"]

    def test_are_entries_with_their_values_and_parties(self, desk: Desk, maker: str) -> None:
        city, code = desk.city, make_credit_code(77_001)
        cells = {**MEASURES, "业主单位信用代码": code, "合作单位": maker, "制造单位": maker}
        (listed,) = desk.rows(run(desk, csv_of([row("二号", "新来的公司", **cells)], HEADERS)))
        (entry,) = city.rows("select * from register_entries where id = :id", id=listed["record_id"])
        (made_by,) = city.rows("select cast(id as text) as id from organisations where name = :name", name=maker)
        measures = {"area": 27800, "cost": 48_000_000, "is_open": True, "since": "2023-04"}
        assert entry.fields == {"level": "high", **measures, "maker": made_by.id}
        parties = city.rows(
            "select p.role, o.name, o.uscc, o.kind, o.confirmed_at, o.trusted_departments from register_parties p"
            " join organisations o on o.id = p.organisation_id where p.entry_id = :id order by role",
            id=listed["record_id"],
        )
        assert [tuple(one)[:2] for one in parties] == [("owner", "新来的公司"), ("partner", maker)]
        # who registers it so is not trusted, and nothing follows from it before it is confirmed
        assert tuple(parties[0])[2:] == (code, "enterprise", None, [])

    def test_the_same_file_again_writes_nothing(self, desk: Desk, maker: str) -> None:
        rows = [row(f"再报{n}", "再报公司", 制造单位=maker, 总造价="0.07") for n in range(7)]
        assert desk.verdicts(run(desk, table(rows, HEADERS), mode="dry_run")) == ["accepted"] * 7
        assert desk.verdicts(run(desk, table(rows, HEADERS))) == ["accepted"] * 7
        before = written(desk.city)
        for mode in ("best_effort", "all_or_nothing", "dry_run"):
            assert desk.verdicts(run(desk, csv_of(rows, HEADERS, encoding="gb18030"), mode=mode)) == ["unchanged"] * 7
        assert written(desk.city) == before

    def test_a_second_department_is_a_second_reporter_and_hears_where_it_differs(self, desk: Desk, maker: str) -> None:
        first = run(desk, csv_of([row("共报", maker)], HEADERS))
        second = run(desk, csv_of([row("共报", maker, 等级="低")], HEADERS), department="zone")
        (one,), (two,) = desk.rows(first), desk.rows(second)
        assert (two["verdict"], two["record_id"]) == ("differs", one["record_id"])
        assert [each["column"] for each in two["violations"]] == ["等级"]

    def test_the_rows_of_one_entry_stay_together(self, desk: Desk) -> None:
        many = [row("同一条", "同一公司", **{"面积（平方米）": str(n)}) for n in range(21)]
        *good, last = desk.rows(run(desk, csv_of(many, HEADERS)))
        assert {one["verdict"] for one in good} == {"accepted"}
        assert [one["code"] for one in last["violations"]] == ["entry_listed_too_often"]

    def test_no_cell_is_repeated(self, desk: Desk, maker: str) -> None:
        secret = "140702199901011234"
        cells = {header: secret for header in HEADERS if header not in ("名称", "业主单位")}
        found = run(desk, csv_of([row("秘密", maker, **cells)], HEADERS))
        assert secret not in str(desk.rows(found)) + str(found)
        assert {one["verdict"] for one in desk.rows(found)} == {"rejected"}


class TestKinds:
    def test_a_kind_is_listed_with_its_columns_to_its_reporters_alone(self, desk: Desk) -> None:
        with desk.city.work("zone") as work:
            listed = {one["key"]: one for one in results.list_import_kinds(work, uploads=desk.uploads)["items"]}
        assert list(listed) == ["roster", KIND]
        columns = {one["name"]["zh-CN"]: one for one in listed[KIND]["columns"]}
        assert [name for name, one in columns.items() if one["required"]] == ["名称", "业主单位", "等级"]
        assert columns["等级"]["allowed"] == ["高", "低"]
        assert "造价（元）" in columns
        with desk.city.work("health") as work:
            listed_to_others = results.list_import_kinds(work, uploads=desk.uploads)["items"]
        assert [one["key"] for one in listed_to_others] == ["roster"]

    def test_its_template_is_a_file_of_it(self, desk: Desk, maker: str) -> None:
        with desk.city.work("zone") as work:
            made = results.read_import_template(work, uploads=desk.uploads, kind=KIND)
        book = load_workbook(io.BytesIO(base64.b64decode(made["data_base64"])))
        sheet = book["风车"]
        headers = [cell.value for cell in sheet[1]]
        assert headers[:4] == ["名称（必填）", "业主单位（必填）", "业主单位统一社会信用代码", "合作单位"]
        assert [str(one.formula1) for one in sheet.data_validations.dataValidation] == ['"高,低"', '"是,否"']
        cells = {"名称（必填）": "模板一", "业主单位（必填）": maker, "等级（必填）": "低", "签约日期": "2024-01-02"}
        for position, header in enumerate(headers, 1):
            sheet.cell(3, position, cells.get(str(header), ""))
        filled = io.BytesIO()
        book.save(filled)
        found = run(desk, filled.getvalue())
        assert desk.verdicts(found) == ["accepted"]
        assert [one["code"] for one in found["warnings"]] == ["example_skipped"]

    def test_who_does_not_report_it_and_what_no_file_can_hold_is_refused_at_once(self, desk: Desk, maker: str) -> None:
        person = {"role": "head", "name": {"zh-CN": "负责人", "en": "Head"}, "of": ["person"], "least": 1, "most": 1}
        led = add(desk.city, key="led", parties=[{**person, "may_be_new": False}], natural_key=["title"])
        for fields, code in (
            ({"department": "health"}, "not_a_reporter"),
            ({"kind": led}, "register_needs_persons"),
            ({"kind": "register.no_such"}, "import_kind_not_found"),
            ({"organisation_id": desk.city.university()}, "register_names_organisations"),
        ):
            with pytest.raises(Refusal) as refused:
                run(desk, csv_of([], HEADERS), **fields)
            assert refused.value.code.startswith(f"talent.{code}"), fields
            assert "{" not in refused.value.zh_text()

    def test_a_department_that_reports_no_more_when_its_turn_comes_writes_nothing(self, desk: Desk, maker: str) -> None:
        key = add(desk.city, key="handed_over")
        import_id = desk.upload(csv_of([row("移交", maker)], HEADERS), department="science", kind=key)
        with desk.city.engine.begin() as connection:
            connection.exec_driver_sql("update register_kinds set reporters = '{zone}' where key = 'handed_over'")
        desk.run_next()
        (found,) = desk.rows(desk.get(import_id, department="science"))
        assert [one["code"] for one in found["violations"]] == ["not_a_reporter"]

    def test_a_kind_that_is_there_a_moment_later_needs_nothing_else(self, desk: Desk, maker: str) -> None:
        fields = [{**WINDMILLS["declared"][0], "name": {"zh-CN": "名称", "en": "title"}, "required": False}]
        key = add(desk.city, key="plain", declared=fields, parties=[], natural_key=["title"])
        found = run(desk, csv_of([["风", "2024-01-01", "低"]], ["名称", "签约", "名称-fields/level"]), kind=key)
        assert desk.verdicts(found) == ["accepted"], desk.rows(found)
