"""The law of one roster row: from raw cells to the values talent records, or to what is wrong with them.

Never repeats what a cell holds: a violation names the column and the rule, so it may be stored, listed and logged.
Whether the person or the affiliation is already known is decided where the records are, not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from services.talent.rules.rosters import COLUMN_BY_KEY, plain

Cell = str | int | float | bool | date | datetime | timedelta | None

ID_TYPES = {
    "resident_id": ("居民身份证", "身份证", "中华人民共和国居民身份证", "二代身份证", "第二代居民身份证"),
    "foreign_resident_id": ("外国人永久居留身份证", "外国人永久居留证"),
    "hmt_residence_permit": ("港澳台居民居住证", "港澳居民居住证", "台湾居民居住证"),
    "hk_macau_permit": ("港澳居民来往内地通行证", "港澳通行证", "回乡证"),
    "taiwan_permit": ("台湾居民来往大陆通行证", "台胞证"),
    "passport": ("护照", "中国护照", "外国护照"),
    "military_id": ("军官证", "士官证", "军人证"),
}
ROLES = {
    "student": ("学生", "在校生", "在校学生", "在读学生", "本科生", "专科生", "研究生", "硕士研究生", "博士研究生"),
    "staff": ("教职工", "教职员工", "教师", "教工", "职工", "在职教职工", "在编教职工", "教职人员"),
    "member": ("会员", "成员"),
    "volunteer": ("志愿者",),
    "employee": ("员工", "雇员", "企业员工", "职员"),
}
NO_DATE = ("", "-", "--", "/", "无", "长期", "长期有效", "无固定期限", "至今", "在职")
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2100, 1, 1)
EXCEL_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Violation:
    """What is wrong with one cell, without the cell: `column` is the column's Chinese name."""

    column: str
    code: str
    zh: str
    en: str

    def to_json(self) -> dict[str, str]:
        """The four texts as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class RosterRow:
    """The values of one good row. `organisation` is a name or a 统一社会信用代码; `until_on` is the first day no longer."""

    name: str
    id_type: str
    id_number: str
    phone: str | None
    organisation: str | None
    role: str
    from_on: date
    until_on: date | None

    def to_json(self) -> dict[str, str | None]:
        """The values as JSON; dates as ISO 8601."""
        values = asdict(self)
        return values | {"from_on": self.from_on.isoformat(), "until_on": self.until_on and self.until_on.isoformat()}

    @classmethod
    def from_json(cls, values: Mapping[str, str | None]) -> RosterRow:
        """The row `to_json` was made of."""
        fields = dict(values)
        from_on, until_on = fields.pop("from_on"), fields.pop("until_on")
        return cls(
            **fields,  # type: ignore[arg-type]
            from_on=date.fromisoformat(str(from_on)),
            until_on=date.fromisoformat(until_on) if until_on else None,
        )


class Wrong(Exception):
    """A cell breaks a rule. Raised and caught inside this module only."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def read_row(cells: Mapping[str, Cell]) -> RosterRow | list[Violation]:
    """The row's values, or everything that is wrong with its cells at once; `cells` has the columns the file has."""
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for key, read in _READERS.items():
        try:
            values[key] = read(cells.get(key), values)
        except Wrong as wrong:
            violations.append(Violation(COLUMN_BY_KEY[key].zh, wrong.code, wrong.zh, wrong.en))
    return violations or RosterRow(**values)
