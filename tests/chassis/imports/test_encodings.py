"""Texts in the encodings clerks send, and what only looks like one: many names, drawn again and again."""

from __future__ import annotations

import random

import pytest

from chassis.imports.encodings import decode
from chassis.imports.reasons import FileRefused

SIMPLIFIED = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡伟芳娜秀英敏静"
TRADITIONAL = "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮于董蕭程曹袁鄧許傅沈曾彭呂蘇盧蔣蔡偉芳娜秀英敏靜"


def roster(characters: str, count: int, seed: int, headers: str = "name,ID number") -> str:
    draw = random.Random(seed)
    rows = ["".join(draw.choice(characters) for _ in range(3)) + ",149990200503028611" for _ in range(count)]
    return "\n".join([headers, *rows])


def encoding_of(content: bytes) -> str | None:
    try:
        return decode(content)[1]
    except FileRefused:
        return None


@pytest.mark.parametrize("seed", range(20))
def test_a_roster_of_ten_is_taken_for_what_it_is(seed: int) -> None:
    simplified, traditional = roster(SIMPLIFIED, 10, seed), roster(TRADITIONAL, 40, seed)
    assert encoding_of(simplified.encode()) == "UTF-8"
    assert decode(simplified.encode("gb18030")) == (simplified, "GB18030")
    assert encoding_of(traditional.encode("gb18030")) == "GB18030"
    assert encoding_of(traditional.encode("big5")) is None


@pytest.mark.parametrize("seed", range(20))
def test_chinese_headers_are_enough_to_tell(seed: int) -> None:
    assert encoding_of(roster(SIMPLIFIED, 1, seed, "姓名,身份证号,身份,学校,入学日期").encode("gb18030")) == "GB18030"
    assert encoding_of(roster(TRADITIONAL, 1, seed, "姓名,身份證號,身份,學校,入學日期").encode("big5")) is None


@pytest.mark.parametrize("seed", range(20))
def test_utf_8_with_bytes_lost_or_changed_is_none(seed: int) -> None:
    draw = random.Random(seed)
    content = bytearray(roster(SIMPLIFIED, 10, seed).encode())
    for _ in range(draw.randint(1, 3)):
        place = draw.choice([index for index, byte in enumerate(content) if byte > 127])
        content[place : place + 1] = draw.choice([b"", bytes([draw.randrange(0x80, 0xC0)]), b"\xff"])
    try:
        content.decode()
    except UnicodeDecodeError:
        assert encoding_of(bytes(content)) is None


def test_a_cell_of_another_encoding_spoils_the_file() -> None:
    assert encoding_of(roster(SIMPLIFIED, 5, 1).encode() + "\n王五".encode("gb18030")) is None
    assert encoding_of("имя,号\nПётр,1\nАнна,2\n".encode() + b"\xff") is None


@pytest.mark.parametrize("mark", ["", "\ufeff", "\ufeff\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_byte_order_marks_are_no_text(mark: str, encoding: str) -> None:
    assert decode((mark + "姓名").encode(encoding))[0] == "姓名"


def test_a_large_file_is_weighed_by_its_beginning() -> None:
    content = (roster(SIMPLIFIED, 10, 1) + "\n") * 5_000
    assert encoding_of(content.encode("gb18030")) == "GB18030"
