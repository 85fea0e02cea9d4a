"""Pages of a list: filtered, by keyset on (created_at, id), oldest or newest first, and counted where that is wanted.

Lives here: what every list has in common (``contracts.language.paging``). A list is read by an index on its key, in either order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, func, literal_column, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import ClauseElement

from contracts.language.paging import AT_LEAST, ESTIMATE, EXACT, Paging

#: A statement that selects any columns.
Rows = Select[*tuple[Any, ...]]

#: The most records that are counted one by one: for an exact count, and before an estimate is made.
MOST_COUNTED, FEW = 10_000, 1_000


def narrowed(statement: Rows, columns: ReadOnlyColumnCollection[str, Any], filters: Mapping[str, Any]) -> Rows:
    """The statement for rows with these values, by name of the column; None is any value."""
    return statement.where(*(columns[name] == value for name, value in filters.items() if value is not None))


def within(
    statement: Rows, page: Paging, created_at: ColumnElement[Any], updated_at: ColumnElement[Any] | None = None
) -> Rows:
    """The statement for rows of the page's times. Rows without `updated_at` never change."""
    if page.created_from is not None:
        statement = statement.where(created_at >= page.created_from)
    if page.created_until is not None:
        statement = statement.where(created_at < page.created_until)
    if page.updated_since is not None:
        statement = statement.where((created_at if updated_at is None else updated_at) >= page.updated_since)
    return statement


def following(statement: Rows, page: Paging, key: tuple[Any, Any]) -> Rows:
    """The statement for one row more than the page has, in its order."""
    if page.after is not None:
        position = tuple_(page.after["created_at"], page.after["id"])
        statement = statement.where(tuple_(*key) < position if page.is_descending else tuple_(*key) > position)
    order = (one.desc() for one in key) if page.is_descending else key
    return statement.order_by(*order).limit(page.limit + 1)


def read_page(
    session: Session,
    statement: Rows,
    page: Paging,
    *,
    key: tuple[Any, Any],
    updated_at: Any = None,
    counted: Rows | None = None,
) -> dict[str, Any]:
    """``{"items": rows as dicts, "next_after": position of the last row, None on the last page}``, and ``count`` where the page
    wants it: of `counted`, where that is another statement for the same rows.
    """
    wanted = within(statement, page, key[0], updated_at)
    rows = [dict(row) for row in session.execute(following(wanted, page, key)).mappings()]
    items = rows[: page.limit]
    last = items[-1] if len(rows) > page.limit else None
    found = {"items": items, "next_after": last and {"created_at": last["created_at"], "id": last["id"]}}
    if page.count is None:
        return found
    return found | {
        "count": count(session, within(wanted if counted is None else counted, page, key[0], updated_at), page)
    }


def count(session: Session, statement: Rows, page: Paging) -> dict[str, Any]:
    """How many rows a statement has: counted up to a limit, then estimated by the planner if the page wants no more."""
    most = FEW if page.count == ESTIMATE else MOST_COUNTED
    bare: Rows = statement.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(None)
    several = select(func.count()).select_from(bare.limit(most + 1).subquery())
    found = session.execute(several).scalar_one()
    if found <= most:
        return {"value": found, "kind": EXACT}
    if page.count == EXACT:
        return {"value": most, "kind": AT_LEAST}
    plan = session.execute(_Explain(bare)).scalar_one()
    return {"value": max(most, int(plan[0]["Plan"]["Plan Rows"])), "kind": ESTIMATE}


class _Explain(Executable, ClauseElement):
    """The planner's view of a statement."""

    inherit_cache = False

    def __init__(self, statement: Rows) -> None:
        self.statement = statement


@compiles(_Explain)
def _compiled(element: _Explain, compiler: Any, **kwargs: Any) -> str:
    return f"explain (format json) {compiler.process(element.statement, **kwargs)}"
