"""Names in one spelling, by whichever door they come in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.imports.cells import as_text
from services.talent.people.rules.comparing import Comparison, Particulars, compare, repeats
from services.talent.people.rules.names import one_name, read_name
from tests.talent.conftest import City
from tests.talent.imports.importing import Desk, csv_of

DOTS = "·•‧∙⋅・･．●﹒᛫⸱⸳ꞏ⦁˙.。｡\u0387"


class TestOneSpelling:
    @pytest.mark.parametrize("dot", DOTS)
    def test_the_dot_within_a_name_is_one_however_it_is_typed(self, dot: str) -> None:
        written = [f"买买提{before}{dot}{behind}艾力" for before in ("", " ", "　") for behind in ("", " ", "\u200b")]
        assert {read_name(one) for one in written} == {"买买提·艾力"}
        assert {read_name(as_text(one)) for one in written} == {"买买提·艾力"}

    @pytest.mark.parametrize("name", ["J. Smith", "J.R.R. Tolkien", "Jean-Luc Picard", "'t Hooft", "O’Brien", "张·王"])
    def test_a_full_stop_between_letters_is_one(self, name: str) -> None:
        assert (read_name(name), read_name(as_text(name))) == (name, name)

    @pytest.mark.parametrize(
        ("written", "name"),
        [
            ("⻢三", "马三"),
            ("⻩⼩明", "黄小明"),
            ("⻰⼤⻬", "龙大齐"),
            ("⽂⻘", "文青"),
            ("⺠⽣", "民生"),
            ("⻓孙⻛", "长孙风"),
        ],
    )
    def test_a_radical_is_the_character_it_is(self, written: str, name: str) -> None:
        assert read_name(written) == name

    def test_every_kangxi_radical_becomes_an_ideograph(self) -> None:
        for code in range(0x2F00, 0x2FD6):
            assert unicodedata.name(one_name(chr(code))).startswith("CJK UNIFIED IDEOGRAPH")

    @pytest.mark.parametrize(
        "written",
        [
            "张三（女）",
            "张三(女)",
            "张三 （男）",
            "张三（女，回族）",
            "张三（满族）",
            "张三（女）（回族）",
            "'张三",
            "’张三",
        ],
    )
    def test_what_lists_put_around_a_name_is_no_part_of_it(self, written: str) -> None:
        assert (read_name(written), read_name(as_text(written))) == ("张三", "张三")

    @given(st.text(max_size=20) | st.text(DOTS + "（女）回族 ⻢张a'．", max_size=12))
    def test_is_reached_in_one_step_and_the_same_from_a_cell(self, text: str) -> None:
        once = one_name(text)
        assert one_name(once) == once


class TestComparing:
    @pytest.mark.parametrize("kept", ["买买提 · 艾力", "买买提.艾力", "买买提·艾力"])
    def test_a_record_in_an_older_spelling_is_no_other_name(self, kept: str) -> None:
        record, reported = Particulars(kept, None), Particulars("买买提·艾力", None)
        assert compare(record, reported, may_fill=False, may_correct=False) is Comparison.AGREE
        assert repeats(record, reported) is True
        assert repeats(record, Particulars("买买提·艾", None)) is False


class TestDoors:
    def test_spellings_of_one_name_are_one_person_without_a_difference(self, city: City) -> None:
        school = f"点号大学{city.id_number()}"
        city.university(name=school)
        number = city.id_number()
        names = ["买买提·艾力", "买买提．艾力", "买买提 · 艾力", "买买提.艾力", "买买提・艾力（男）"]
        rows = [[name, number, "", school, "学生", "2024-09-01", ""] for name in names]
        desk = Desk(city)
        found = desk.run(csv_of(rows))
        assert desk.verdicts(found) == ["accepted", *["unchanged"] * 4]
