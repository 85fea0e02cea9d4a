"""A mailbox in a mail: names of any length and script within RFC 2047, domains in IDNA, and what is no address at all."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.mailboxes import LONGEST_LINE, address_of, mailbox

ADDRESS = "a@example.com"
LONG = "b" * 60 + "@" + "c" * 60 + ".example.com"
VISIBLE = st.characters(exclude_categories=("Cs", "Cc"))


def read(header: str, value: str) -> tuple[str, str]:
    """Name and address as a reader of the mail takes them."""
    parsed = email.message_from_bytes(f"{header}: {value}\r\n\r\n".encode())
    name, address = parseaddr(str(parsed[header]).replace("\r\n", ""))
    return str(make_header(decode_header(name))), address


class TestMailbox:
    @pytest.mark.parametrize("address", [ADDRESS, LONG])
    @pytest.mark.parametrize(
        "name",
        [
            *("", "Zhang San", "O'Neil (Lee)", '张"三", <x@example.com>', "张三", "欧阳" * 30, "\U0001f389" * 40),
            *("阿布都热依木·买买提尼牙孜", "x" * 100, "A" * 45 + " " + "B" * 40, "=?utf-8?b?5byg?=", "长" * 200),
        ],
    )
    def test_is_read_as_it_was_written_in_lines_of_76(self, name: str, address: str) -> None:
        value = mailbox("To", name, address)
        assert read("To", value) == (name, address)
        self.check(value)

    @given(st.text(VISIBLE, min_size=1, max_size=120).map(lambda name: name.strip() or "x"))
    def test_holds_any_name(self, name: str) -> None:
        self.check(mailbox("To", name, ADDRESS))

    def test_takes_no_line_break_from_a_name(self) -> None:
        for name in ("a\r\nBcc: b@example.com", "a\x00", "a\x7f"):
            with pytest.raises(ValueError):
                mailbox("To", name, ADDRESS)

    @staticmethod
    def check(value: str) -> None:
        first, *folded = f"To: {value}".split("\r\n")
        assert all(line.startswith(" ") for line in folded)
        encoded = [word for line in (first, *folded) for word in line.split() if word.startswith("=?")]
        assert all(len(word) <= 75 for word in encoded)
        assert all(len(line) <= LONGEST_LINE for line in (first, *folded) if "=?" in line)
        assert value.isascii()


class TestAddress:
    @pytest.mark.parametrize(
        ("written", "address"),
        [
            (ADDRESS, ADDRESS),
            ("o'brien+fair@mail.example", "o'brien+fair@mail.example"),
            ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
            ("li@例子。中国", "li@xn--fsqu00a.xn--fiqs8s"),
            ("li@BÜCHER.example", "li@xn--bcher-kva.example"),
            ("li@straße.example", "li@xn--strae-oqa.example"),
            ("李雷@例子.中国", "李雷@xn--fsqu00a.xn--fiqs8s"),
            ("jose\u0301@example.com", "josé@example.com"),
        ],
    )
    def test_has_its_domain_in_ascii(self, written: str, address: str) -> None:
        assert address_of(written) == address

    @pytest.mark.parametrize(
        "written",
        [
            *(
                "",
                "li",
                "li@",
                "@example.com",
                "a b@example.com",
                "a\r\nRCPT TO:<b@example.com>",
                "a@b.com\r\n",
                "<a@b.com>",
            ),
            *(
                "李\u200b雷@example.com",
                "李\u3000雷@example.com",
                "li@例_子.cn",
                "li@-例.cn",
                "li@例..cn",
                "li@" + "例" * 70 + ".cn",
            ),
            *("雷" * 22 + "@example.com", "l" * 65 + "@example.com", "li@" + "a." * 130 + "com"),
        ],
    )
    def test_is_refused_where_nobody_could_be_sent_to(self, written: str) -> None:
        with pytest.raises(ValueError):
            address_of(written)
