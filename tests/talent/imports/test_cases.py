"""Files of clerks that went wrong once, and others of the same kinds: what is read of each, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from tests.talent.conftest import make_id_number
from tests.talent.imports.importing import HEADERS, csv_of
from tests.talent.imports.reading_files import read, refusal, student, values, warned, workbook

FIVE = ("姓名", "身份证号", "身份", "学校", "入学日期")


def line(number: int, *more: str, name: str = "何一") -> str:
    """A row of CSV below FIVE."""
    return ",".join((name, make_id_number(number), "学生", "示范大学", "2024-09-01", *more))


def lines(*rows: str, headers: str = ",".join((*FIVE, "备注")), encoding: str = "utf-8") -> bytes:
    return "\n".join((headers, *rows, "")).encode(encoding)


class TestQuotes:
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_one_that_is_never_closed_is_refused_with_its_line(self, encoding: str, delimiter: str) -> None:
        rows = [line(1, '"三好学生'), *(line(n, "") for n in (2, 3, 4))]
        found = refusal(lines(*rows).decode().replace(",", delimiter).encode(encoding))
        assert (found["code"], "第 2 行" in found["zh-CN"], "line 2" in found["en"]) == ("quote_unclosed", True, True)

    @pytest.mark.parametrize(
        ("rows", "number"),
        [
            (
                [line(1, ""), line(2, '"三好学生'), line(3, ""), line(4, '"优秀"')],
                3,
            ),  # closed by the next cell's opening
            ([line(1, '"三好学生'), line(2, ""), line(3, '三好学生"')], 2),  # closed rows later, as if it were one cell
            ([line(1, ""), line(2, '"三好学生')], 3),  # on the last line
            ([line(1, ""), '"' + line(2, ""), line(3, "")], 3),  # in the first cell
            ([line(1, "").replace("学生", '"学生', 1), line(2, "x"), line(3, '"好"')], 2),  # in the middle
            ([line(1, "a"), line(2, "x").replace("学生", '"学生').replace("2024", '"2024')], 3),  # several cells in one
        ],
    )
    def test_one_that_swallows_others_is_refused_wherever_it_ends(self, rows: list[str], number: int) -> None:
        found = refusal(lines(*rows))
        assert (found["code"], f"第 {number} 行" in found["zh-CN"]) == ("quote_unclosed", True)

    def test_quotes_that_mean_something_are_read(self) -> None:
        rows = [
            line(1, '"三好"学生'),
            line(2, '"三好\n学生, 班长"'),
            line(3, '他说"好"'),
            line(4, '"""三好""学生"'),
            line(5, '""'),
            line(6, '"一行\r\n两行\r\n三行"'),
        ]
        about, read_lines = read(lines(*rows))
        assert (about["total"], about["warnings"][0]["column"]) == (6, "备注")
        assert (about["reading"]["lines"], about["reading"]["rows"]) == (10, 7)
        assert all("values" in one for one in read_lines)


class TestEncodings:
    def test_utf_8_with_a_stray_byte_is_refused(self) -> None:
        text = lines(line(1, ""), line(2, "x"), headers="name,ID number,role,school,start date,remark")
        for stray in (text.replace(b",x", b",\xa0k"), text.replace("何一".encode(), "何一".encode()[:-1], 1)):
            assert refusal(stray)["code"] == "file_encoding_unknown"

    @pytest.mark.parametrize("encoding", ["big5", "utf-16", "cp1252", "shift-jis"])
    def test_other_encodings_are_refused(self, encoding: str) -> None:
        name = {"cp1252": "Müller", "shift-jis": "山田太郎"}.get(encoding, "劉建國")
        text = f"name,ID number,role,school,start date\n{name},{make_id_number(1)},student,U,2024-09-01\n"
        assert refusal(text.encode(encoding))["code"] == "file_encoding_unknown"

    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    @pytest.mark.parametrize("marks", ["\ufeff", "\ufeff\ufeff"])
    def test_byte_order_marks_before_a_quoted_header_are_read(self, encoding: str, marks: str) -> None:
        text = marks + '"姓名","身份证号","身份","学校","入学日期"\n' + line(1)
        assert values(text.encode(encoding), "name") == ["何一"]


