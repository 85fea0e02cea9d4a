"""From the table of an upload to lines, one JSON object each. Runs in the child process only.

Lines of one group come out next to each other, in the order of the group's first row: they are applied in one transaction, and
what they do never depends on where the file was cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.imports.accounts import account, gathered, warnings
from chassis.imports.cells import Cell, Wrong
from chassis.imports.days import as_typed, since_1900
from chassis.imports.headers import HEADER_SEARCH_ROWS, HeaderRow, find_header_row, headers_to_show
from chassis.imports.kinds import MAX_ROWS_PER_GROUP, Column, GroupOf, Line, ReadRow
from chassis.imports.reasons import FileRefused, warning
from chassis.imports.tabular import Table
from chassis.imports.template import EXAMPLE_MARKS
from contracts.language.violations import Violation


@dataclass(frozen=True)
class Sheet:
    """What the child process knows of a kind."""

    columns: Sequence[Column]
    required: Sequence[Column]
    read_row: ReadRow
    group_of: GroupOf
    too_often: Violation


Numbered = tuple[int, Any]


def find_headers(table: Table, sheet: Sheet) -> HeaderRow:
    """The table's header row; refuses (FileRefused) a table without one, or one that lacks a required column."""
    headers = find_header_row(table.rows, sheet.columns)
    if headers is None:
        first_filled = next((row for row in table.rows if any(cell not in ("", None) for cell in row)), [])
        raise FileRefused(
            "header_row_missing",
            searched=HEADER_SEARCH_ROWS,
            seen=_listed(headers_to_show(first_filled)),
            expected=_named(sheet.required),
        )
    missing = headers.missing(sheet.required)
    if missing:
        seen = [column.zh for column in sheet.columns if column.key in headers.cells]
        raise FileRefused(
            "headers_missing",
            missing=_named(missing),
            seen=_listed([*seen, *headers.ignored, *headers.qualified]),
            expected=_named(sheet.required),
        )
    return headers


def read_lines(table: Table, sheet: Sheet, *, max_rows: int) -> Iterator[Line]:
    """First {"total", "warnings", "reading"}, then one object per filled row below the headers; refuses (FileRefused) none or
    too many. ``reading`` is how the file was read (``accounts.account``), with all `hidden` row numbers beside it.

    A line is {"row": its number in the sheet, "group": a number equal for all lines of one group} and either its "values" or its
    "violations".
    """
    headers = find_headers(table, sheet)
    examples: list[int] = []
    rows = list(_read_rows(table, headers, sheet, examples))
    if not rows:
        raise FileRefused("file_empty")
    if len(rows) > max_rows:
        raise FileRefused("too_many_rows", limit=max_rows)
    yield _about(table, headers, sheet, rows, examples)
    names = {column.key: column.zh for column in sheet.columns}
    for group, (number, row) in enumerate_groups(rows, sheet):
        line: Line = {"row": number, "group": group}
        if isinstance(row, list):
            line["violations"] = [shown(violation, names) for violation in row]
        else:
            line["values"] = row if isinstance(row, dict) else row.to_json()
        yield line


def shown(violation: Violation, names: dict[str, str]) -> dict[str, str]:
    """A violation as it is stored with a row; `names` are the Chinese names of the columns."""
    column = names.get(violation.field, violation.field)
    return {"column": column, "code": violation.code, "zh": violation.zh, "en": violation.en}


def enumerate_groups(rows: list[Numbered], sheet: Sheet) -> Iterator[tuple[int, Numbered]]:
    """The rows with rows of one group brought together; a row that could not be read is a group of its own."""
    groups: dict[object, list[Numbered]] = defaultdict(list)
    for number, row in rows:
        key = None if isinstance(row, list) else sheet.group_of(row)
        groups[number if key is None else key].append((number, row))
    for group, members in enumerate(groups.values()):
        for position, (number, row) in enumerate(members):
            yield group, (number, row if position < MAX_ROWS_PER_GROUP else [sheet.too_often])


def cells_by_key(row: list[Cell], headers: HeaderRow) -> dict[str, Cell]:
    """The cells of one row under their column keys; a row that ends early has empty cells."""
    return {key: row[position] if position < len(row) else "" for key, position in headers.cells.items()}


def _about(table: Table, headers: HeaderRow, sheet: Sheet, rows: list[Numbered], examples: list[int]) -> dict[str, Any]:
    notes = gathered((number, *note) for number, row in rows for note in getattr(row, "notes", ()))
    hidden_rows = set(table.hidden_rows)
    hidden = [number for number, _ in rows if number in hidden_rows]
    found = warnings(table, headers, hidden=hidden, notes=notes) + [warning("example_skipped") for _ in examples]
    reading = account(table, headers, sheet.columns, hidden=hidden, notes=notes)
    return {"total": len(rows), "warnings": found, "reading": reading, "hidden": hidden}


def _read_rows(table: Table, headers: HeaderRow, sheet: Sheet, examples: list[int]) -> Iterator[Numbered]:
    days = [column.key for column in sheet.columns if column.is_day and column.key in headers.cells]
    as_meant = as_typed if table.format == "csv" else since_1900 if table.is_1904 else None
    for index in range(headers.index + 1, len(table.rows)):
        row = table.rows[index]
        if not any(cell is not None and str(cell).strip() for cell in row):
            continue
        cells = cells_by_key(row, headers)
        if any(isinstance(cell, str) and _is_example(cell) for cell in cells.values()):
            examples.append(index + 1)
            continue
        if as_meant is not None:
            cells |= {key: as_meant(cells[key]) for key in days}
        try:
            read = sheet.read_row(cells)
        except Wrong as wrong:  # of a reader that takes no notice of cells without a value
            read = [Violation("", wrong.code, wrong.zh, wrong.en)]
        yield index + 1, read


def _is_example(text: str) -> bool:
    return "示例" in text and text.strip().startswith(EXAMPLE_MARKS)


def _named(columns: Sequence[Column]) -> tuple[str, str]:
    return "、".join(c.zh for c in columns), ", ".join(f"{c.zh} ({c.en})" for c in columns)


def _listed(headers: list[str]) -> tuple[str, str]:
    return "、".join(headers) or "（无）", ", ".join(headers) or "(none)"
