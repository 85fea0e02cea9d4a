"""Notes in headers: how to fill a column in, or another column."""

from __future__ import annotations

import pytest

from chassis.imports.headers import find_header_row, header_key
from chassis.imports.kinds import Column
from chassis.imports.notes import is_of_others

COLUMNS = (
    Column("name", "姓名", "name", ("姓名", "学生姓名", "full name")),
    Column("number", "证件号码", "ID number", ("身份证号码", "身份证号", "证件号")),
    Column("phone", "手机号", "phone", ("手机号码", "手机", "联系电话", "电话")),
    Column("role", "身份", "role", ("身份", "类别"), allowed=("学生", "教职工")),
    Column("day", "入学日期", "start date", ("入学日期", "入学时间"), is_day=True),
)


class TestOrnaments:
    @pytest.mark.parametrize(
        "note",
        [
            "必填", "选填", "必填项", "非必填", "必填，18位", "18位数字", "11位", "文本格式", "YYYY-MM-DD", "yyyy/mm/dd",
            "年月日",             "格式：2024-09-01", "如：2024-09-01", "例如2024年9月", "2024-09-01", "示例：张三",
            "与身份证一致",
            "须与身份证保持一致", "没有可不填", "无则不填", "本人", "学生本人", "学生/教职工", "学生、教职工等",
            "请选择", "required", "optional",
            "text",             "18 digits", "e.g. 2024-09-01", "", "*", "必填；文本格式",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("brackets", ["（{}）", "({})", "【{}】", "［{}］", "〔{}〕"])
    def test_change_nothing(self, note: str, brackets: str) -> None:
        assert header_key("身份" + brackets.format(note), COLUMNS) == "role"

    def test_stand_before_and_behind_and_beside_each_other(self) -> None:
        for header in ("(必填)姓名", "姓名（必填）（中文）", "*姓名（必填（中文））：", "姓 名\n【必填】"):
            assert header_key(header, COLUMNS) == "name"


class TestOtherColumns:
    @pytest.mark.parametrize(
        "note",
        [
            "家长", "监护人", "紧急联系人", "辅导员", "家庭", "拼音", "高中", "父亲", "母亲", "英文", "曾用名", "班主任",
            "必填，家长",             "如：家长手机", "guardian", "mother", "emergency contact",
            "pinyin", "初中", "配偶", "导师", "如无本人手机填家长",
        ],
    )  # fmt: skip
    def test_are_not_read_as_the_column_they_resemble(self, note: str) -> None:
        for brackets in ("（{}）", "({})", "【{}】", "[{}]", "<{}>"):
            assert header_key("手机号" + brackets.format(note), COLUMNS) is None
        for joined in (f"{note}手机号", f"手机号-{note}", f"手机号（{note}"):
            assert header_key(joined, COLUMNS) is None

    @pytest.mark.parametrize(
        "heading",
        ["监护人信息", "家长", "紧急联系人", "学生家长情况", "父亲信息", "第一联系人信息", "Guardian information"],
    )
    def test_a_heading_says_whose_the_headers_below_it_are(self, heading: str) -> None:
        assert is_of_others(heading) is True

    @pytest.mark.parametrize(
        "heading", ["学生信息", "联系方式", "2024级学生及家长名单", "家长会报名表", "", "父亲节活动名单"]
    )
    def test_a_title_says_nothing_of_them(self, heading: str) -> None:
        assert is_of_others(heading) is False


class TestSynonyms:
    @pytest.mark.parametrize(
        ("headers", "read"),
        [
            (("电话", "联系电话", "手机号"), "手机号"),  # the exact word
            (("电话", "联系电话", "手机号码"), "手机号码"),  # the most specific
            (("手机号（必填）", "电话"), "手机号（必填）"),
            (("手机号（必填）", "手机号"), "手机号"),
            (("手机", "联系电话"), "手机"),
        ],
    )
    def test_the_exact_word_then_the_most_specific_wins_wherever_it_stands(
        self, headers: tuple[str, ...], read: str
    ) -> None:
        for order in (headers, headers[::-1]):
            found = find_header_row([["姓名", *order, "身份"]], COLUMNS)
            assert found is not None
            assert found.titles["phone"] == read
            assert sorted(found.repeated) == sorted((header, read) for header in headers if header != read)

    def test_headers_on_two_levels_are_read_below_their_headings(self) -> None:
        rows = [["学生信息", "", "监护人信息", ""], ["姓名", "身份证号", "姓名", "电话"]]
        found = find_header_row(rows, COLUMNS)
        assert found is not None
        assert (found.index, found.cells, found.qualified) == (1, {"name": 0, "number": 1}, ("姓名", "电话"))
