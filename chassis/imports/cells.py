"""Cells of a spreadsheet as values: texts, days, and what is wrong with a cell that is neither.

Never repeats what a cell holds: a refusal names the rule, and of a formula's error its name. Standard library only.
Days have a module of their own, ``days``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Spanned:
    """A cell that a range merged across columns covers: it has no value of its own. `area` is the range, as B2:D4."""

    area: str


Cell = str | int | float | bool | date | datetime | timedelta | Spanned | None

LARGEST_EXACT = 10**15
"""Excel keeps 15 digits of a number: an ID number typed as one has lost its last digits."""

#: What a spreadsheet program may take for a formula begins so.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_CELL = 32_767
"""Characters of a cell (ECMA-376 part 1, 18.18.93, as programs read it)."""

#: What people and programs put before a number to keep it a text.
APOSTROPHES = "'’‘‛`´ʼʹ′＇ʻ"
#: What a spreadsheet shows where a formula failed (ECMA-376 part 1, 18.17.3, and those of newer programs).
ERRORS = frozenset(
    (
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
    )
)

_MARKS = frozenset(APOSTROPHES + "=#")
_AS_TEXT = re.compile(r"=\s*[\"“”](.*)[\"“”]", re.DOTALL)


class Wrong(Exception):
    """A cell breaks a rule. Raised while a row is read, and caught by its reader."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def plain(text: str) -> str:
    """The text as it was meant: full-width forms made half-width, invisible characters and outer blanks removed."""
    if text.isprintable() and unicodedata.is_normalized("NFKC", text):
        return text.strip()
    shown = unicodedata.normalize("NFKC", text)
    kept = "".join(ch if unicodedata.category(ch) not in ("Cf", "Cc") or ch.isspace() else "" for ch in shown)
    return kept.strip()


def written(cell: Cell) -> str:
    """A cell as people see it; a whole number without a point, nothing under a merged range."""
    if cell is None or isinstance(cell, Spanned):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < LARGEST_EXACT:
        return str(int(cell))
    return plain(str(cell))


def as_text(cell: Cell) -> str:
    """A cell as it was meant: without the apostrophe or the ``="…"`` that kept it a text.

    Raises Wrong for a formula that failed or has no value, and for a cell under a range merged across columns.
    """
    if isinstance(cell, Spanned):
        zh = f"该单元格属于合并区域 {cell.area}，没有自己的值；请取消合并并逐格填写。"
        en = f"This cell belongs to the merged range {cell.area} and has no value of its own; unmerge it and fill in each cell."
        raise Wrong("cell_merged_across", zh, en)
    text = written(cell)
    if not text or text[0] not in _MARKS:
        return text
    text = _unmarked(text)
    if text.upper() in ERRORS:
        zh = f"该单元格是公式错误 {text.upper()}，没有值；请改正公式或直接填写。"
        en = f"This cell shows the formula error {text.upper()} and has no value; mend the formula or type the value."
        raise Wrong("cell_error", zh, en)
    if text.startswith("="):
        zh = "该单元格是公式，文件里没有它的值；请用 Excel 或 WPS 打开并保存，或粘贴为数值后再上传。"
        en = "This cell is a formula and the file has no value for it; open and save it in Excel or WPS, or paste it as values."
        raise Wrong("formula_without_value", zh, en)
    return text


def as_number(cell: Cell) -> str:
    """A number, phone or code as text, without apostrophes on either side of it; raises as ``as_text`` does."""
    return as_text(cell).strip(APOSTROPHES).strip()


def required(cell: Cell) -> str:
    """The text of a cell that must have one; raises Wrong."""
    return filled(as_text(cell))


def filled(text: str) -> str:
    """The text; raises Wrong where there is none."""
    if not text:
        raise Wrong("required", "必填。", "Required.")
    return text


def _unmarked(text: str) -> str:
    """The text without what kept it a text, however often it was put there. An apostrophe before a Latin letter may be a
    name's own ('t Hooft) and stays.
    """
    while True:
        if text[:1] in APOSTROPHES and text[1:2] and not (text[1].isalpha() and text[1] < "\u2e80"):
            text = text[1:].strip()
        elif found := _AS_TEXT.fullmatch(text):
            text = plain(found[1].replace('""', '"'))
        else:
            return text
