"""Cells of declared fields as values: by the type of the field, with what had to be inferred.

Never repeats what a cell holds. The child process imports it: standard library and ``chassis.imports`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from chassis.imports.cells import Cell, Wrong, as_number, as_text
from chassis.imports.days import read_day

#: What a reader has to know of a field, as JSON: ``key``, ``type``, ``required``; of a choice its ``texts`` (text → key), of
#: money its ``factor`` (what a number without a unit of its own is multiplied by to be yuan).
Given = Mapping[str, Any]
#: The codes of what was inferred.
Notes = list[str]

_YES = ("是", "有", "对", "已", "yes", "y", "true", "1", "√", "✓")
_NO = ("否", "无", "没有", "不是", "未", "no", "n", "false", "0", "×", "✗")
_NUMBER = re.compile(r"([+-]?)([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?(万|亿)?")
_TIMES = {None: 1, "万": 10**4, "亿": 10**8}
#: Units of money a header or a cell may name, in yuan.
YUAN = {"元": 1, "万元": 10**4, "亿元": 10**8}
_LARGEST = Decimal(10**15)
_COUNTY = re.compile(r"(?<![0-9])[1-9][0-9]{5}(?![0-9])")


def one_word(text: str) -> str:
    """A text as choices are compared: without blanks, in one case."""
    return "".join(text.split()).casefold()


def read_cell(field: Given, cell: Cell, notes: Notes) -> Any:
    """The value of a cell as JSON, None for an empty one. An organisation's is its name or credit code. Raises Wrong."""
    value = _READERS[field["type"]](cell, field, notes)
    if value is None and field["required"]:
        raise Wrong("required", "必填。", "Required.")
    return value


def read_county(cell: Cell) -> str | None:
    """The six digits of a division, alone or beside its name."""
    text = as_number(cell)
    if not text:
        return None
    found = set(_COUNTY.findall(text))
    if len(found) != 1 or sum(char.isdigit() for char in text) != 6:
        raise Wrong("county_unreadable", "请填写六位行政区划代码。", "Write the six digits of the division.")
    return str(found.pop())


def _read_text(cell: Cell, field: Given, notes: Notes) -> str | None:
    return as_text(cell) or None


def _read_day(cell: Cell, field: Given, notes: Notes) -> str | None:
    day, inferred = read_day(cell)
    notes += [inferred] if inferred else []
    return day.isoformat() if day else None


def _read_month(cell: Cell, field: Given, notes: Notes) -> str | None:
    day, inferred = read_day(cell)
    notes += [inferred] if inferred and inferred != "month_as_first_day" else []
    return f"{day.year:04}-{day.month:02}" if day else None


def _read_number(cell: Cell, field: Given, notes: Notes) -> int | float | None:
    found = _decimal(cell)
    if found is None:
        return None
    return int(found) if found == found.to_integral_value() else float(found)


def _read_money(cell: Cell, field: Given, notes: Notes) -> int | None:
    text = as_number(cell) if isinstance(cell, str) else ""
    bare = "".join(text.split()).removeprefix("¥").removeprefix("￥")
    has_unit = bare.endswith("元")
    found = _decimal(bare.removesuffix("元") if isinstance(cell, str) else cell)
    if found is None:
        return None
    is_absolute = has_unit or bare.endswith(("万", "亿"))
    fen = found * (1 if is_absolute else field.get("factor", 1)) * 100
    if fen != fen.to_integral_value():
        raise Wrong(
            "money_too_fine", "金额最多精确到分。", "Money is exact to the fen: two decimals of a yuan at most."
        )
    if abs(fen) >= _LARGEST:
        raise _implausible()
    return int(fen)


def _decimal(cell: Cell) -> Decimal | None:
    if isinstance(cell, (bool, date, timedelta)):
        raise _no_number()
    if isinstance(cell, float):  # as the spreadsheet shows it: it keeps 15 digits
        text = f"{cell:.15g}"
    else:
        text = "".join(as_number(cell).split())
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    try:
        if found is not None:
            sign, whole, fraction, unit = found.groups()
            value = Decimal(f"{sign}{whole.replace(',', '')}{fraction or ''}") * _TIMES[unit]
        elif isinstance(cell, float):
            value = Decimal(text)
        else:
            raise _no_number()
    except InvalidOperation:
        raise _no_number() from None
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise _implausible()
    return value


def _read_choice(cell: Cell, field: Given, notes: Notes) -> str | None:
    text = one_word(as_text(cell))
    if not text:
        return None
    if text not in field["texts"]:
        raise Wrong("choice_unknown", "请从可选项中选择。", "Choose one of the texts allowed.")
    return str(field["texts"][text])


def _read_yes_no(cell: Cell, field: Given, notes: Notes) -> bool | None:
    if isinstance(cell, bool):
        return cell
    text = one_word(as_text(cell))
    if not text:
        return None
    if text not in _YES and text not in _NO:
        raise Wrong("yes_no_unreadable", "请填写“是”或“否”。", "Write 是 (yes) or 否 (no).")
    return text in _YES


def _read_county(cell: Cell, field: Given, notes: Notes) -> str | None:
    return read_county(cell)


def _no_number() -> Wrong:
    zh, en = "数字无法识别；请只填写数字，可用“万”“亿”。", "This is no number; write digits alone, 万 and 亿 are read."
    return Wrong("number_unreadable", zh, en)


def _implausible() -> Wrong:
    return Wrong("number_implausible", "数字超出合理范围。", "The number is out of range.")


_READERS: dict[str, Callable[[Cell, Given, Notes], Any]] = {
    "text": _read_text,
    "day": _read_day,
    "month": _read_month,
    "number": _read_number,
    "money": _read_money,
    "choice": _read_choice,
    "yes_no": _read_yes_no,
    "organisation": _read_text,
    "county": _read_county,
}
#: The types whose values a file can hold; a person is known by a document, which stands in no column of a declared field.
READABLE = frozenset(_READERS)