class TestHeaders:
    def test_a_guardian_before_the_student_is_not_the_student(self) -> None:
        headers = ["姓名(监护人)", "身份证号(监护人)", *FIVE]
        row = ["孔父", make_id_number(9), "孔戊", make_id_number(1), "学生", "示范大学", "2024-09-01"]
        content = csv_of([row], headers)
        assert values(content, "name", "id_number") == [("孔戊", make_id_number(1))]
        assert warned(content) == [("column_qualified", "姓名(监护人)"), ("column_qualified", "身份证号(监护人)")]

    def test_a_parent_s_number_is_no_number_of_the_student(self) -> None:
        content = csv_of([[*line(1).split(","), "19900090851"]], [*FIVE, "手机号（家长）"])
        assert values(content, "phone") == [None]
        assert warned(content) == [("column_qualified", "手机号（家长）")]
        assert read(content)[0]["reading"]["ignored"] == ["手机号（家长）"]

    def test_a_heading_above_gives_headers_to_somebody_else(self) -> None:
        def merge(book: Workbook, sheet: Worksheet) -> None:
            sheet.insert_rows(1)
            sheet["C1"] = "监护人信息"
            sheet["A1"] = "学生信息"
            for area in ("A1:B1", "C1:D1"):
                sheet.merge_cells(area)

        headers = ("姓名", "身份证号", "姓名", "手机号", "学校", "身份", "入学日期")
        row = ("孔甲", make_id_number(1), "孔父", "13800000000", "示范大学", "学生", "2024-09-01")
        content = workbook(merge, [row], headers)
        assert values(content, "name", "phone") == [("孔甲", None)]
        assert warned(content) == [("column_qualified", "姓名"), ("column_qualified", "手机号")]


class TestDates:
    @staticmethod
    def days(content: bytes) -> list[Any]:
        return values(content, "from_on", "until_on")

    def test_months_as_numbers(self) -> None:
        cells = [(2024.1, 2028.1), ("2024.10", "2028-07-01"), (202410, "2028-07-01"), (2024.09, 2028.06), (2024, "")]
        rows = [student(n, 入学日期=start, 预计毕业日期=end) for n, (start, end) in enumerate(cells)]
        content = workbook(lambda *_: None, rows)
        assert self.days(content) == [
            ["date_ambiguous", "date_ambiguous"],
            ("2024-10-01", "2028-07-01"),
            ("2024-10-01", "2028-07-01"),
            ("2024-09-01", "2028-07-01"),
            ["date_unreadable"],
        ]
        inferred = read(content)[0]["reading"]["inferred"]
        assert [(each["code"], each["column"], each["rows"]) for each in inferred] == [
            ("month_as_first_day", "入学/入职日期", [3, 4, 5]),
            ("month_as_last_month", "预计毕业/离职日期", [5]),
        ]

    def test_a_csv_has_lost_the_zero_of_october(self) -> None:
        assert values(csv_of([student(1, 入学日期="2024.1")]), "name") == [["date_ambiguous"]]
        assert values(csv_of([student(1, 入学日期="2024.10")]), "from_on") == ["2024-10-01"]

    @pytest.mark.parametrize(
        ("cell", "day"),
        [
            ("2024-08-31T16:00:00Z", "2024-09-01"),
            ("2024-08-31T16:00:00.000Z", "2024-09-01"),
            ("2024-08-31 16:00:00+00", "2024-09-01"),
            ("2024-09-01T00:00:00+08:00", "2024-09-01"),
            ("2024-09-01T00:00:00+0900", "2024-08-31"),
            ("2024/8/31 23:59:17", "2024-09-01"),
            ("2024-08-31 23:57:59", "2024-08-31"),
            ("2024-08-31 15:59:17 UTC", "2024-09-01"),
            ("2024年9月1日 08:00", "2024-09-01"),
            ("2024-08-31 11:59:17 PM", "2024-09-01"),
            ("2024-08-31 11:59:17 AM", "2024-08-31"),
        ],
    )
    def test_a_moment_is_the_day_it_is_here(self, cell: str, day: str) -> None:
        assert values(csv_of([student(1, 入学日期=cell)]), "from_on") == [day]

    @pytest.mark.parametrize("cell", ["2028-06", "2028年6月", "2028.06", "202806", "2028/6"])
    def test_a_month_alone_as_an_end_is_through_that_month(self, cell: str) -> None:
        assert values(csv_of([student(1, 预计毕业日期=cell)]), "until_on") == ["2028-07-01"]
        assert values(csv_of([student(1, 预计毕业日期="2028-12")]), "until_on") == ["2029-01-01"]

    def test_days_that_miss_midnight_by_seconds(self) -> None:
        def format_days(book: Workbook, sheet: Worksheet) -> None:
            for place in ("F2", "G2"):
                sheet[place].number_format = "yyyy-mm-dd"

        near = student(1, 入学日期=45535.99950231481, 预计毕业日期=46934.99950231481)
        assert self.days(workbook(format_days, [near])) == [("2024-09-01", "2028-07-01")]
        assert self.days(workbook(lambda *_: None, [near])) == [("2024-09-01", "2028-07-01")]

    def test_serial_numbers_follow_the_epoch_of_the_workbook(self) -> None:
        def count_from_1904(book: Workbook, sheet: Worksheet) -> None:
            book.epoch = CALENDAR_MAC_1904
            for place in ("F3", "G3"):
                sheet[place].number_format = "yyyy-mm-dd"

        rows = [student(n, 入学日期=44074, 预计毕业日期=45473) for n in (1, 2)]
        rows.append(student(3, 入学日期="2024.1", 预计毕业日期=20280701))
        found = self.days(workbook(count_from_1904, rows))
        assert found == [("2024-09-01", "2028-07-01")] * 2 + [("2024-01-01", "2028-07-01")]


