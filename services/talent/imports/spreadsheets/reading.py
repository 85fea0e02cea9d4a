"""From the table of an upload to roster rows, one JSON object each. Runs in the child process only.

Rows of one person come out next to each other, in the order of the person's first row: whoever applies them can then
keep them in one transaction, and what one person's rows do never depends on where the file was cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from services.talent.imports.rules.roster_rows import Cell, RosterRow, Violation, read_row
from services.talent.imports.rules.rosters import (
    COLUMN_BY_KEY,
    COLUMNS,
    HEADER_SEARCH_ROWS,
    MAX_ROWS_PER_PERSON,
    Column,
    HeaderRow,
    find_header_row,
    headers_to_show,
)
from services.talent.imports.spreadsheets.opening import Table
from services.talent.imports.spreadsheets.reasons import FileRefused, warning
from services.talent.rules.identity import Identity, read_identity

Numbered = tuple[int, RosterRow | list[Violation]]


def find_headers(table: Table, *, needs_organisation: bool) -> HeaderRow:
    """The table's header row; refuses (FileRefused) a table without one, or one that lacks a required column."""
    headers = find_header_row(table.rows)
    if headers is None:
        first_filled = next((row for row in table.rows if any(cell not in ("", None) for cell in row)), [])
        raise FileRefused(
            "header_row_missing",
            searched=HEADER_SEARCH_ROWS,
            seen=_listed(headers_to_show(first_filled)),
            expected=_named(_expected(needs_organisation)),
        )
    missing = headers.missing(needs_organisation=needs_organisation)
    if missing:
        seen = [COLUMN_BY_KEY[key].zh for key in headers.cells]
        raise FileRefused(
            "headers_missing",
            missing=_named(missing),
            seen=_listed([*seen, *headers.ignored]),
            expected=_named(_expected(needs_organisation)),
        )
    return headers


def read_lines(table: Table, *, needs_organisation: bool, max_rows: int) -> Iterator[dict[str, Any]]:
    """First {"total", "warnings"}, then one object per filled row below the headers; refuses (FileRefused) none or too many.

    A row is {"row": its number in the sheet, "person": a number equal for all rows of one person} and either its
    "values" or its "violations".
    """
    headers = find_headers(table, needs_organisation=needs_organisation)
    rows = list(_read_rows(table, headers))
    if not rows:
        raise FileRefused("file_empty")
    if len(rows) > max_rows:
        raise FileRefused("too_many_rows", limit=max_rows)
    yield {"total": len(rows), "warnings": _warnings(table, headers)}
    for person, (number, row) in enumerate_persons(rows):
        line: dict[str, Any] = {"row": number, "person": person}
        if isinstance(row, RosterRow):
            line["values"] = row.to_json()
        else:
            line["violations"] = [violation.to_json() for violation in row]
        yield line


def enumerate_persons(rows: list[Numbered]) -> Iterator[tuple[int, Numbered]]:
    """The rows with rows of one person brought together; a row that could not be read is a person of its own."""
    groups: dict[object, list[Numbered]] = defaultdict(list)
    for number, row in rows:
        groups[_person(row) or number].append((number, row))
    for person, group in enumerate(groups.values()):
        for position, (number, row) in enumerate(group):
            yield person, (number, row if position < MAX_ROWS_PER_PERSON else [_listed_too_often()])


def cells_by_key(row: list[Cell], headers: HeaderRow) -> dict[str, Cell]:
    """The cells of one row under their column keys; a row that ends early has empty cells."""
    return {key: row[position] if position < len(row) else "" for key, position in headers.cells.items()}


def _read_rows(table: Table, headers: HeaderRow) -> Iterator[Numbered]:
    for index in range(headers.index + 1, len(table.rows)):
        row = table.rows[index]
        if any(cell is not None and str(cell).strip() for cell in row):
            yield index + 1, read_row(cells_by_key(row, headers))


def _person(row: RosterRow | list[Violation]) -> object | None:
    """What two rows share that are about one person; None for a row that names nobody."""
    if not isinstance(row, RosterRow):
        return None
    # whether the date of birth is in the future is not asked here
    identity = read_identity(row.id_type, row.id_number, today=date.max)
    return (identity.space, identity.number) if isinstance(identity, Identity) else None


def _warnings(table: Table, headers: HeaderRow) -> list[dict[str, str]]:
    found = [warning("column_ignored", column) for column in headers.ignored[:50]]
    found += [warning("column_repeated", column) for column in headers.repeated[:50]]
    if table.has_other_sheets:
        found.append(warning("sheets_ignored"))
    return found


def _listed_too_often() -> Violation:
    return Violation(
        column=COLUMN_BY_KEY["id_number"].zh,
        code="person_listed_too_often",
        zh=f"同一人在名单中超过 {MAX_ROWS_PER_PERSON} 行，请删除重复的行。",
        en=f"The same person is on more than {MAX_ROWS_PER_PERSON} rows of this roster.",
    )


def _expected(needs_organisation: bool) -> list[Column]:
    return [c for c in COLUMNS if c.is_required and (c.key != "organisation" or needs_organisation)]


def _named(columns: list[Column]) -> tuple[str, str]:
    return "、".join(c.zh for c in columns), ", ".join(f"{c.zh} ({c.en})" for c in columns)


def _listed(headers: list[str]) -> tuple[str, str]:
    return "、".join(headers) or "（无）", ", ".join(headers) or "(none)"
