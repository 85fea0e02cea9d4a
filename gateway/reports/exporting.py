"""The records behind a figure as a file of comma-separated values that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.http.languages import Language, pick

CSV = "text/csv"
_HEADS = {
    "id": ("编号", "id"),
    "label": ("名称", "label"),
    "on": ("日期", "on"),
    "county": ("区划", "county"),
    "amount": ("数量", "amount"),
    "reported_by": ("报送部门", "reported by"),
    "kind": ("类别", "kind"),
}
#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Read = Callable[[Mapping[str, Any] | None], Mapping[str, Any]]


def lines(first: Mapping[str, Any], read: Read, language: Language) -> Iterator[str]:
    """The file, page by page; `read` gives the page after a position."""
    yield "\ufeff" + _row([pick(*head, language) for head in _HEADS.values()])
    page: Mapping[str, Any] = first
    while True:
        for one in page["items"]:
            yield _row([_cell(one[name]) for name in _HEADS])
        if page["next_after"] is None:
            return
        page = read(page["next_after"])


def _cell(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def _row(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
