"""The law of one roster row: from raw cells to the values talent records, or to what is wrong with them.

Never repeats what a cell holds: a violation names the column and the rule, so it may be stored, listed and logged.
Whether the person or the affiliation is already known is decided where the records are, not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from chassis.imports.cells import LARGEST_EXACT, Cell, Wrong, as_text, read_day, required
from contracts import vocabulary as words
from contracts.language.violations import Violation
from services.talent.rules.identity import Identity, check_character, read_identity

ID_TYPE_NAMES = {
    words.RESIDENT: ("居民身份证", "身份证", "中华人民共和国居民身份证", "二代身份证", "第二代居民身份证"),
    words.FOREIGN_RESIDENT: ("外国人永久居留身份证", "外国人永久居留证"),
    words.HMT_RESIDENT: ("港澳台居民居住证", "港澳居民居住证", "台湾居民居住证"),
    words.HK_MACAO: ("港澳居民来往内地通行证", "港澳通行证", "回乡证"),
    words.TAIWAN: ("台湾居民来往大陆通行证", "台胞证"),
    words.PASSPORT: ("护照", "中国护照", "外国护照"),
    words.MILITARY: ("军官证", "士官证", "军人证"),
}
ROLE_NAMES = {
    words.STUDENT: ("学生", "在校生", "在校学生", "在读学生", "本科生", "专科生", "研究生", "硕士研究生", "博士研究生"),
    words.STAFF: ("教职工", "教职员工", "教师", "教工", "职工", "在职教职工", "在编教职工", "教职人员"),
    words.MEMBER: ("会员", "成员"),
    words.VOLUNTEER: ("志愿者",),
    words.EMPLOYEE: ("员工", "雇员", "企业员工", "职员"),
}


@dataclass(frozen=True)
class RosterRow:
    """The values of one good row. `organisation` is a name or a 统一社会信用代码; `until_on` is the first day no longer."""

    name: str
    id_type: str
    id_number: str
    phone: str | None
    email: str | None
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


_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_ROUNDED = re.compile(r"[0-9]{15}000")


def _read_name(cell: Cell, values: Mapping[str, Any]) -> str:
    return required(cell)


def _read_id_type(cell: Cell, values: Mapping[str, Any]) -> str:
    text = as_text(cell)
    if not text:
        return words.RESIDENT
    for id_type, names in ID_TYPE_NAMES.items():
        if text == id_type or text in names:
            return id_type
    raise Wrong("id_type_unknown", "证件类型无法识别。", "This type of document is not known.")


def _read_id_number(cell: Cell, values: Mapping[str, Any]) -> str:
    is_long = isinstance(cell, (int, float)) and abs(cell) >= LARGEST_EXACT
    if is_long or _SCIENTIFIC.fullmatch(as_text(cell)) or _has_lost_digits(as_text(cell)):
        zh = "证件号码被表格软件当作数字，末几位已丢失。请把该列设为“文本”格式，重新填写后再上传。"
        en = "The spreadsheet took this number for a quantity and lost its last digits. Format the column as text and retype it."
        raise Wrong("id_number_became_a_number", zh, en)
    return required(cell)


def _has_lost_digits(text: str) -> bool:
    # a CSV saved by a spreadsheet: the 15 digits it kept, three zeros, and a check character that says so
    return _ROUNDED.fullmatch(text) is not None and check_character(text[:17]) != text[17]


def _read_text(cell: Cell, values: Mapping[str, Any]) -> str | None:
    return as_text(cell) or None


def _read_role(cell: Cell, values: Mapping[str, Any]) -> str:
    text = required(cell)
    for role, names in ROLE_NAMES.items():
        if text == role or text in names:
            return role
    raise Wrong(
        "role_unknown", "身份无法识别，请填写“学生”或“教职工”等。", "This role is not known; write 学生, 教职工, …."
    )


def _read_from_on(cell: Cell, values: Mapping[str, Any]) -> date:
    found = read_day(cell)
    if found is None:
        raise Wrong("required", "必填。", "Required.")
    return found


def _read_until_on(cell: Cell, values: Mapping[str, Any]) -> date | None:
    return read_day(cell)


def _read_organisation(cell: Cell, values: Mapping[str, Any]) -> str | None:
    return as_text(cell) or None


_READERS: dict[str, Callable[[Cell, Mapping[str, Any]], Any]] = {
    "name": _read_name,
    "id_type": _read_id_type,
    "id_number": _read_id_number,
    "phone": _read_text,
    "email": _read_text,
    "organisation": _read_organisation,
    "role": _read_role,
    "from_on": _read_from_on,
    "until_on": _read_until_on,
}


def read_row(cells: Mapping[str, Cell]) -> RosterRow | list[Violation]:
    """The row's values, or everything that is wrong with its cells at once; `cells` has the columns the file has."""
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    for key, read in _READERS.items():
        try:
            values[key] = read(cells.get(key), values)
        except Wrong as wrong:
            violations.append(Violation(key, wrong.code, wrong.zh, wrong.en))
    return violations or RosterRow(**values)


def group_of(row: RosterRow) -> object:
    """Equal for rows of one person; None for a row whose document cannot be read."""
    # whether the date of birth is in the future does not matter here
    identity = read_identity(row.id_type, row.id_number, today=date.max)
    return (identity.space, identity.number) if isinstance(identity, Identity) else None
