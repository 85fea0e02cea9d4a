"""The universities of the demo city, from its pack, and credit codes for organisations that are invented.

Seven of the universities are named in the report; every other is invented and says so. The credit codes are invented too; they
only pass the check of GB 32100. Not here: scenic areas, sets and the scheme, which the pack has too (``cities/jinzhong``).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

PACK = Path(__file__).resolve().parents[2] / "cities" / "jinzhong"
_CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Place:
    """One organisation of the demo city."""

    kind: str
    name: str
    name_en: str | None
    uscc: str
    is_invented: bool


def universities() -> list[Place]:
    """The 19 universities."""
    organisations = tomllib.loads((PACK / "organisations.toml").read_text(encoding="utf-8"))["organisations"]
    return [
        Place("university", one["zh"], one["en"], one["uscc"], one["invented"])
        for one in organisations
        if one["kind"] == "university"
    ]


def credit_code(prefix: str, number: int) -> str:
    """An invented unified social credit code with both its check characters right (GB 32100, GB 11714)."""
    body = f"{number:08d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = (11 - total % 11) % 11
    organisation = body + ("X" if check == 10 else str(check))
    first = f"{prefix}140700{organisation}"
    total = sum(_CODE_CHARACTERS.index(character) * 3**place % 31 for place, character in enumerate(first))
    return first + _CODE_CHARACTERS[(31 - total % 31) % 31]
