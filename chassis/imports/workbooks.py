"""XLSX workbooks: which sheet holds the list, its cells, and the values of merged ranges. Child process only.

Formulas are never calculated: calamine gives the values the file carries.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import python_calamine

from chassis.imports.cells import Spanned
from chassis.imports.headers import HEADER_SEARCH_ROWS, find_header_row
from chassis.imports.kinds import Column
from chassis.imports.markup import letters, read_book
from chassis.imports.reasons import FileRefused
from chassis.imports.tabular import Limits, Row, Table, is_filled, is_filled_cell
from chassis.imports.template import GUIDE

_ALL = 2**20
_LONG = re.compile(r"\d{4}")
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class _Candidate:
    """A visible sheet with cells: its first rows, the rest of them, and how good a list it is, which compares: how many required
    headers, whether rows like data stand below them, how many headers.
    """

    sheet: python_calamine.CalamineSheet
    head: list[Row]
    rest: Iterator[Row]
    quality: tuple[int, bool, int]


def open_xlsx(content: bytes, limits: Limits, columns: Sequence[Column]) -> Table:
    """The table of a workbook's best visible sheet; refuses (FileRefused) what is no workbook, locked, broken or too large."""
    archive = _checked(content, limits)
    try:
        workbook = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        return _best_table(workbook, archive, limits, columns)
    except python_calamine.PasswordError as error:
        raise FileRefused("file_locked_or_old") from error
    except (python_calamine.CalamineError, python_calamine.XmlError, python_calamine.ZipError) as error:
        raise FileRefused("file_broken") from error


def _checked(content: bytes, limits: Limits) -> zipfile.ZipFile:
    # The directory may lie; memory and CPU limits of this process hold then. It is the cheap check before.
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise FileRefused("file_broken") from error
    parts = archive.infolist()
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise FileRefused("file_format_unknown")
    if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise FileRefused("file_too_large_when_opened")
    return archive


def _best_table(
    workbook: python_calamine.CalamineWorkbook, archive: zipfile.ZipFile, limits: Limits, columns: Sequence[Column]
) -> Table:
    """The sheet that has most of the required columns, then rows like data, then most columns, then the first; the others are
    named.
    """
    best: _Candidate | None = None
    refused: FileRefused | None = None
    lists: list[str] = []
    others: list[str] = []
    for name in [sheet.name for sheet in workbook.sheets_metadata if _may_hold_rows(sheet)]:
        try:
            candidate = _candidate(workbook.get_sheet_by_name(name), limits, columns)
        except FileRefused as wide:
            refused = refused or wide
            continue
        if candidate is None:
            continue
        (lists if candidate.quality[2] else others).append(name)
        if best is None or candidate.quality > best.quality:
            best = candidate
    if best is None:
        if refused is not None:
            raise refused
        return Table([], "xlsx", 0)
    return _table(best, archive, limits, lists, [name for name in others if name != GUIDE])


def _may_hold_rows(sheet: python_calamine.SheetMetadata) -> bool:
    is_visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
    return is_visible and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet


def _candidate(sheet: python_calamine.CalamineSheet, limits: Limits, columns: Sequence[Column]) -> _Candidate | None:
    if sheet.end is None:
        return None
    rows: Iterator[list[Any]] = sheet.iter_rows()
    read: Iterator[Row] = map(list, rows) if sheet.end[1] < limits.columns else map(limits.narrowed, rows)
    head = list(islice(read, HEADER_SEARCH_ROWS))
    spread = [list(row) for row in head]
    _spread(spread, sheet.merged_cell_ranges)
    found = find_header_row(spread, columns)
    if found is None:
        return _Candidate(sheet, head, read, (0, False, 0)) if any(map(is_filled, head)) else None
    required = sum(column.is_required and not column.or_given for column in columns if column.key in found.cells)
    has_data = any(map(_is_like_data, spread[found.index + 1 :]))
    return _Candidate(sheet, head, read, (required, has_data, len(found.cells)))


def _is_like_data(row: Row) -> bool:
    """Whether two cells are numbers, dates, or texts with a number as long as a year: explanations of headers have fewer."""
    return sum(cell is not None and (not isinstance(cell, str) or bool(_LONG.search(cell))) for cell in row) > 1


def _table(best: _Candidate, archive: zipfile.ZipFile, limits: Limits, lists: list[str], others: list[str]) -> Table:
    rows = best.head + _rest(best.rest, limits)
    name, ranges = best.sheet.name, best.sheet.merged_cell_ranges
    book = read_book(archive)
    marks = book.marks(name)
    _put_faults(rows, marks.faults, limits)
    _spread(rows, ranges)
    is_wide = best.sheet.end is not None and best.sheet.end[1] >= limits.columns
    return Table(
        rows,
        "xlsx",
        len(rows),
        sheet=name,
        other_lists=[other for other in lists if other != name],
        other_sheets=[other for other in others if other != name],
        hidden_rows=marks.hidden_rows,
        hidden_columns=marks.hidden_columns,
        is_1904=book.is_1904,
        blanks_from=limits.columns if is_wide else None,
    )


def _put_faults(rows: list[Row], faults: Mapping[tuple[int, int], str], limits: Limits) -> None:
    """Put the text of each fault into its cell, which calamine leaves empty, or out at the end of a row and of the sheet."""
    for (row, column), text in faults.items():
        if row < limits.rows + HEADER_SEARCH_ROWS and column < limits.columns:
            rows.extend([] for _ in range(len(rows), row + 1))
            cells = rows[row]
            cells.extend("" for _ in range(len(cells), column + 1))
            if cells[column] in ("", None):
                cells[column] = text


def _rest(rows: Iterator[Row], limits: Limits) -> list[Row]:
    kept: list[Row] = []
    filled = 0
    for row in rows:
        filled += is_filled(row)
        if filled > limits.rows + HEADER_SEARCH_ROWS:
            raise FileRefused("too_many_rows", limit=limits.rows)
        kept.append(row)
    return kept


def _spread(rows: list[Row], ranges: Sequence[Range] | None) -> None:
    """Give the value of a range merged downwards to all its rows that hold anything of their own; in a range merged across
    columns too, the cells of the further columns name the range.
    """
    inside = [one for one in ranges or () if one[0][0] < len(rows)]
    own = {
        row: any(map(is_filled_cell, rows[row]))
        for (top, _), (bottom, _) in inside
        for row in range(top, min(bottom + 1, len(rows)))
    }
    for (top, left), (bottom, right) in inside:
        value = rows[top][left] if left < len(rows[top]) else ""
        if not is_filled_cell(value):
            continue
        spanned = Spanned(f"{letters(left)}{top + 1}:{letters(right)}{min(bottom, _ALL) + 1}")
        for row in range(top, min(bottom + 1, len(rows))):
            if own[row]:
                cells = rows[row]
                for column in range(left, min(right + 1, len(cells))):
                    if not is_filled_cell(cells[column]):
                        cells[column] = value if column == left else spanned