class TestCellsOfSpreadsheets:
    def test_apostrophes_of_any_kind_are_taken_off(self) -> None:
        numbers = [
            f"'{make_id_number(1)}",
            f"’{make_id_number(2)}",
            f'"=""{make_id_number(3)}"""',
            f"＇{make_id_number(4)}",
            f"`{make_id_number(5)}'",
            f'"=""\'{make_id_number(6)}"""',
        ]
        rows = [["吴甲", number, "‘13800000000", *student()[3:]] for number in numbers]
        content = csv_of(rows)
        assert values(content, "id_number", "phone") == [(make_id_number(n), "13800000000") for n in range(1, 7)]

    @pytest.mark.parametrize(
        "cell",
        [
            "13800000000/13900000000", "13800000000、13900000000", "13800000000 13900000000", "13800000000；13900000000",
            "13800000000\n0351-3333333", "1380000000013900000000", "138 0000 0000/139 0000 0000", "13800000000或13900000000",
        ],
    )  # fmt: skip
    def test_of_two_numbers_the_first_is_taken_and_the_clerk_told(self, cell: str) -> None:
        content = workbook(lambda *_: None, [student(1), student(2, 手机号=cell)])
        assert [number.replace(" ", "") for number in values(content, "phone")] == ["13800000000"] * 2
        (found,) = read(content)[0]["warnings"]
        assert (found["code"], found["column"], "第 3 行" in found["zh-CN"]) == ("first_of_two_taken", "手机号", True)

    def test_one_number_with_blanks_and_slashes_is_one(self) -> None:
        rows = [
            student(n, 手机号=cell) for n, cell in enumerate(("138 0000 0000", "0351-3333333/8", "+86 138-0000-0000"))
        ]
        assert warned(workbook(lambda *_: None, rows)) == []

    def test_errors_and_formulas_without_a_value_are_named(self) -> None:
        rows = [
            student(1, 学校="#N/A"),
            student(2, 手机号="#REF!"),
            student(3, 姓名="=A2"),
            student(4, 入学日期="=TODAY()"),
        ]
        for content in (workbook(lambda *_: None, rows), csv_of(rows)):
            wrong = [one["violations"][0] for one in read(content)[1]]
            assert [(each["column"], each["code"]) for each in wrong] == [
                ("学校/单位名称", "cell_error"),
                ("手机号", "cell_error"),
                ("姓名", "formula_without_value"),
                ("入学/入职日期", "formula_without_value"),
            ]
            assert ["#N/A" in wrong[0]["zh"], "#REF!" in wrong[1]["en"]] == [True, True]

    def test_rows_and_columns_of_formulas_without_values_are_not_left_out(self) -> None:
        headers = (*HEADERS, "电子邮箱")
        rows = [[*student(1), "=B2"], [f"=Sheet2!{letter}2" for letter in "ABCDEFGH"]]
        found = read(workbook(lambda *_: None, rows, headers))[1]
        assert [[each["code"] for each in one["violations"]] for one in found] == [
            ["formula_without_value"],
            ["formula_without_value"] * 8,
        ]

    def test_the_value_of_merged_cells_belongs_to_all_rows(self) -> None:
        def merge(book: Workbook, sheet: Worksheet) -> None:
            for area in ("D2:D4", "E2:E4", "F2:F4", "D6:E6"):
                sheet.merge_cells(area)

        content = workbook(merge, [student(n) for n in range(1, 6)])
        assert values(content, "organisation", "role", "from_on")[:3] == [("示范大学", "student", "2024-09-01")] * 3
        (across,) = read(content)[1][4]["violations"]
        assert (across["column"], across["code"], "D6:E6" in across["zh"]) == ("身份", "cell_merged_across", True)

    def test_a_merged_cell_makes_no_rows_of_empty_ones(self) -> None:
        content = workbook(lambda _, sheet: sheet.merge_cells("D2:D200"), [student(1)])
        assert read(content)[0]["total"] == 1


