"""Numbers as an office writes them: 740余人次, 近3600名, 近千人, 2.78万平米, 十二项. Pure.

A floor (余) says that there is more than the number written, a ceiling (近) that there is a little less; a number on the
grain is written without either. Chinese numerals are those of counting; two is 二 before every classifier, as offices write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from contracts.figures import CEILING, CHINESE, EXACT, FLOOR, NEAR_FLOOR, SCALES, WORDS

MORE, NEARLY = "余", "近"
#: How a number is taken to its grain.
_ROUNDING = {FLOOR: ROUND_FLOOR, CEILING: ROUND_CEILING, NEAR_FLOOR: ROUND_HALF_UP}
_FEN_IN_YUAN = 100
_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
#: From here on digits are easier to read.
_LONGEST = 10**16


def display(value: int | float | Decimal, definition: Mapping[str, Any]) -> str:
    """A figure's value as its definition has it written, with its classifier."""
    how = definition["display"]
    exact = Decimal(str(value))
    rounded, is_rounded = _to_grain(exact, how["qualifier"], how["grain"])
    before = NEARLY if is_rounded and how["qualifier"] in (CEILING, NEAR_FLOOR) else ""
    after = MORE if is_rounded and how["qualifier"] in (FLOOR, NEAR_FLOOR) else ""
    scale = how["scale"] or ""
    number = rounded / (_FEN_IN_YUAN if definition["unit"] == "fen" else 1) / SCALES.get(scale, 1)
    return f"{before}{_written(number, how)}{scale}{after}{definition['classifier']}"


def _to_grain(exact: Decimal, qualifier: str, grain: int | None) -> tuple[Decimal, bool]:
    """The number on its grain, and whether it was moved there; one that would come to nothing, or to more than twice, stays."""
    if qualifier == EXACT or not grain:
        return exact, False
    rounded = (exact / grain).to_integral_value(_ROUNDING[qualifier]) * grain
    return (rounded, True) if rounded not in (0, exact) and rounded <= 2 * exact else (exact, False)


def _written(number: Decimal, how: Mapping[str, Any]) -> str:
    if not how["scale"] and number != number.to_integral_value():
        return _digits(number, how["decimals"])
    if how["scale"] or not 0 <= number < _LONGEST:
        number = number.quantize(Decimal(1).scaleb(-how["decimals"]), ROUND_HALF_UP)
    if number == number.to_integral_value() and 0 <= number < _LONGEST:
        if how["numerals"] == CHINESE:
            return chinese(int(number))
        if how["numerals"] == WORDS:
            return word(int(number))
    return _digits(number, how["decimals"])


def _digits(number: Decimal, decimals: int) -> str:
    """Digits without thousands' separators and without zeros at the end of a fraction."""
    written = f"{number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def word(number: int) -> str:
    """A round number as a word: 1000 is 千, 3000 is 三千."""
    written = chinese(number)
    return written[1:] if len(written) == 2 and written[0] == "一" else written


def chinese(number: int) -> str:
    """A whole number in Chinese numerals: 12 is 十二, 105 is 一百零五."""
    if number == 0:
        return _DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    written = ""
    for place in reversed(range(len(groups))):
        group = groups[place]
        if not group:
            continue
        needs_zero = written and (group < 1_000 or not groups[place + 1])
        written += f"{_DIGITS[0] if needs_zero else ''}{_group(group)}{_MYRIADS[place]}"
    return written[1:] if written.startswith("一十") else written


def _group(group: int) -> str:
    """One to four digits; zeros between them are written once."""
    written, is_gap = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            written += f"{_DIGITS[0] if is_gap and written else ''}{_DIGITS[digit]}{_PLACES[place]}"
        is_gap = not digit
    return written
