"""The law of one roster row: from raw cells to the values talent records, or to what is wrong with them.

Never repeats what a cell holds: a violation names the column and the rule, so it may be stored, listed and logged.
Whether the person or the affiliation is already known is decided where the records are, not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple

from chassis.declared.cells import read_cell
from chassis.imports.cells import APOSTROPHES, LARGEST_EXACT, Cell, Wrong, as_number, as_text, filled, required
from chassis.imports.days import read_day
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
    """The values of one good row. `organisation` is a name or a 统一社会信用代码; `until_on` is the first day no longer.

    `fields` are the values of the role's declared fields that have a column in the file, None for an empty cell. `notes` say what
    was inferred or left out: a column's key and the code.
    """

    name: str
    id_type: str
    id_number: str
    phone: str | None
    email: str | None
    organisation: str | None
    role: str
    from_on: date
    until_on: date | None
    fields: dict[str, Any] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """The values as JSON; dates as ISO 8601."""
        values = {name: getattr(self, name) for name in _JSON_FIELDS}
        return values | {"from_on": self.from_on.isoformat(), "until_on": self.until_on and self.until_on.isoformat()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RosterRow:
        """The row `to_json` was made of."""
        fields = dict(values)
        from_on, until_on = fields.pop("from_on"), fields.pop("until_on")
        return cls(
            **fields,
            from_on=date.fromisoformat(str(from_on)),
            until_on=date.fromisoformat(until_on) if until_on else None,
        )


_JSON_FIELDS = tuple(one.name for one in fields(RosterRow) if one.name != "notes")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_ROUNDED = re.compile(r"[0-9]{15}000")


#: What separates two numbers in one cell; a blank or a slash within one number leaves a part too short to be another.
_BETWEEN_NUMBERS = (re.compile(r"[/、,，;；|\\\n]+|或者?|和|及|&"), re.compile(r"\s+"))
_FEWEST_DIGITS = 7
_TWO_MOBILES = re.compile(r"(1[3-9][0-9]{9})1[3-9][0-9]{9}")

#: The notes on the cell being read: codes.
Notes = list[str]


def _read_name(cell: Cell, notes: Notes) -> str:
    return required(cell)


def _read_id_type(cell: Cell, notes: Notes) -> str:
    text = as_text(cell)
    if not text:
        return words.RESIDENT
    for id_type, names in ID_TYPE_NAMES.items():
        if text == id_type or text in names:
            return id_type
    raise Wrong("id_type_unknown", "证件类型无法识别。", "This type of document is not known.")


def _read_id_number(cell: Cell, notes: Notes) -> str:
    text = as_number(cell)
    is_long = isinstance(cell, (int, float)) and abs(cell) >= LARGEST_EXACT
    if is_long or _SCIENTIFIC.fullmatch(text) or _has_lost_digits(text):
        zh = "证件号码被表格软件当作数字，末几位已丢失。请把该列设为“文本”格式，重新填写后再上传。"
        en = "The spreadsheet took this number for a quantity and lost its last digits. Format the column as text and retype it."
        raise Wrong("id_number_became_a_number", zh, en)
    return filled(text)


def _has_lost_digits(text: str) -> bool:
    # a CSV saved by a spreadsheet: the 15 digits it kept, three zeros, and a check character that says so
    return _ROUNDED.fullmatch(text) is not None and check_character(text[:17]) != text[17]


def _read_phone(cell: Cell, notes: Notes) -> str | None:
    text = as_number(cell)
    if len(text) < 2 * _FEWEST_DIGITS:
        return text or None
    first = _first_of_two(text)
    if first is None:
        return text
    notes.append("first_of_two_taken")
    return first.strip(APOSTROPHES)


def _first_of_two(text: str) -> str | None:
    if (two := _TWO_MOBILES.fullmatch("".join(text.split()))) is not None:
        return two[1]
    for between in _BETWEEN_NUMBERS:
        parts = [part for part in between.split(text) if sum(char.isdigit() for char in part) >= _FEWEST_DIGITS]
        if len(parts) > 1:
            return parts[0].strip()
    return None


def _read_email(cell: Cell, notes: Notes) -> str | None:
    return as_text(cell) or None


def _read_role(cell: Cell, notes: Notes, roles: Mapping[str, str] = {}) -> str:
    text = required(cell)
    for role, names in ROLE_NAMES.items():
        if text == role or text in names:
            return role
    if text in roles:
        return roles[text]
    raise Wrong(
        "role_unknown", "身份无法识别，请填写“学生”或“教职工”等。", "This role is not known; write 学生, 教职工, …."
    )


def _read_from_on(cell: Cell, notes: Notes) -> date:
    day, inferred = read_day(cell)
    if day is None:
        raise Wrong("required", "必填。", "Required.")
    notes += [inferred] if inferred else []
    return day


def _read_until_on(cell: Cell, notes: Notes) -> date | None:
    day, inferred = read_day(cell, is_end=True)
    notes += [inferred] if inferred else []
    return day


def _read_organisation(cell: Cell, notes: Notes) -> str | None:
    return as_text(cell) or None


_READERS: dict[str, Callable[[Cell, Notes], Any]] = {
    "name": _read_name,
    "id_type": _read_id_type,
    "id_number": _read_id_number,
    "phone": _read_phone,
    "email": _read_email,
    "organisation": _read_organisation,
    "role": _read_role,
    "from_on": _read_from_on,
    "until_on": _read_until_on,
}


def read_row(cells: Mapping[str, Cell], given: Mapping[str, Any] | None = None) -> RosterRow | list[Violation]:
    """The row's values, or everything that is wrong with its cells at once; `cells` has the columns the file has.

    `given` is what the city's roles add, as ``roles.given_of`` makes it.
    """
    values: dict[str, Any] = {}
    violations: list[Violation] = []
    notes: list[tuple[str, str]] = []
    for key, read in _READERS.items():
        found: Notes = []
        try:
            if key == "role" and given is not None:
                values[key] = _read_role(cells.get(key), found, given["roles"])
            else:
                values[key] = read(cells.get(key), found)
        except Wrong as wrong:
            violations.append(Violation(key, wrong.code, wrong.zh, wrong.en))
        if found:
            notes += [(key, code) for code in found]
    if given is not None and "role" in values:
        read_fields = _read_fields(cells, given["fields"], values["role"])
        values["fields"] = read_fields.values
        violations += read_fields.violations
        notes += read_fields.notes
    return violations or RosterRow(**values, notes=tuple(notes))


class _Fields(NamedTuple):
    values: dict[str, Any]
    violations: list[Violation]
    notes: list[tuple[str, str]]


def _read_fields(cells: Mapping[str, Cell], columns: Sequence[Mapping[str, Any]], role: str) -> _Fields:
    """The values of the role's fields, of the columns the file has; a value the role has no field for is a violation."""
    found = _Fields({}, [], [])
    for column in columns:
        if column["column"] not in cells:
            continue
        notes: Notes = []
        is_of_role = role in column["roles"]
        try:
            value = read_cell(
                {**column, "required": is_of_role and role in column["required_by"]}, cells[column["column"]], notes
            )
            if value is not None and not is_of_role:
                raise Wrong(
                    "not_of_this_role", "该身份没有这一项，请留空。", "The role has no such field; leave it empty."
                )
        except Wrong as wrong:
            found.violations.append(Violation(column["column"], wrong.code, wrong.zh, wrong.en))
            continue
        if is_of_role:
            found.values[column["key"]] = value
        found.notes.extend((column["column"], code) for code in notes)
    return found


def group_of(row: RosterRow) -> object:
    """Equal for rows of one person; None for a row whose document cannot be read."""
    # whether the date of birth is in the future does not matter here
    identity = read_identity(row.id_type, row.id_number, today=date.max)
    return (identity.space, identity.number) if isinstance(identity, Identity) else None
