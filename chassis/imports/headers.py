"""The header row of a table: which row it is, and which cell of a row belongs to which column.

Headers are Chinese or English, with the synonyms their kind names. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.imports.cells import plain
from chassis.imports.kinds import Column

#: Titles and notes may stand above the header row, in at most so many rows.
HEADER_SEARCH_ROWS = 10


@dataclass(frozen=True)
class HeaderRow:
    """Where the headers stand (`index` counts from 0) and which cell of a row belongs to which column key."""

    index: int
    cells: dict[str, int]
    ignored: tuple[str, ...]
    repeated: tuple[str, ...]

    def missing(self, required: Sequence[Column]) -> list[Column]:
        """The required columns that are not there."""
        return [column for column in required if column.key not in self.cells]


def keys_by_header(columns: Sequence[Column]) -> dict[str, str]:
    """Every header of the columns, without its ornaments → the column's key."""
    return {_squeezed(synonym): column.key for column in columns for synonym in column.synonyms}


def header_key(header: str, columns: Sequence[Column]) -> str | None:
    """The key of the column a header stands for; None for a header no column has."""
    return keys_by_header(columns).get(_squeezed(header))


def find_header_row(rows: Sequence[Sequence[object]], columns: Sequence[Column]) -> HeaderRow | None:
    """The row of the first ten that holds most known headers, or None where no row holds two of them.

    One known word alone may stand in a title or in data (身份, 单位), so it makes no header row.
    """
    keys = keys_by_header(columns)
    best: HeaderRow | None = None
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        candidate = _read_headers(index, row, keys)
        if len(candidate.cells) >= 2 and (best is None or len(candidate.cells) > len(best.cells)):
            best = candidate
    return best


def headers_to_show(row: Sequence[object]) -> list[str]:
    """What may be repeated of a row that was expected to hold headers: nothing, if it looks like a person's data."""
    texts = [plain(cell)[:20] for cell in row if isinstance(cell, str) and plain(cell)]
    if any(not isinstance(cell, str) and cell is not None for cell in row) or any(map(_has_digits, texts)):
        return []
    return texts[:30]


def _read_headers(index: int, row: Sequence[object], keys: dict[str, str]) -> HeaderRow:
    cells: dict[str, int] = {}
    ignored: list[str] = []
    repeated: list[str] = []
    for position, cell in enumerate(row):
        if not isinstance(cell, str) or not plain(cell):
            continue
        key = keys.get(_squeezed(cell))
        if key is None:
            ignored.append(_safe_header(cell))
        elif key in cells:
            repeated.append(_safe_header(cell))
        else:
            cells[key] = position
    return HeaderRow(index, cells, tuple(ignored), tuple(repeated))


def _squeezed(header: str) -> str:
    # "证件号码（必填）*", "入学 日期 (YYYY-MM-DD)：" and "ID_Number" are the same headers without their ornaments.
    without_notes = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", plain(header))
    return re.sub(r"[\s*:_、-]", "", without_notes).casefold()


def _safe_header(header: str) -> str:
    text = plain(header)[:20]
    return "…" if _has_digits(text) else text


def _has_digits(text: str) -> bool:
    return re.search(r"\d{4}", text) is not None
