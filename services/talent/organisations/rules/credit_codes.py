"""The law of the unified social credit code (统一社会信用代码, GB 32100-2015), with the organisation code within
(GB 11714-1997).
"""

from __future__ import annotations

import re

from contracts.language.violations import Violation
from services.talent.rules.writing import one_spelling

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CODE = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


def read_credit_code(text: str) -> str | Violation:
    """The code in its one spelling, or what is wrong with it."""
    code = one_spelling(text).replace("-", "")
    if not _CODE.fullmatch(code):
        return Violation(
            "uscc",
            "uscc_malformed",
            "统一社会信用代码应为 18 位数字和大写字母（不含 I、O、S、V、Z）。",
            "The credit code must have 18 digits and capitals (no I, O, S, V, Z).",
        )
    if organisation_check(code[8:16]) != code[16] or code_check(code[:17]) != code[17]:
        return Violation(
            "uscc",
            "uscc_check",
            "统一社会信用代码校验码不正确。",
            "A check character of the credit code is wrong.",
        )
    return code


def code_check(first17: str) -> str:
    """The 18th character (GB 32100, clause 4.5)."""
    total = sum(_VALUES[character] * weight for character, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check(first8: str) -> str:
    """The check character of the organisation code within (GB 11714)."""
    total = sum(int(character, 36) * weight for character, weight in zip(first8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]