class TestSheets:
    def test_hidden_rows_are_read_and_told(self) -> None:
        def hide(book: Workbook, sheet: Worksheet) -> None:
            for number in (3, 5, 9):
                sheet.row_dimensions[number].hidden = True
            sheet.column_dimensions["C"].hidden = True

        about, found = read(workbook(hide, [student(n) for n in range(1, 6)]))
        assert (len(found), about["hidden"], about["reading"]["hidden_rows"]) == (5, [3, 5], 2)
        assert [(each["code"], each["column"]) for each in about["warnings"]] == [
            ("hidden_rows_read", ""),
            ("hidden_column_read", "手机号"),
        ]
        assert "3、5" in about["warnings"][0]["zh-CN"]

    def test_the_list_behind_a_cover_is_read_and_named(self) -> None:
        def cover(book: Workbook, sheet: Worksheet) -> None:
            sheet.title = "名单"
            for title, row in (("填写说明", ["姓名", "身份证号", "说明"]), ("封面", ["2024级学生名单"])):
                front = book.create_sheet(title, 0)
                front.append(row)
                front.append(["必填", "18位", "请勿修改表头"])

        content = workbook(cover, [student(1)])
        about, found = read(content)
        assert (about["reading"]["sheet"], [one["values"]["name"] for one in found]) == ("名单", ["张三"])
        assert [each["code"] for each in about["warnings"]] == ["lists_ignored", "sheets_ignored"]
        assert all("名单" in each["zh-CN"] for each in about["warnings"])
        assert "填写说明" in about["warnings"][0]["zh-CN"]

    def test_a_cover_that_explains_every_column_is_no_list(self) -> None:
        def cover(book: Workbook, sheet: Worksheet) -> None:
            front = book.create_sheet("说明", 0)
            front.append([*HEADERS, "电子邮箱"])
            front.append(["必填", "18位", "11位", "全称", "学生或教职工", "如2024-09-01", "可不填", "可不填"])

        assert values(workbook(cover, [student(1)]), "name") == ["张三"]

    def test_of_two_lists_the_first_is_read_and_the_other_named(self) -> None:
        def second(book: Workbook, sheet: Worksheet) -> None:
            sheet.title = "一班"
            other = book.create_sheet("二班")
            other.append(list(HEADERS))
            other.append(student(2))
            hidden = book.create_sheet("旧名单")
            hidden.append(list(HEADERS))
            hidden.sheet_state = "hidden"

        about, _ = read(workbook(second, [student(1)]))
        (found,) = about["warnings"]
        assert (about["reading"]["sheet"], found["code"]) == ("一班", "lists_ignored")
        assert ("二班" in found["zh-CN"], "旧名单" in found["zh-CN"]) == (True, False)

    def test_blanks_in_the_last_column_are_no_columns(self) -> None:
        content = workbook(lambda _, sheet: sheet.cell(1, 16384, " "), [student(1)])
        assert values(content, "name") == ["张三"]
        assert warned(content) == [("blanks_ignored", "")]
        csv = csv_of([[*student(1), *[""] * 300]], [*HEADERS, *[" "] * 300])
        assert values(csv, "name") == ["张三"]
        assert refusal(workbook(lambda _, sheet: sheet.cell(1, 16384, "x"), [student(1)]))["code"] == "too_many_columns"

    def test_the_account_says_which_header_became_which_column(self) -> None:
        rows = [[1, *student(1), "1号楼"]]
        reading = read(workbook(lambda *_: None, rows, ("序号", *HEADERS, "宿舍")))[0]["reading"]
        assert [(each["letter"], each["header"], each["key"]) for each in reading["columns"]][:3] == [
            ("B", "姓名", "name"),
            ("C", "证件号码", "id_number"),
            ("D", "手机号", "phone"),
        ]
        assert (reading["format"], reading["header_row"], reading["ignored"]) == ("xlsx", 1, ["序号", "宿舍"])
