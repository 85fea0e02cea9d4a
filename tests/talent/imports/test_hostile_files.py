"""Strangers' files through the whole import: each ends with its reason or its verdicts, and the next file goes in."""

from __future__ import annotations

import contextlib
import io
import os
import re
import time
import zipfile
from pathlib import Path

import pytest

from chassis.imports.settings import ImportSettings
from tests.talent.conftest import City
from tests.talent.imports import hostile_files
from tests.talent.imports.importing import HEADERS, Desk, csv_of, table

SCHOOL = "敌意大学"
LARGE = 20_000
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def desk(city: City) -> Desk:
    city.university(name=SCHOOL)
    return Desk(city)


def student(city: City) -> list[object]:
    return ["张三", city.id_number(), "13800138000", SCHOOL, "学生", "2024-09-01", ""]


def applied(city: City) -> list[int]:
    return [city.count(f"select count(*) from {name}") for name in ("people", "affiliations", "outbox")]


def with_formula(city: City) -> tuple[bytes, str]:
    """A roster whose name is a formula that carries a value, as a spreadsheet program saves it."""
    rest = student(city)[1:]
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(table([["=1+1", *rest]]))) as honest, zipfile.ZipFile(content, "w") as archive:
        for part in honest.namelist():
            text = re.sub(rb"<f>1\+1</f>(<v ?/>|<v></v>)", b"<f>1+1</f><v>2</v>", honest.read(part))
            archive.writestr(part, text)
    return content.getvalue(), str(rest[0])


def children() -> set[int]:
    """The processes this one has started and not yet waited for."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            found |= {int(path.parent.name)} if parent == os.getpid() else set()
    return found


class TestRefusedFiles:
    @pytest.mark.parametrize("name", hostile_files.ALL)
    def test_end_rejected_with_a_reason_in_both_languages_and_write_nothing(self, desk: Desk, name: str) -> None:
        content, codes = hostile_files.ALL[name]
        before = applied(desk.city)
        found = desk.run(content)
        assert (found["state"], found["applied"], found["workbook"]) == ("rejected", False, False)
        assert found["reason"]["code"] in codes
        assert found["reason"]["zh-CN"] != found["reason"]["en"]
        assert desk.rows(found) == []
        assert applied(desk.city) == before

    def test_leave_the_service_as_it_was(self, desk: Desk) -> None:
        desk.run(csv_of([student(desk.city)]))
        before, others = sorted(os.listdir("/proc/self/fd")), children()
        for content, _ in hostile_files.ALL.values():
            desk.run(content)
        assert sorted(os.listdir("/proc/self/fd")) == before
        assert children() == others
        assert desk.verdicts(desk.run(csv_of([student(desk.city)]))) == ["accepted"]

    def test_are_as_small_as_a_stranger_would_send_them(self) -> None:
        assert len(hostile_files.ALL["sparse"][0]) < 2_000
        assert len(hostile_files.ALL["bomb"][0]) < 600_000


class TestFormulas:
    def test_in_a_workbook_are_shown_as_their_value_and_never_kept(self, desk: Desk) -> None:
        content, number = with_formula(desk.city)
        found = desk.run(content)
        (row,) = desk.rows(found)
        sheet = desk.workbook(found)
        assert (sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value) == ("2", "s", number)
        assert row["verdict"] == "rejected"

    @pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://a.example")', "＝1+1"])
    def test_in_a_column_nobody_reads_come_back_as_harmless_text(self, desk: Desk, text: str) -> None:
        found = desk.run(csv_of([[*student(desk.city), text]], headers=[*HEADERS, "备注"]))
        cell = desk.workbook(found)["H2"]
        assert (cell.value, cell.data_type) == ("'" + text.replace("＝", "="), "s")
        assert desk.verdicts(found) == ["accepted"]


class TestLargeRosters:
    def test_of_twenty_thousand_rows_are_applied_whole(self, desk: Desk) -> None:
        content = table([student(desk.city) for _ in range(LARGE)])
        started = time.monotonic()
        found = desk.run(content)
        took = time.monotonic() - started
        assert (found["state"], found["counts"]["total"], found["counts"]["accepted"]) == ("done", LARGE, LARGE)
        assert took < PATIENCE_SECONDS
        sheet = desk.workbook(found)
        assert (sheet.max_row, sheet["H2"].value, sheet.cell(LARGE + 1, 8).value) == (LARGE + 1, "已接收", "已接收")

    def test_of_more_than_fifty_thousand_rows_are_refused(self, desk: Desk) -> None:
        limit = ImportSettings.max_rows
        row = ["张三", "149999199001010018", "", SCHOOL, "学生", "2024-09-01", ""]
        found = desk.run(csv_of([row] * (limit + 1)))
        assert (found["state"], found["reason"]["code"]) == ("rejected", "too_many_rows")
        assert "50000" in found["reason"]["zh-CN"]
        assert "50000" in found["reason"]["en"]


class TestSeveralDepartments:
    def test_that_report_one_student_are_two_reporters_of_one_person(self, desk: Desk) -> None:
        content = table([student(desk.city)])
        first = desk.run(content)
        second = desk.run(content, department="youth_league")
        assert desk.rows(first)[0]["affiliation_id"] == desk.rows(second)[0]["affiliation_id"]
        (count,) = desk.city.rows(
            "select count(distinct r.department), count(distinct a.person_id) from affiliations a"
            " join person_reports r using (person_id) where a.id = :id",
            id=desk.rows(first)[0]["affiliation_id"],
        )
        assert tuple(count) == (2, 1)
        assert desk.verdicts(desk.run(content, department="youth_league")) == ["unchanged"]
