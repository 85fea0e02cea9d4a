"""What opening a file gives: all its cells, what is said of them beside their values, and how far a file may grow.

Lives here: the values that pass from opening to reading and annotating. Standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.imports.cells import Cell, plain
from chassis.imports.reasons import FileRefused

Row = list[Cell]


@dataclass(frozen=True)
class Limits:
    """What a file may grow to: unpacked bytes by its own directory, parts, and the rows and columns of its table.

    `rows` counts those below the headers; opening stops a little later, for titles and headers have room too.
    """

    unpacked_bytes: int
    parts: int
    rows: int
    columns: int

    def narrowed(self, row: Row) -> Row:
        """The row within the limit of columns, where nothing but blanks stands beyond; refuses (FileRefused) more."""
        if len(row) <= self.columns:
            return row
        if any(is_filled_cell(cell) for cell in row[self.columns :]):
            raise FileRefused("too_many_columns", limit=self.columns)
        return row[: self.columns]


@dataclass(frozen=True)
class Table:
    """All cells of the list from its first row on, so that an index plus one is the row number people see.

    `lines`: lines of the text, or rows of the sheet. `hidden_rows` are row numbers, `hidden_columns` indexes from 0.
    `other_lists` are further visible sheets with a header row, `other_sheets` those without. `is_1904`: serial numbers count
    from 1904. `blanks_from`: the first column that holds nothing but blanks and lies beyond the limit.
    """

    rows: list[Row]
    format: str
    lines: int
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    other_lists: Sequence[str] = ()
    other_sheets: Sequence[str] = ()
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    is_1904: bool = False
    blanks_from: int | None = None


def is_filled(row: Row) -> bool:
    """Whether a row has a cell that is not empty."""
    return any(cell not in ("", None) for cell in row)


def is_filled_cell(cell: Cell) -> bool:
    """Whether a cell has more than blanks."""
    return cell is not None and not (isinstance(cell, str) and not plain(cell))
