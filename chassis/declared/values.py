"""Reading a record's values by the fields its kind declares: each in the one form it is kept and compared in.

Lives here: ``read_values``. Not here: the shape of a declaration (``contracts.language.declared``), texts of cells (imports),
whether an organisation or a person exists (the subject that keeps the record).
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from contracts.language.declared import (
    CHOICE,
    COUNTY,
    DAY,
    MONEY,
    MONTH,
    NUMBER,
    ORGANISATION,
    PERSON,
    TEXT,
    YES_NO,
)
from contracts.language.schema import is_storable
from contracts.language.violations import Violation

MAX_TEXT = 2000
#: A JSON number of this many digits is the same number wherever it is read.
MAX_DIGITS, MAX_DECIMALS = 15, 6

_COUNTY = re.compile(r"[1-9][0-9]{5}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

#: Code → what is wrong with a value, in both languages.
_WRONG = {
    "required": ("必填。", "Required."),
    "unknown_field": ("该类别没有此字段。", "The kind has no such field."),
    "invalid_type": ("应为文本。", "Must be text."),
    "too_long": (f"不得超过 {MAX_TEXT} 个字。", f"Must not be longer than {MAX_TEXT} characters."),
    "unstorable_text": ("文本中含有无法保存的字符。", "The text holds characters that cannot be stored."),
    "invalid_date": ("应为 YYYY-MM-DD 日期。", "Must be a date, YYYY-MM-DD."),
    "invalid_month": ("应为 YYYY-MM 月份。", "Must be a month, YYYY-MM."),
    "invalid_number": (
        f"应为数字，最多 {MAX_DIGITS} 位，小数最多 {MAX_DECIMALS} 位。",
        f"Must be a number, of at most {MAX_DIGITS} digits, {MAX_DECIMALS} of them decimals.",
    ),
    "invalid_integer": ("应为以分为单位的整数。", "Must be a whole number of fen."),
    "invalid_boolean": ("应为 true 或 false。", "Must be true or false."),
    "invalid_id": ("应为 UUID。", "Must be a UUID."),
    "wrong_format": ("应为六位行政区划代码。", "Must be a division code of six digits."),
}


class _Wrong(ValueError):
    """A value that its field does not take; the argument is a code of ``_WRONG``."""


def read_values(
    declared: Iterable[Mapping[str, Any]], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Violation]]:
    """The values as they are kept (plain JSON, by key), and everything wrong with them (``fields/<key>``).

    A value of None, or a text of blanks, is none. Days and months are texts as ISO 8601 has them, money is whole fen, an
    organisation or a person its id; a number is an int where it is whole, else a float.
    """
    fields = {field["key"]: field for field in declared}
    values: dict[str, Any] = {}
    wrong = [_violation(key, "unknown_field") for key in given if key not in fields]
    for key, field in fields.items():
        value = given.get(key)
        if isinstance(value, str):
            value = value.strip() or None
        if value is None:
            if field.get("required"):
                wrong.append(_violation(key, "required"))
            continue
        try:
            values[key] = _read_choice(field, value) if field["type"] == CHOICE else _READERS[field["type"]](value)
        except _Wrong as error:
            code = str(error)
            wrong.append(_not_a_choice(field) if code == "not_one_of" else _violation(key, code))
    return values, wrong


def _violation(key: str, code: str) -> Violation:
    return Violation(f"fields/{key}", code, *_WRONG[code])


def _not_a_choice(field: Mapping[str, Any]) -> Violation:
    keys = [choice["key"] for choice in field["choices"]]
    zh, en = f"应为下列之一：{'、'.join(keys)}。", f"Must be one of: {', '.join(keys)}."
    return Violation(f"fields/{field['key']}", "not_one_of", zh, en)


def _read_choice(field: Mapping[str, Any], value: Any) -> str:
    if not any(choice["key"] == value for choice in field["choices"]):
        raise _Wrong("not_one_of")
    return str(value)


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("invalid_type")
    if not is_storable(value):
        raise _Wrong("unstorable_text")
    text = unicodedata.normalize("NFC", value)
    if len(text) > MAX_TEXT:
        raise _Wrong("too_long")
    return text


def _read_day(value: Any) -> str:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _Wrong("invalid_date")
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise _Wrong("invalid_date") from None


def _read_month(value: Any) -> str:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise _Wrong("invalid_month")
    return value


def _read_number(value: Any) -> int | float:
    number = _decimal(value)
    _, digits, exponent = number.normalize().as_tuple()
    if len(digits) > MAX_DIGITS or not isinstance(exponent, int) or -exponent > MAX_DECIMALS:
        raise _Wrong("invalid_number")
    return int(number) if number == number.to_integral_value() else float(number)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise _Wrong("invalid_number")
    if isinstance(value, float) and not math.isfinite(value):
        raise _Wrong("invalid_number")
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise _Wrong("invalid_number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise _Wrong("invalid_number") from None
    if not number.is_finite() or abs(number) >= 10**MAX_DIGITS:
        raise _Wrong("invalid_number")
    return number


def _read_money(value: Any) -> int:
    try:
        fen = _read_number(value)
    except _Wrong:
        raise _Wrong("invalid_integer") from None
    if not isinstance(fen, int):
        raise _Wrong("invalid_integer")
    return fen


def _read_yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("invalid_boolean")
    return value


def _read_id(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise _Wrong("invalid_id") from None


def _read_county(value: Any) -> str:
    if not isinstance(value, str) or not _COUNTY.fullmatch(value):
        raise _Wrong("wrong_format")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    TEXT: _read_text,
    DAY: _read_day,
    MONTH: _read_month,
    NUMBER: _read_number,
    MONEY: _read_money,
    YES_NO: _read_yes_no,
    ORGANISATION: _read_id,
    PERSON: _read_id,
    COUNTY: _read_county,
}
