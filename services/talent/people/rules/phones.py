"""The law of phone numbers: every accepted spelling to E.164."""

from __future__ import annotations

import re

from contracts.language.violations import Violation
from services.talent.rules.writing import one_spelling

_PUNCTUATION = re.compile(r"[-‐‑‒–—―.()（）/]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0?((?:10|2[0-9])[2-9][0-9]{7}|[3-9][0-9]{2}[2-9][0-9]{6,7})")
_NATIONWIDE = re.compile(r"400[0-9]{7}")
_FOREIGN = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")


def read_phone(text: str) -> str | Violation:
    """The number as E.164; without a country code it is Chinese.

    Accepts mobiles, landlines with area code, 400 numbers, and foreign numbers with + or 00.
    """
    number = _PUNCTUATION.sub("", one_spelling(text))
    if number.startswith("00"):
        number = "+" + number[2:]
    if _FOREIGN.fullmatch(number):
        return number
    national = number.removeprefix("+86")
    if national == number and len(number) == 13 and number.startswith("86"):
        national = number[2:]
    if _MOBILE.fullmatch(national) or _NATIONWIDE.fullmatch(national):
        return "+86" + national
    landline = _LANDLINE.fullmatch(national)
    if landline and (national.startswith("0") or national != number):
        return "+86" + landline[1]
    return Violation(
        "phone",
        "phone_malformed",
        "电话号码无效：应为 11 位手机号、带区号的固定电话或带国际区号的号码。",
        "Not a phone number: give an 11-digit mobile, a landline with area code, or a number with country code.",
    )
