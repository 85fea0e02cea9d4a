"""Pages of a list: narrowed by what is wanted, by keyset on (created_at, id), oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection


def narrowed(asked: Select[Any], columns: ReadOnlyColumnCollection[str, Any], wanted: Mapping[str, Any]) -> Select[Any]:
    """The statement for rows with these values, by name of the column; None is any value."""
    return asked.where(*(columns[name] == value for name, value in wanted.items() if value is not None))


def read_page(
    session: Session,
    asked: Select[Any],
    *,
    key: tuple[ColumnElement[Any], ColumnElement[Any]],
    limit: int,
    after: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """``{"items": rows as dicts, "next_after": position of the last row, None on the last page}``."""
    if after is not None:
        asked = asked.where(tuple_(*key) > tuple_(after["created_at"], after["id"]))
    rows = [dict(row) for row in session.execute(asked.order_by(*key).limit(limit + 1)).mappings()]
    items = rows[:limit]
    next_after = {"created_at": items[-1]["created_at"], "id": items[-1]["id"]} if len(rows) > limit else None
    return {"items": items, "next_after": next_after}
