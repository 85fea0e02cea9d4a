"""Pages of a list: filtered, by keyset on (created_at, id), oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

#: A statement that selects any columns.
Rows = Select[*tuple[Any, ...]]


def narrowed(statement: Rows, columns: ReadOnlyColumnCollection[str, Any], filters: Mapping[str, Any]) -> Rows:
    """The statement for rows with these values, by name of the column; None is any value."""
    return statement.where(*(columns[name] == value for name, value in filters.items() if value is not None))


def read_page(
    session: Session,
    statement: Rows,
    *,
    key: tuple[Any, Any],
    limit: int,
    after: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """``{"items": rows as dicts, "next_after": position of the last row, None on the last page}``."""
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(after["created_at"], after["id"]))
    rows = [dict(row) for row in session.execute(statement.order_by(*key).limit(limit + 1)).mappings()]
    items = rows[:limit]
    next_after = {"created_at": items[-1]["created_at"], "id": items[-1]["id"]} if len(rows) > limit else None
    return {"items": items, "next_after": next_after}
