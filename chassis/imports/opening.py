"""From the bytes of an XLSX or CSV file to a table of cells. Runs in the child process only.

Formulas are never calculated: calamine gives the values the file carries. What a text says (`=1+1`) is data.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import python_calamine

from chassis.imports.cells import Cell
from chassis.imports.headers import HEADER_SEARCH_ROWS, find_header_row
from chassis.imports.kinds import Column
from chassis.imports.reasons import FileRefused
from chassis.imports.template import GUIDE

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
"""Password-protected workbooks and those of Excel 97-2003 are OLE containers ([MS-OFFCRYPTO], [MS-CFB] 2.2)."""

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
"""An archive with entries, and one without (APPNOTE.TXT 4.3.7 and 4.3.16)."""

ENCODINGS = ("utf-8-sig", "gb18030")
"""UTF-8 refuses nearly every GB18030 text, while GB18030 would take UTF-8 for rare characters: so in this order."""

for _name in (*ENCODINGS, "cp437"):  # cp437 is that of file names in archives
    codecs.lookup(_name)  # loads it, while this process still may


@dataclass(frozen=True)
class Limits:
    """What a file may grow to: unpacked bytes by its own directory, parts, and the rows and columns of its table.

    `rows` counts those below the headers; opening stops a little later, for titles and headers have room too.
    """

    unpacked_bytes: int
    parts: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Table:
    """All cells of the sheet from its first row on, so that an index plus one is the row number people see."""

    rows: list[list[Cell]]
    has_other_sheets: bool = False


def open_table(content: bytes, limits: Limits, columns: Sequence[Column]) -> Table:
    """The table in a file of unknown kind; refuses (FileRefused) what is no XLSX or CSV, or exceeds the limits."""
    if not content.strip(b"\x00 \t\r\n"):
        raise FileRefused("file_empty")
    if content.startswith(OLE_MAGIC):
        raise FileRefused("file_locked_or_old")
    table = _open_xlsx(content, limits, columns) if content.startswith(ZIP_MAGICS) else _open_csv(content, limits)
    if not any(_is_filled(row) for row in table.rows):
        raise FileRefused("file_empty")
    return table


def _open_xlsx(content: bytes, limits: Limits, columns: Sequence[Column]) -> Table:
    _check_archive(content, limits)
    try:
        workbook = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        return _first_list(workbook, limits, columns)
    except python_calamine.PasswordError as error:
        raise FileRefused("file_locked_or_old") from error
    except (python_calamine.CalamineError, python_calamine.XmlError, python_calamine.ZipError) as error:
        raise FileRefused("file_broken") from error


def _check_archive(content: bytes, limits: Limits) -> None:
    # The directory may lie; memory and CPU limits of this process hold then. It is the cheap check before.
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise FileRefused("file_broken") from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise FileRefused("file_format_unknown")
    if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise FileRefused("file_too_large_when_opened")


def _first_list(workbook: python_calamine.CalamineWorkbook, limits: Limits, columns: Sequence[Column]) -> Table:
    """The first visible sheet with a header row; else the first visible one with cells, to say what it lacks."""
    first: list[list[Cell]] | None = None
    names = [sheet.name for sheet in workbook.sheets_metadata if _may_hold_rows(sheet)]
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is None:
            continue
        if sheet.end[1] >= limits.columns:
            raise FileRefused("too_many_columns", limit=limits.columns)
        rows: Iterator[list[Any]] = sheet.iter_rows()
        head: list[list[Cell]] = [list(row) for row in islice(rows, HEADER_SEARCH_ROWS)]
        if find_header_row(head, columns):
            return Table(head + _rest(rows, limits), has_other_sheets=len(names) > 1)
        first = first or head
    return Table(first or [], has_other_sheets=len(names) > 1)


def _may_hold_rows(sheet: python_calamine.SheetMetadata) -> bool:
    is_visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
    is_guide = sheet.name == GUIDE  # of our own template
    return is_visible and not is_guide and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet


def _rest(rows: Iterator[list[Cell]], limits: Limits) -> list[list[Cell]]:
    kept: list[list[Cell]] = []
    filled = 0
    for row in rows:
        filled += _is_filled(row)
        if filled > limits.rows + HEADER_SEARCH_ROWS:
            raise FileRefused("too_many_rows", limit=limits.rows)
        kept.append(list(row))
    return kept


def _open_csv(content: bytes, limits: Limits) -> Table:
    if b"\x00" in content:
        is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise FileRefused("file_encoding_unknown" if is_utf16 else "file_format_unknown")
    text = _decode(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: list[list[Cell]] = []
    filled = 0
    try:
        for row in reader:
            filled += _is_filled(row)
            if filled > limits.rows + HEADER_SEARCH_ROWS:
                raise FileRefused("too_many_rows", limit=limits.rows)
            if len(row) > limits.columns:
                raise FileRefused("too_many_columns", limit=limits.columns)
            rows.append(list(row))
    except csv.Error as error:
        raise FileRefused("file_broken") from error
    return Table(rows)


def _decode(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused("file_encoding_unknown")


def _delimiter(text: str) -> str:
    head = text[:4096]
    return max(",\t;", key=head.count)


def _is_filled(row: list[Cell] | list[str]) -> bool:
    return any(cell not in ("", None) for cell in row)
