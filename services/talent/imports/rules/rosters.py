"""The law of a roster's columns: which headers a department may write and which row holds them.

A roster (名册) lists people and what they are to one organisation. Headers are Chinese or English, with the synonyms
universities use. Turning the cells of one row into values is `roster_rows`; opening files is `spreadsheets`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

HEADER_SEARCH_ROWS = 10
"""Titles and notes may stand above the header row; below this many rows nobody would look for it."""

MAX_ROWS_PER_PERSON = 20
"""All rows of one person are applied in one transaction, so their number has an end."""


@dataclass(frozen=True)
class Column:
    """One column a roster may have: its key in our values, its names, and whether every roster needs it."""

    key: str
    zh: str
    en: str
    synonyms: tuple[str, ...]
    is_required: bool = True


COLUMNS = (
    Column(
        "name", "姓名", "name", ("姓名", "学生姓名", "教职工姓名", "员工姓名", "人员姓名", "名字", "name", "full name")
    ),
    Column(
        "id_type",
        "证件类型",
        "ID type",
        ("证件类型", "证件类别", "证件种类", "身份证件类型", "id type", "document type"),
        is_required=False,
    ),
    Column(
        "id_number",
        "证件号码",
        "ID number",
        (
            "证件号码",
            "证件号",
            "身份证号",
            "身份证号码",
            "身份证",
            "居民身份证号",
            "居民身份证号码",
            "公民身份号码",
            "公民身份证号码",
            "身份证件号",
            "身份证件号码",
            "id number",
            "id no",
            "document number",
        ),
    ),
    Column(
        "phone",
        "手机号",
        "phone",
        (
            "手机号",
            "手机号码",
            "手机",
            "联系电话",
            "联系方式",
            "电话",
            "电话号码",
            "移动电话",
            "phone",
            "mobile",
            "phone number",
        ),
        is_required=False,
    ),
    Column(
        "email",
        "电子邮箱",
        "e-mail",
        (
            "电子邮箱",
            "邮箱",
            "电子邮件",
            "邮箱地址",
            "电子邮箱地址",
            "电子邮件地址",
            "email",
            "e-mail",
            "email address",
        ),
        is_required=False,
    ),
    Column(
        "organisation",
        "学校/单位名称",
        "organisation",
        (
            "学校",
            "学校名称",
            "院校",
            "院校名称",
            "高校名称",
            "所在学校",
            "就读学校",
            "单位",
            "单位名称",
            "工作单位",
            "所在单位",
            "机构名称",
            "学校/单位",
            "学校/单位名称",
            "统一社会信用代码",
            "school",
            "university",
            "organisation",
            "organization",
        ),
    ),
    Column(
        "role",
        "身份",
        "role",
        ("身份", "人员身份", "人员类别", "人员类型", "身份类别", "身份类型", "类别", "role", "category"),
    ),
    Column(
        "from_on",
        "入学/入职日期",
        "start date",
        (
            "入学日期",
            "入学时间",
            "入学年月",
            "入职日期",
            "入职时间",
            "入学/入职日期",
            "入学或入职日期",
            "到岗日期",
            "开始日期",
            "起始日期",
            "start date",
            "from",
            "from on",
            "enrolled on",
        ),
    ),
    Column(
        "until_on",
        "预计毕业/离职日期",
        "end date",
        (
            "预计毕业日期",
            "预计毕业时间",
            "毕业日期",
            "毕业时间",
            "毕业年月",
            "离职日期",
            "离职时间",
            "预计毕业/离职日期",
            "预计毕业或离职日期",
            "毕业/离职日期",
            "合同到期日期",
            "结束日期",
            "截止日期",
            "end date",
            "until",
            "until on",
            "graduates on",
        ),
        is_required=False,
    ),
)
COLUMN_BY_KEY = {column.key: column for column in COLUMNS}


@dataclass(frozen=True)
class HeaderRow:
    """Where the headers stand (`index` counts from 0) and which cell of a row belongs to which column key."""

    index: int
    cells: dict[str, int]
    ignored: tuple[str, ...]
    repeated: tuple[str, ...]

    def missing(self, *, needs_organisation: bool) -> list[Column]:
        """The required columns that are not there; `organisation` counts only where the import names none."""
        return [
            column
            for column in COLUMNS
            if column.is_required
            and column.key not in self.cells
            and (column.key != "organisation" or needs_organisation)
        ]


def plain(text: str) -> str:
    """The text as people meant it: full-width forms made half-width, invisible characters and outer blanks gone."""
    shown = unicodedata.normalize("NFKC", text)
    kept = "".join(ch if unicodedata.category(ch) not in ("Cf", "Cc") or ch.isspace() else "" for ch in shown)
    return kept.strip()


def header_key(header: str) -> str | None:
    """The column key a header stands for, or None for a header no roster needs."""
    return _KEY_BY_SYNONYM.get(_squeezed(header))


def find_header_row(rows: Sequence[Sequence[object]]) -> HeaderRow | None:
    """The row of the first ten that holds most known headers, or None where no row holds two of them.

    One known word alone may stand in a title or in data (身份, 单位), so it makes no header row.
    """
    best: HeaderRow | None = None
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        candidate = _read_headers(index, row)
        if len(candidate.cells) >= 2 and (best is None or len(candidate.cells) > len(best.cells)):
            best = candidate
    return best


def headers_to_show(row: Sequence[object]) -> list[str]:
    """What may be repeated of a row that was expected to hold headers: nothing, if it looks like a person's data."""
    texts = [plain(cell)[:20] for cell in row if isinstance(cell, str) and plain(cell)]
    if any(not isinstance(cell, str) and cell is not None for cell in row) or any(map(_has_digits, texts)):
        return []
    return texts[:30]


def _read_headers(index: int, row: Sequence[object]) -> HeaderRow:
    cells: dict[str, int] = {}
    ignored: list[str] = []
    repeated: list[str] = []
    for position, cell in enumerate(row):
        if not isinstance(cell, str) or not plain(cell):
            continue
        key = header_key(cell)
        if key is None:
            ignored.append(_safe_header(cell))
        elif key in cells:
            repeated.append(_safe_header(cell))
        else:
            cells[key] = position
    return HeaderRow(index, cells, tuple(ignored), tuple(repeated))


def _squeezed(header: str) -> str:
    # "证件号码（必填）*", "入学 日期 (YYYY-MM-DD)：" and "ID_Number" are the same headers without their ornaments.
    without_notes = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", plain(header))
    return re.sub(r"[\s*:_、-]", "", without_notes).casefold()


def _safe_header(header: str) -> str:
    text = plain(header)[:20]
    return "…" if _has_digits(text) else text


def _has_digits(text: str) -> bool:
    return re.search(r"\d{4}", text) is not None


_KEY_BY_SYNONYM = {_squeezed(synonym): column.key for column in COLUMNS for synonym in column.synonyms}
