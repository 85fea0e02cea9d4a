"""Document numbers, names and phones: what is possible, and which spellings are one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.language.violations import Violation
from contracts.vocabulary import ID_TYPES
from services.talent.people.rules.masking import COMPOUND_SURNAMES, mask_id_number, mask_name, mask_phone
from services.talent.people.rules.names import read_name
from services.talent.people.rules.phones import read_phone
from services.talent.rules.identity import Identity, check_character, read_identity

TODAY = dt.date(2026, 11, 23)
DIGITS = "0123456789"


@st.composite
def citizen_numbers(draw: st.DrawFn, prefixes: str = "1234567") -> str:
    region = draw(st.sampled_from(prefixes)) + draw(st.text(DIGITS, min_size=5, max_size=5))
    born = draw(st.dates(dt.date(1900, 1, 1), TODAY))
    body = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + check_character(body)


def code_of(found: Identity | Violation) -> str:
    assert isinstance(found, Violation)
    return found.code


def number_of(found: Identity | Violation) -> str:
    assert isinstance(found, Identity)
    return found.number


class TestCitizenNumber:
    @given(citizen_numbers())
    def test_accepts_every_number_with_a_date_and_the_right_check(self, number: str) -> None:
        assert read_identity("resident_id", number, today=TODAY) == Identity("resident_id", "citizen_number", number)

    @given(citizen_numbers(), st.integers(0, 17), st.sampled_from(DIGITS))
    def test_refuses_every_number_with_one_wrong_digit(self, number: str, place: int, digit: str) -> None:
        wrong = number[:place] + digit + number[place + 1 :]
        if wrong != number:
            assert isinstance(read_identity("resident_id", wrong, today=TODAY), Violation)

    @given(citizen_numbers(), st.integers(0, 15))
    def test_refuses_two_neighbours_swapped(self, number: str, place: int) -> None:
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        if swapped != number:
            assert isinstance(read_identity("resident_id", swapped, today=TODAY), Violation)

    @pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
    def test_knows_the_two_examples_of_the_standard(self, number: str) -> None:
        assert check_character(number[:17]) == number[17]

    @given(citizen_numbers())
    def test_reads_full_width_lower_case_and_spaced_writing_as_the_same_number(self, number: str) -> None:
        wide = "".join(chr(ord(char) + 0xFEE0) for char in number.lower())
        spaced = f"\u200b {number[:6]} {number[6:14]}\u3000{number[14:]}\u202c"
        assert number_of(read_identity("resident_id", wide, today=TODAY)) == number
        assert number_of(read_identity("resident_id", spaced, today=TODAY)) == number

    def test_accepts_the_citys_own_taigu_district(self) -> None:
        body = "14070320010203001"
        assert isinstance(read_identity("resident_id", body + check_character(body), today=TODAY), Identity)

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("", "id_number_malformed"),
            ("1407021990010100", "id_number_malformed"),
            ("140702900101001", "id_number_15_digits"),
            ("1.40702E+17", "id_number_rounded"),
            ("1.4E+17", "id_number_rounded"),
            ("14070219900101٠٠١٢", "id_number_malformed"),
            ("140702199001010010", "id_number_check"),
        ],
    )
    def test_says_what_is_wrong(self, number: str, code: str) -> None:
        assert code_of(read_identity("resident_id", number, today=TODAY)) == code

    @pytest.mark.parametrize("day", ["20261124", "19901301", "19900230", "18991231"])
    def test_refuses_a_birth_that_cannot_be(self, day: str) -> None:
        body = f"140702{day}001"
        assert (
            code_of(read_identity("resident_id", body + check_character(body), today=TODAY)) == "id_number_birth_date"
        )

    def test_accepts_a_birth_today(self) -> None:
        body = f"140702{TODAY:%Y%m%d}001"
        assert isinstance(read_identity("resident_id", body + check_character(body), today=TODAY), Identity)


class TestOtherHoldersOfCitizenNumbers:
    @pytest.mark.parametrize("region", ["810000", "820000", "830000"])
    def test_accepts_residence_permits_under_their_own_type_and_as_resident_id(self, region: str) -> None:
        number = region + "19990101001"
        number += check_character(number)
        permit = read_identity("hmt_residence_permit", number, today=TODAY)
        plain = read_identity("resident_id", number, today=TODAY)
        assert isinstance(permit, Identity)
        assert isinstance(plain, Identity)
        assert (permit.space, permit.number) == (plain.space, plain.number)

    @given(citizen_numbers(prefixes="9"))
    def test_accepts_the_permanent_residence_card_of_foreigners(self, number: str) -> None:
        assert number_of(read_identity("foreign_resident_id", number, today=TODAY)) == number

    @given(citizen_numbers())
    def test_refuses_a_citizens_number_as_another_type(self, number: str) -> None:
        for id_type in ("hmt_residence_permit", "foreign_resident_id"):
            assert code_of(read_identity(id_type, number, today=TODAY)) == "id_number_other_type"


class TestOtherDocuments:
    @pytest.mark.parametrize(
        ("id_type", "written", "number"),
        [
            ("passport", "e 12345678", "E12345678"),
            ("passport", "Ｇ１２３４５６７８", "G12345678"),
            ("hk_macao_permit", "h1234567801", "H12345678"),
            ("hk_macao_permit", "M12345678", "M12345678"),
            ("taiwan_permit", "0123456701", "01234567"),
            ("taiwan_permit", "0123456701（B）", "01234567"),
            ("military", "军字第1234567号", "军字第1234567号"),
            ("military", "军1234567", "军字第1234567号"),
            ("military", "1234567", "1234567"),
        ],
    )
    def test_reads_every_writing_as_one_number(self, id_type: str, written: str, number: str) -> None:
        assert number_of(read_identity(id_type, written, today=TODAY)) == number

    @pytest.mark.parametrize("id_type", ["passport", "hk_macao_permit", "taiwan_permit", "military"])
    @pytest.mark.parametrize("number", ["", "??", "张三", "A" * 40])
    def test_refuses_what_cannot_be_one(self, id_type: str, number: str) -> None:
        assert code_of(read_identity(id_type, number, today=TODAY)) == "id_number_malformed"

    def test_refuses_an_unknown_type(self) -> None:
        found = read_identity("driving_licence", "1", today=TODAY)
        assert isinstance(found, Violation)
        assert found.field == "id_type"

    @given(st.sampled_from(ID_TYPES), st.text(max_size=40))
    def test_never_raises_and_never_repeats_the_number(self, id_type: str, number: str) -> None:
        found = read_identity(id_type, number, today=TODAY)
        if isinstance(found, Violation) and len(number) > 8:
            assert number not in found.zh
            assert number not in found.en


class TestName:
    @pytest.mark.parametrize(
        ("written", "name"),
        [
            ("张三", "张三"),
            ("张　三", "张三"),
            (" 张 三 ", "张三"),
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
            ("古丽‧巴哈尔", "古丽·巴哈尔"),
            ("Mary  Jane O'Neill", "Mary Jane O'Neill"),
            ("𠮷田", "𠮷田"),
            ("李〇", "李〇"),
            ("欧\u200b阳修\ufeff", "欧阳修"),
        ],
    )
    def test_reads_one_spelling(self, written: str, name: str) -> None:
        assert read_name(written) == name

    @pytest.mark.parametrize(
        ("written", "code"),
        [
            ("", "name_empty"),
            ("　", "name_empty"),
            ("张三1", "name_malformed"),
            ("=1+1", "name_malformed"),
            ("张" * 101, "name_too_long"),
        ],
    )
    def test_refuses_what_is_no_name(self, written: str, code: str) -> None:
        found = read_name(written)
        assert isinstance(found, Violation)
        assert found.code == code

    @given(st.text(max_size=30))
    def test_reading_twice_changes_nothing(self, written: str) -> None:
        once = read_name(written)
        if isinstance(once, str):
            assert read_name(once) == once


class TestPhone:
    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("13800138000", "+8613800138000"),
            ("138-0013-8000", "+8613800138000"),
            ("+86 138 0013 8000", "+8613800138000"),
            ("0086 13800138000", "+8613800138000"),
            ("8613800138000", "+8613800138000"),
            ("１３８００１３８０００", "+8613800138000"),
            ("19900000001", "+8619900000001"),
            ("0354-2345678", "+863542345678"),
            ("(0351) 6010101", "+863516010101"),
            ("010-62345678", "+861062345678"),
            ("400-123-4567", "+864001234567"),
            ("+852 5123 4567", "+85251234567"),
        ],
    )
    def test_reads_every_spelling_as_e164(self, written: str, number: str) -> None:
        assert read_phone(written) == number

    @pytest.mark.parametrize(
        "written", ["", "12345678901", "1380013800", "138001380000", "2345678", "1.38E+10", "电话", "+86"]
    )
    def test_refuses_what_is_no_phone(self, written: str) -> None:
        assert isinstance(read_phone(written), Violation)

    @given(st.text(max_size=30))
    def test_reading_twice_changes_nothing(self, written: str) -> None:
        once = read_phone(written)
        if isinstance(once, str):
            assert read_phone(once) == once


class TestMasking:
    @pytest.mark.parametrize(
        ("name", "masked"),
        [("张三", "张*"), ("张三丰", "张*"), ("欧阳修", "欧阳*"), ("欧阳", "欧*"), ("张", "*"), ("John Smith", "J*")],
    )
    def test_shows_the_surname_of_a_name(self, name: str, masked: str) -> None:
        assert mask_name(name) == masked

    def test_shows_every_compound_surname_whole(self) -> None:
        assert all(len(surname) == 2 and mask_name(surname + "明") == surname + "*" for surname in COMPOUND_SURNAMES)
        assert {"欧阳", "上官", "诸葛", "司马"} <= COMPOUND_SURNAMES

    @pytest.mark.parametrize(
        ("number", "masked"),
        [
            ("140702199001011234", "140702********1234"),
            ("E12345678", "E******78"),
            ("H12345678", "H******78"),
            ("12345", "1**45"),
        ],
    )
    def test_hides_the_middle_of_a_number(self, number: str, masked: str) -> None:
        assert mask_id_number(number) == masked

    @pytest.mark.parametrize(
        ("phone", "masked"),
        [("+8613800138000", "138****8000"), ("+863542345678", "+863****678"), ("+85251234567", "+852****567")],
    )
    def test_hides_the_middle_of_a_phone(self, phone: str, masked: str) -> None:
        assert mask_phone(phone) == masked
