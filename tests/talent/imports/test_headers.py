"""Headers as departments write them: synonyms, ornaments, titles above them, and what must not be repeated of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.imports.cells import plain
from chassis.imports.headers import find_header_row, header_key, headers_to_show
from services.talent.imports import kinds
from services.talent.imports.roster.columns import COLUMN_BY_KEY, COLUMNS

#: Without the keys that applying it needs.
ROSTER = kinds.of_keys(None)["roster"]  # type: ignore[arg-type]

ALL_SYNONYMS = [(synonym, column.key) for column in COLUMNS for synonym in column.synonyms]


class TestHeaderKey:
    @pytest.mark.parametrize(("synonym", "key"), ALL_SYNONYMS)
    def test_knows_every_synonym(self, synonym: str, key: str) -> None:
        assert header_key(synonym, COLUMNS) == key

    def test_no_synonym_stands_for_two_columns(self) -> None:
        assert len({synonym for synonym, _ in ALL_SYNONYMS}) == len(ALL_SYNONYMS)

    @pytest.mark.parametrize(
        ("written", "key"),
        [
            ("证件号码（必填）*", "id_number"),
            ("  姓 名 ", "name"),
            ("姓　名", "name"),
            ("入学日期(YYYY-MM-DD)：", "from_on"),
            ("ＩＤ＿Ｎｕｍｂｅｒ", "id_number"),
            ("手机号\n【选填】", "phone"),
            ("\ufeff姓名", "name"),
            ("入学／入职日期", "from_on"),
            ("身份证号", "id_number"),
            ("身份", "role"),
        ],
    )
    def test_sees_through_ornaments(self, written: str, key: str) -> None:
        assert header_key(written, COLUMNS) == key

    @given(st.text())
    def test_takes_any_text(self, text: str) -> None:
        assert header_key(text, COLUMNS) in {None, *COLUMN_BY_KEY}
        assert plain(plain(text)) == plain(text)


class TestFindHeaderRow:
    def test_finds_headers_below_a_title_and_a_note(self) -> None:
        rows = [
            ["2024级学生名单"],
            ["填表说明：身份请写学生或教职工", ""],
            [],
            ["序号", "姓名", "身份证号"],
            ["1", "张三", "1"],
        ]
        found = find_header_row(rows, COLUMNS)
        assert found is not None
        assert (found.index, found.cells, found.ignored) == (3, {"name": 1, "id_number": 2}, ("序号",))

    def test_looks_no_further_than_ten_rows(self) -> None:
        headers = ["姓名", "身份证号"]
        assert find_header_row([["x"]] * 9 + [headers], COLUMNS) is not None
        assert find_header_row([["x"]] * 10 + [headers], COLUMNS) is None

    def test_one_known_word_makes_no_header_row(self) -> None:
        assert find_header_row([["单位", "某大学"], ["甲", "乙"]], COLUMNS) is None

    def test_of_two_headers_for_one_column_the_first_is_read(self) -> None:
        found = find_header_row([["姓名", "学生姓名", "身份证号"]], COLUMNS)
        assert found is not None
        assert (found.cells["name"], found.repeated) == (0, (("学生姓名", "姓名"),))

    def test_numbers_and_dates_are_no_headers(self) -> None:
        assert find_header_row([[1.0, 2.0, None, True]], COLUMNS) is None


class TestMissing:
    def test_names_what_every_roster_needs(self) -> None:
        found = find_header_row([["姓名", "身份证号"]], COLUMNS)
        assert found is not None
        assert [each.key for each in found.missing(ROSTER.required(is_given=False))] == [
            "organisation",
            "role",
            "from_on",
        ]
        assert [each.key for each in found.missing(ROSTER.required(is_given=True))] == ["role", "from_on"]


class TestHeadersToShow:
    def test_repeats_words_alone(self) -> None:
        assert headers_to_show(["宿舍", "", "学院"]) == ["宿舍", "学院"]

    @pytest.mark.parametrize("row", [["张三", "149999199001010018"], ["张三", 1.4e17], ["张三", "13800000000"]])
    def test_repeats_nothing_of_a_row_of_data(self, row: list[object]) -> None:
        assert headers_to_show(row) == []
