"""How a file was read: where its rows stand, which header became which column, what was left out and what was inferred.

Lives here: the account and the warnings, made of a table and its headers. It repeats headers and names of sheets, no cell.
Child process only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from chassis.imports.headers import HeaderRow
from chassis.imports.kinds import Column
from chassis.imports.markup import letters
from chassis.imports.reasons import INFERRED, warning
from chassis.imports.tabular import Table

MOST = 50
"""So many headers or sheets are named."""
ROWS_NAMED = 10

#: (column key, code) of a note → the numbers of its rows.
Notes = dict[tuple[str, str], list[int]]


def gathered(notes: Iterable[tuple[int, str, str]]) -> Notes:
    """The (row, column key, code) of all notes, together by column and code."""
    found: Notes = defaultdict(list)
    for row, key, code in notes:
        found[key, code].append(row)
    return found


def account(
    table: Table, headers: HeaderRow, columns: Sequence[Column], *, hidden: Sequence[int], notes: Notes
) -> dict[str, Any]:
    """How the file was read, as JSON of ``contracts.imports.ImportReading``; `hidden` are the hidden rows among those read."""
    by_key = {column.key: column for column in columns}
    return {
        "format": table.format,
        "sheet": named_sheet(table.sheet) if table.sheet is not None else None,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "header_row": headers.index + 1,
        "lines": table.lines,
        "rows": len(table.rows),
        "hidden_rows": len(hidden),
        "columns": [
            {
                "header": headers.titles[key],
                "key": key,
                "letter": letters(position),
                "zh-CN": by_key[key].zh,
                "en": by_key[key].en,
            }
            for key, position in sorted(headers.cells.items(), key=lambda item: item[1])
        ],
        "ignored": [*headers.ignored, *headers.qualified, *(header for header, _ in headers.repeated)][:MOST],
        "inferred": [_inferred(by_key[key], code, rows) for (key, code), rows in notes.items() if code in INFERRED],
    }


def warnings(table: Table, headers: HeaderRow, *, hidden: Sequence[int], notes: Notes) -> list[dict[str, str]]:
    """What a clerk should know of a file that was read all the same."""
    found = [warning("column_ignored", column) for column in headers.ignored[:MOST]]
    found += [warning("column_qualified", column) for column in headers.qualified[:MOST]]
    found += [warning("column_repeated", column, read=read) for column, read in headers.repeated[:MOST]]
    if table.blanks_from is not None:
        found.append(warning("blanks_ignored", first=letters(table.blanks_from)))
    if hidden:
        found.append(warning("hidden_rows_read", count=len(hidden), rows=listed_rows(hidden)))
    for key, position in headers.cells.items():
        if position in table.hidden_columns:
            found.append(warning("hidden_column_read", headers.titles[key]))
    for code, sheets in (("lists_ignored", table.other_lists), ("sheets_ignored", table.other_sheets)):
        if sheets:
            names = [named_sheet(sheet) for sheet in sheets[:MOST]]
            others = ("、".join(names), ", ".join(names))
            found.append(warning(code, read=named_sheet(table.sheet or ""), others=others))
    for (key, code), rows in notes.items():
        if code not in INFERRED:
            found.append(warning(code, headers.titles[key], count=len(rows), rows=listed_rows(rows)))
    return found


def listed_rows(rows: Sequence[int]) -> tuple[str, str]:
    """The first row numbers, in both languages."""
    shown, more = [str(row) for row in rows[:ROWS_NAMED]], len(rows) > ROWS_NAMED
    return "、".join(shown) + ("…" if more else ""), ", ".join(shown) + (", …" if more else "")


def named_sheet(name: str) -> str:
    """The name of a sheet as it may be repeated: without numbers as long as those of people."""
    return re.sub(r"\d{6,}", "…", name)[:31]


def _inferred(column: Column, code: str, rows: Sequence[int]) -> dict[str, Any]:
    zh, en = INFERRED[code]
    return {"code": code, "column": column.zh, "count": len(rows), "rows": rows[:ROWS_NAMED], "zh-CN": zh, "en": en}
