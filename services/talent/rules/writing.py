"""How a number is written down: full-width digits, spaces and invisible characters, all to one spelling."""

from __future__ import annotations

import unicodedata

#: Control, format, separator and surrogate characters; chat programs and spreadsheets put them around numbers.
_INVISIBLE = ("C", "Z")


def one_spelling(text: str) -> str:
    """The text in NFKC, in capitals, without spaces and invisible characters: as numbers and codes are compared."""
    return visible(text).upper()


def visible(text: str) -> str:
    """The text in NFKC, without spaces and invisible characters, in its own case."""
    narrow = unicodedata.normalize("NFKC", text)
    return "".join(char for char in narrow if unicodedata.category(char)[0] not in _INVISIBLE)
