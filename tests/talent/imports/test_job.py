"""The job: verdicts and effects of each mode, interrupted and resumed, raced by replicas, repeated without effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from chassis.imports import job
from chassis.imports.limited import ChildFailed
from contracts.imports import ImportReading
from services.talent.imports.kinds import of_keys
from tests.talent.conftest import City, at_once
from tests.talent.imports.importing import HEADERS, Desk, Row, csv_of, table
from tests.talent.imports.reading_files import workbook


def _apply_of(keys: Any) -> Any:
    return of_keys(keys)["roster"].apply


class Interrupted(BaseException):
    """As final as kill -9: nothing the job catches."""


@pytest.fixture
def desk(city: City) -> Desk:
    return Desk(city).with_settings(chunk_rows=3)


@pytest.fixture
def school(city: City) -> str:
    with city.work() as work:
        school_id = city.university()
        return str(
            work.session.connection()
            .exec_driver_sql("select name from organisations where id = %s", (str(school_id),))
            .scalar_one()
        )


def student(city: City, school: str, **cells: object) -> list[object]:
    chosen = {
        "姓名": "张三",
        "证件号码": city.id_number(),
        "手机号": "13800000000",
        "学校": school,
        "身份": "学生",
        "入学日期": "2024-09-01",
        "预计毕业日期": "2028-07-01",
    }
    return [{**chosen, **cells}[header] for header in HEADERS]


def state_of(city: City) -> list[Any]:
    """Everything an import may change, imports themselves left out."""
    counted = [
        city.count(f"select count(*) from {name}")
        for name in ("people", "person_reports", "affiliations", "affiliation_reports", "outbox")
    ]
    versions = city.count(
        "select coalesce(sum(version), 0) from (select version from people union all"
        " select version from affiliations) as all_versions"
    )
    subjects = city.count("select count(*) from history where subject <> 'import'")
    return [*counted, versions, subjects]


class TestBestEffort:
    def test_gives_each_row_its_verdict_and_applies_the_good_ones(self, desk: Desk, school: str) -> None:
        city = desk.city
        known = student(city, school)
        desk.run(csv_of([known]))
        rows: list[Row] = [
            student(city, school),
            known,
            [known[0], known[1], "13999999999", *known[3:]],
            student(city, school, 证件号码="123"),
            student(city, "没有的大学"),
            student(city, school, 预计毕业日期="2020-01-01", 手机号="12"),
            student(city, school, 身份="教职工", 预计毕业日期=""),
        ]
        found = desk.run(table(rows))
        assert (found["state"], found["applied"], found["reason"]) == ("done", True, None)
        assert desk.verdicts(found) == [
            "accepted", "unchanged", "accepted", "rejected", "rejected", "rejected", "accepted",
        ]  # fmt: skip
        assert found["counts"] == {"total": 7, "accepted": 3, "unchanged": 1, "differs": 0, "rejected": 3}
        listed = desk.rows(found)
        assert [row["row"] for row in listed if row["affiliation_id"]] == [2, 3, 4, 8]
        assert [each["column"] for row in listed for each in row["violations"]] == [
            "证件号码",
            "学校/单位名称",
            "手机号",
        ]

    def test_a_row_that_differs_says_which_column_what_is_on_record_and_what_was_sent(
        self, desk: Desk, school: str
    ) -> None:
        known = student(desk.city, school)
        desk.run(csv_of([known]))
        later = [*known[:-1], "2030-07-01"]
        assert HEADERS[-1] == "预计毕业日期", "the last column is the one that changes"
        for _ in range(2):  # and again, for the record stands
            (row,) = desk.rows(desk.run(csv_of([later])))
            assert row["verdict"] == "differs"
            (found,) = row["violations"]
            assert (found["column"], found["code"]) == ("预计毕业/离职日期", "differs_from_record")
            assert f"在册 {known[-1]}，本次报送 2030-07-01" in found["zh"]

    def test_rows_without_an_organisation_belong_to_that_of_the_import(self, desk: Desk) -> None:
        school_id = desk.city.university()
        headers = [header for header in HEADERS if header != "学校"]
        row = [cell for header, cell in zip(HEADERS, student(desk.city, ""), strict=True) if header != "学校"]
        found = desk.run(csv_of([row], headers), organisation_id=school_id)
        assert desk.verdicts(found) == ["accepted"]
        refused = desk.run(csv_of([row], headers))
        assert refused["reason"]["code"] == "headers_missing"

    def test_reports_in_the_name_of_the_department_that_uploaded(self, desk: Desk, school: str) -> None:
        found = desk.run(csv_of([student(desk.city, school)]), department="youth_league")
        (row,) = desk.rows(found)
        reports = desk.city.rows(
            "select department, client_id from affiliation_reports where affiliation_id = :id", id=row["affiliation_id"]
        )
        assert [tuple(each) for each in reports] == [("youth_league", "youth_league-client")]

    def test_the_same_file_again_changes_nothing(self, desk: Desk, school: str) -> None:
        content = table([student(desk.city, school) for _ in range(8)])
        desk.run(content)
        before = state_of(desk.city)
        for mode in ("best_effort", "all_or_nothing", "dry_run"):
            assert desk.verdicts(desk.run(content, mode=mode)) == ["unchanged"] * 8
        assert state_of(desk.city) == before

    def test_a_row_twice_in_one_file_is_one_record(self, desk: Desk, school: str) -> None:
        row = student(desk.city, school)
        others = [student(desk.city, school) for _ in range(4)]
        found = desk.run(csv_of([row, *others, row]))
        assert desk.verdicts(found) == ["accepted"] * 5 + ["unchanged"]


class TestFormulas:
    def test_a_text_that_looks_like_one_is_data_and_harmless_in_the_workbook(self, desk: Desk, school: str) -> None:
        found = desk.run(csv_of([student(desk.city, school, 姓名="=cmd|'/c calc'!A1"), student(desk.city, "@SUM(A1)")]))
        assert desk.verdicts(found) == ["rejected", "rejected"]
        sheet = desk.workbook(found)
        assert sheet["A2"].value == "'=cmd|'/c calc'!A1"
        assert sheet["D3"].value == "'@SUM(A1)"
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


class TestReading:
    def test_a_dry_run_and_a_result_say_how_the_file_was_read(self, desk: Desk, school: str) -> None:
        content = csv_of([student(desk.city, school, 入学日期="2024-09")])
        import_id = desk.upload(content)
        assert desk.get(import_id)["reading"] is None
        desk.run_next()
        trial = desk.run(content, mode="dry_run")
        for found in (desk.get(import_id), trial):
            assert ImportReading().validate(found["reading"]) == {}
            assert (found["reading"]["encoding"], found["reading"]["delimiter"]) == ("UTF-8", ",")
            assert [each["code"] for each in found["reading"]["inferred"]] == ["month_as_first_day"]

    def test_of_a_file_that_is_refused_the_line_is_named(self, desk: Desk) -> None:
        found = desk.run(csv_of([['"三好学生', *[""] * 6], ["张三"] * 7]))
        assert (found["state"], found["reason"]["code"], found["reading"]) == ("rejected", "quote_unclosed", None)
        assert "line 2" in found["reason"]["en"]


class TestWorkbook:
    def test_shows_the_rows_as_they_came_and_what_became_of_them(self, desk: Desk, school: str) -> None:
        good, bad = student(desk.city, school), student(desk.city, school, 证件号码=1.40702199901011e17, 身份="校友")
        found = desk.run(table([good, bad]))
        shown = [list(row) for row in desk.workbook(found).iter_rows(values_only=True)]
        assert found["workbook"] is True
        assert shown[0] == [*HEADERS, "结果", "原因", "result", "reason"]
        assert shown[1][:9] == [*good, "已接收", ""]
        assert (shown[2][7], shown[2][9]) == ("未接收", "rejected")
        assert "文本" in shown[2][8]
        assert "身份" in shown[2][8]
        assert "Format the column as text" in shown[2][10]

    def test_sent_in_again_it_is_a_roster(self, desk: Desk, school: str) -> None:
        found = desk.run(table([student(desk.city, school, 手机号="+8613700000000")]))
        shown = [list(row) for row in desk.workbook(found).iter_rows(values_only=True)]
        again = desk.run(table(shown[1:], shown[0]))
        assert desk.verdicts(again) == ["unchanged"]

    def test_one_that_cannot_be_made_is_a_warning(
        self, desk: Desk, school: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object, **fields: object) -> Iterator[bytes]:
            raise ChildFailed("no")

        monkeypatch.setattr(job, "annotate_file", fail)
        found = desk.run(csv_of([student(desk.city, school)]))
        assert (found["state"], found["workbook"]) == ("done", False)
        assert [each["code"] for each in found["warnings"]] == ["workbook_not_made"]


class TestAllOrNothing:
    def test_applies_nothing_when_one_row_is_rejected(self, desk: Desk, school: str) -> None:
        rows = [student(desk.city, school) for _ in range(7)]
        before = state_of(desk.city)
        found = desk.run(csv_of([*rows, student(desk.city, school, 身份="?")]), mode="all_or_nothing")
        assert state_of(desk.city) == before
        assert (found["state"], found["applied"], found["reason"]["code"]) == ("rejected", False, "rows_rejected")
        assert desk.verdicts(found) == ["accepted"] * 7 + ["rejected"]
        assert all(row["affiliation_id"] is None for row in desk.rows(found))
        assert desk.workbook(found)["H2"].value == "已接收"

    def test_applies_all_when_no_row_is_rejected(self, desk: Desk, school: str) -> None:
        found = desk.run(csv_of([student(desk.city, school) for _ in range(8)]), mode="all_or_nothing")
        assert (found["state"], found["applied"], found["counts"]["accepted"]) == ("done", True, 8)
        assert all(row["affiliation_id"] for row in desk.rows(found))

    def test_refuses_hidden_rows_which_other_modes_read_and_tell(self, desk: Desk, school: str) -> None:
        content = workbook(_hide_the_third, [student(desk.city, school) for _ in range(3)])
        refused = desk.run(content, mode="all_or_nothing")
        assert (refused["state"], refused["applied"]) == ("rejected", False)
        assert (refused["reason"]["code"], "第 3 行" in refused["reason"]["zh-CN"]) == ("hidden_rows", True)
        assert (refused["counts"]["accepted"], refused["reading"]["hidden_rows"]) == (0, 1)
        for mode in ("dry_run", "best_effort"):
            found = desk.run(content, mode=mode)
            assert desk.verdicts(found) == ["accepted"] * 3
            assert [each["code"] for each in found["warnings"]] == ["hidden_rows_read"]

    @pytest.mark.parametrize("is_good", [True, False])
    def test_an_outcome_stands_though_the_worker_dies_before_the_end(
        self, desk: Desk, school: str, monkeypatch: pytest.MonkeyPatch, is_good: bool
    ) -> None:
        late = f"后来的大学{desk.city.id_number()}"
        rows = [student(desk.city, school) for _ in range(4)] + ([] if is_good else [student(desk.city, late)])
        import_id = desk.upload(csv_of(rows), mode="all_or_nothing")
        with monkeypatch.context() as patched:
            patched.setattr(job._Job, "_annotate", _die)
            with pytest.raises(Interrupted):
                desk.run_next()
        desk.city.university(name=late)  # would make every row good, were they applied again
        before = state_of(desk.city)
        desk.waits_no_longer(import_id)
        assert desk.run_next() is True
        assert state_of(desk.city) == before
        found = desk.get(import_id)
        assert (found["state"], found["applied"]) == (("done", True) if is_good else ("rejected", False))


class TestResume:
    @pytest.mark.parametrize("mode", ["best_effort", "dry_run", "all_or_nothing"])
    @pytest.mark.parametrize("after", [1, 2, 3])
    def test_another_worker_goes_on_where_one_died(
        self, desk: Desk, school: str, monkeypatch: pytest.MonkeyPatch, mode: str, after: int
    ) -> None:
        rows = [student(desk.city, school) for _ in range(11)]
        import_id = desk.upload(csv_of(rows), mode=mode)
        before = state_of(desk.city)
        real = desk.uploads.kinds["roster"].apply
        desk.apply_with(_dies_after(desk, after))
        with pytest.raises(Interrupted):
            desk.run_next()
        desk.apply_with(real)
        assert desk.run_next() is False  # the dead worker's lease still runs
        found = desk.get(import_id)
        assert found["state"] == "applying"
        assert found["counts"]["accepted"] == (0 if mode == "all_or_nothing" else after * 3)
        if mode != "best_effort":
            assert state_of(desk.city) == before
        desk.waits_no_longer(import_id)
        assert desk.run_next() is True
        found = desk.get(import_id)
        assert (found["state"], desk.verdicts(found)) == ("done", ["accepted"] * 11)
        added = 0 if mode == "dry_run" else 11
        assert state_of(desk.city)[2] == before[2] + added
        assert state_of(desk.city)[4] == before[4] + 2 * added  # a person and an affiliation each

    def test_several_replicas_share_the_waiting_imports(self, desk: Desk, school: str) -> None:
        ids = [desk.upload(csv_of([student(desk.city, school) for _ in range(4)])) for _ in range(5)]
        at_once(4, lambda _: [None for _ in iter(desk.run_next, False)])
        assert [desk.get(import_id)["counts"]["accepted"] for import_id in ids] == [4] * 5

    def test_rosters_that_overlap_are_applied_side_by_side(self, desk: Desk, school: str) -> None:
        rows = [student(desk.city, school) for _ in range(30)]
        ids = [
            desk.upload(csv_of(order), department="education") for order in (rows, rows[::-1], rows[15:] + rows[:15])
        ]
        at_once(3, lambda _: [None for _ in iter(desk.run_next, False)])
        found = [desk.get(import_id) for import_id in ids]
        assert [each["state"] for each in found] == ["done"] * 3
        assert sum(each["counts"]["accepted"] for each in found) == 30
        assert sum(each["counts"]["unchanged"] for each in found) == 60


class TestFailure:
    def test_an_import_that_stops_every_worker_is_given_up(
        self, desk: Desk, school: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = desk.upload(csv_of([student(desk.city, school) for _ in range(5)]))
        desk.apply_with(_dies_after(desk, 1))
        for _ in range(desk.uploads.settings.max_attempts):
            with pytest.raises(Interrupted):
                desk.run_next()
            desk.waits_no_longer(import_id)
            desk.apply_with(_dies_after(desk, 0))
        assert desk.run_next() is False
        found = desk.get(import_id)
        assert (found["state"], found["reason"]["code"]) == ("failed", "import_failed_repeatedly")
        assert (found["applied"], found["counts"]["accepted"]) == (True, 3)  # what was applied is reported

    def test_a_database_that_is_away_is_no_attempt(
        self, desk: Desk, school: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = desk.upload(csv_of([student(desk.city, school)]))

        def away(*args: object, **fields: object) -> None:
            raise OperationalError("select 1", {}, Exception(), connection_invalidated=True)

        real = desk.uploads.kinds["roster"].apply
        desk.apply_with(away)
        for _ in range(desk.uploads.settings.max_attempts + 1):
            assert desk.run_next() is True
            desk.waits_no_longer(import_id)
        desk.apply_with(real)
        desk.run_next()
        assert desk.get(import_id)["state"] == "done"

    def test_a_file_that_is_no_roster_ends_its_import_and_no_other(self, desk: Desk, school: str) -> None:
        bad, good = desk.upload(b"PK\x03\x04 nothing"), desk.upload(csv_of([student(desk.city, school)]))
        assert desk.run_next() is True
        assert desk.run_next() is True
        assert (desk.get(bad)["state"], desk.get(bad)["reason"]["code"]) == ("rejected", "file_broken")
        assert desk.get(good)["state"] == "done"

    def test_every_change_of_state_is_in_the_history(self, desk: Desk, school: str) -> None:
        found = desk.run(csv_of([student(desk.city, school)]))
        steps = desk.city.rows(
            "select from_state, to_state from history where subject = 'import' and subject_id = :id order by id",
            id=str(found["id"]),
        )
        assert {tuple(step) for step in steps} == {(None, "uploading"), ("uploading", "queued"), ("applying", "done")}


def _hide_the_third(_: Any, sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def _die(*args: object) -> None:
    raise Interrupted


def _dies_after(desk: Desk, count: int) -> Any:
    """The roster's `apply`, which works `count` times and then takes the process with it."""
    left, apply = count, _apply_of(desk.city.keys)

    def act(*args: Any, **fields: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Interrupted
        left -= 1
        return apply(*args, **fields)

    return act
