"""E-mail addresses: what is accepted, one spelling, what anyone may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.language.violations import Violation
from services.talent.people.rules.emails import read_email
from services.talent.people.rules.masking import mask_email


class TestEmails:
    @pytest.mark.parametrize(
        ("written", "address"),
        [
            ("li.lei@example.com", "li.lei@example.com"),
            ("Li.Lei+fair@Example.COM", "Li.Lei+fair@example.com"),
            (" ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ ", "li@example.com"),
            ("12345678@qq.com", "12345678@qq.com"),
            ("o'brien@mail.sxmu.edu.cn", "o'brien@mail.sxmu.edu.cn"),
            ("a@xn--fiqs8s.cn", "a@xn--fiqs8s.cn"),
            ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
            ("li@例子。中国", "li@xn--fsqu00a.xn--fiqs8s"),
            ("li@BÜCHER.example", "li@xn--bcher-kva.example"),
        ],
    )
    def test_reads_every_spelling_as_one(self, written: str, address: str) -> None:
        assert read_email(written) == address

    @pytest.mark.parametrize(
        "written",
        [
            *("", "li", "li@", "@example.com", "li@example", "li..lei@example.com", ".li@example.com", "li@-a.com"),
            *("a@b@example.com", "li@example.com,wang@example.com", "李雷@example.com", "l" * 65 + "@example.com"),
            *("li@" + "a." * 130 + "com", "li@example.com\r\nBcc:all@example.com", "li@127.0.0.1", "<li@example.com>"),
            *("li@straße.de", "li@例子", "li@" + "例" * 60 + ".cn", "li@例_子.cn", "li@例子..cn"),
        ],
    )
    def test_refuses_what_cannot_be_sent_to(self, written: str) -> None:
        assert isinstance(read_email(written), Violation)

    @given(st.text(max_size=40) | st.emails())
    def test_reading_twice_changes_nothing(self, written: str) -> None:
        once = read_email(written)
        if isinstance(once, str):
            assert read_email(once) == once

    def test_a_refusal_does_not_repeat_the_address(self) -> None:
        refused = read_email("secret@nowhere")
        assert isinstance(refused, Violation)
        assert "secret" not in refused.zh + refused.en

    def test_anyone_sees_the_first_character_and_the_domain(self) -> None:
        assert mask_email("li.lei@example.com") == "l***@example.com"
