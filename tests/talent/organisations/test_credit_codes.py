"""统一社会信用代码, against an independent implementation for the outer check (it does not know the inner one)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from contracts.language.violations import Violation
from services.talent.organisations.rules.credit_codes import ALPHABET, code_check, organisation_check, read_credit_code


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = draw(st.text(ALPHABET, min_size=8, max_size=8))
    organisation = body + organisation_check(body)
    first = draw(st.sampled_from(["91", "12", "52", "11", "93"])) + draw(st.from_regex(r"[0-9]{6}", fullmatch=True))
    return first + organisation + code_check(first + organisation)


class TestReadCreditCode:
    @given(credit_codes())
    def test_accepts_what_it_and_the_oracle_hold_right(self, code: str) -> None:
        assert read_credit_code(code) == code
        assert oracle.is_valid(code)

    @given(credit_codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
    def test_refuses_one_wrong_character(self, code: str, place: int, character: str) -> None:
        wrong = code[:place] + character + code[place + 1 :]
        if wrong != code:
            assert isinstance(read_credit_code(wrong), Violation)

    @given(st.text(ALPHABET, min_size=17, max_size=17))
    def test_computes_the_oracles_check_character(self, first: str) -> None:
        assert code_check(first) == oracle.calc_check_digit(first)

    @given(credit_codes())
    def test_refuses_a_right_code_around_a_wrong_organisation_code(self, code: str) -> None:
        inner = code[16]
        first = code[:16] + ("1" if inner != "1" else "2")
        assert isinstance(read_credit_code(first + code_check(first)), Violation)

    @pytest.mark.parametrize(
        "code", ["91110000600037341L", "91110108MA01KPGK0L", "12100000400010275N", "N20000000000000003"]
    )
    def test_accepts_published_codes(self, code: str) -> None:
        assert read_credit_code(f" {code.lower()} ") == code

    @pytest.mark.parametrize(
        "code", ["", "91110000600037341", "9111000060003734IL", "911100006000373411", "O1110000600037341L"]
    )
    def test_refuses_what_is_none(self, code: str) -> None:
        assert isinstance(read_credit_code(code), Violation)
