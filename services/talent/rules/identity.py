"""The law of identity documents: which numbers are possible, and which two spellings are one number.

Lives here: GB 11643-1999 (公民身份号码, whose 18 characters the residence permits for Hong Kong, Macao and Taiwan residents
and the permanent residence card for foreigners share) and the forms of the other documents. Not here: masking
(``masking``). A region code is never checked: tables of regions are behind the regions (the city's own 140703 is missing
from a widely used one).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from contracts.language.violations import Violation
from contracts.vocabulary import (
    FOREIGN_RESIDENT,
    HK_MACAO,
    HMT_RESIDENT,
    MILITARY,
    PASSPORT,
    RESIDENT,
    TAIWAN,
)
from services.talent.rules.writing import one_spelling

#: First two digits of a residence permit: 810000 Hong Kong, 820000 Macao, 830000 Taiwan.
HMT_PREFIXES = ("81", "82", "83")
FOREIGN_PREFIX = "9"

CITIZEN_NUMBERS = "citizen_number"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD_CITIZEN = re.compile(r"[1-9][0-9]{14}")
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+")
_EARLIEST_BIRTH = date(1900, 1, 1)

_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}")
_HK_MACAO = re.compile(r"([HM][0-9]{8})([0-9]{2})?")
_TAIWAN = re.compile(r"([0-9]{8})([0-9]{2}(\(?[A-Z]\)?)?)?")
_MILITARY = re.compile(r"([\u4e00-\u9fff]{1,4})字?第?([0-9]{4,12})号?|([0-9]{6,12})")


@dataclass(frozen=True, slots=True)
class Identity:
    """A possible document: its type as reported, and `number` in the one spelling that is unique within `space`."""

    id_type: str
    space: str
    number: str


def read_identity(id_type: str, id_number: str, *, today: date) -> Identity | Violation:
    """The document as it is compared and kept, or what is wrong with it. `today` bounds the date of birth.

    Types that share GB 11643's numbers share a space, so one number is one person under whichever type it is reported.
    """
    read = _READERS.get(id_type)
    if read is None:
        return _wrong("id_type_unknown", "不支持的证件类型。", "This type of document is not known.", field="id_type")
    return read(id_type, one_spelling(id_number), today)


def check_character(first17: str) -> str:
    """The 18th character for seventeen digits (ISO 7064, MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def _read_citizen(id_type: str, number: str, today: date) -> Identity | Violation:
    if _ROUNDED.fullmatch(number):
        return _wrong(
            "id_number_rounded",
            "号码已被表格软件转成科学计数法而丢失数字，请将该列设为文本格式后重新填写。",
            "A spreadsheet has rounded the number and lost digits; format the column as text and enter it again.",
        )
    if _OLD_CITIZEN.fullmatch(number):
        return _wrong(
            "id_number_15_digits",
            "15 位旧号码已停用，请填写 18 位号码。",
            "15-digit numbers are no longer in use; give the 18-character one.",
        )
    if not _CITIZEN.fullmatch(number):
        return _wrong(
            "id_number_malformed",
            "号码应为 18 位：17 位数字加 1 位校验码（数字或 X）。",
            "The number must have 18 characters: 17 digits and a check character (digit or X).",
        )
    if check_character(number[:17]) != number[17]:
        return _wrong("id_number_check", "号码校验码不正确。", "The check character of the number is wrong.")
    if not _is_birth_date(number[6:14], today=today):
        return _wrong(
            "id_number_birth_date", "号码中的出生日期无效。", "The date of birth in the number is not possible."
        )
    if not _is_of_type(id_type, number):
        return _wrong("id_number_other_type", "号码与证件类型不符。", "The number belongs to another type of document.")
    return Identity(id_type, CITIZEN_NUMBERS, number)


def month_of_birth(identity: Identity) -> date | None:
    """The first day of the month of birth that stands in the number; None where the document has none."""
    if identity.space != CITIZEN_NUMBERS:
        return None
    return date(int(identity.number[6:10]), int(identity.number[10:12]), 1)


def _is_of_type(id_type: str, number: str) -> bool:
    if id_type == HMT_RESIDENT:
        return number.startswith(HMT_PREFIXES)
    if id_type == FOREIGN_RESIDENT:
        return number.startswith(FOREIGN_PREFIX)
    return True


def _is_birth_date(digits: str, *, today: date) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return _EARLIEST_BIRTH <= born <= today


def _read_passport(id_type: str, number: str, today: date) -> Identity | Violation:
    if not _PASSPORT.fullmatch(number):
        return _wrong(
            "id_number_malformed",
            "护照号码应为 5 至 15 位字母和数字。",
            "A passport number has 5 to 15 letters and digits.",
        )
    return Identity(id_type, PASSPORT, number)


def _read_hk_macao(id_type: str, number: str, today: date) -> Identity | Violation:
    found = _HK_MACAO.fullmatch(number)
    if found is None:
        return _wrong(
            "id_number_malformed",
            "号码应为 H 或 M 加 8 位数字。",
            "The number must be H or M and 8 digits.",
        )
    # the two digits older permits add count re-issues; the person keeps the first nine for life
    return Identity(id_type, HK_MACAO, found[1])


def _read_taiwan(id_type: str, number: str, today: date) -> Identity | Violation:
    found = _TAIWAN.fullmatch(number)
    if found is None:
        return _wrong("id_number_malformed", "号码应为 8 位数字。", "The number must have 8 digits.")
    return Identity(id_type, TAIWAN, found[1])


def _read_military(id_type: str, number: str, today: date) -> Identity | Violation:
    found = _MILITARY.fullmatch(number)
    if found is None:
        return _wrong(
            "id_number_malformed",
            "号码应形如“军字第1234567号”。",
            "The number must look like 军字第1234567号.",
        )
    series = found[1].removesuffix("第").removesuffix("字") if found[1] else ""
    return Identity(id_type, MILITARY, f"{series}字第{found[2]}号" if series else found[3] or found[2])


_READERS: dict[str, Callable[[str, str, date], Identity | Violation]] = {
    RESIDENT: _read_citizen,
    HMT_RESIDENT: _read_citizen,
    FOREIGN_RESIDENT: _read_citizen,
    PASSPORT: _read_passport,
    HK_MACAO: _read_hk_macao,
    TAIWAN: _read_taiwan,
    MILITARY: _read_military,
}


def _wrong(code: str, zh: str, en: str, *, field: str = "id_number") -> Violation:
    return Violation(field, code, zh, en)
