"""Figures by definition: the number and the list of its records from one select, so that they cannot disagree.

Lives here: what a definition wants of a subject, counting and paging what the subject's select finds. Not here: which records
those are (each subject's ``figures``), and the definitions, which come with the query (``contracts.figures``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Text, cast, column, func, select, tuple_, values

from chassis.store.pages import Rows
from chassis.store.work import Work
from contracts.figures import ADDED, DISTINCT, STOCK

ZONE = "Asia/Shanghai"
#: The columns of a subject's select; of them what a number needs.
COLUMNS, DEPARTMENT = ("id", "on", "unit_id", "amount", "county", "label", "kind"), "department"
_NEEDED = ("id", "unit_id", "amount", DEPARTMENT)


@dataclass(frozen=True)
class Wanted:
    """What of a subject's records is counted: a stock as they are on the day `on`, a flow from `from_on` to that day."""

    count: str
    kind: str
    on: dt.date
    from_on: dt.date
    kinds: Sequence[str]
    states: Sequence[str]
    role: str | None
    programme: str | None
    where: Mapping[str, Any]
    field: str | None
    county: str | None

    @property
    def is_stock(self) -> bool:
        return self.kind == STOCK


@dataclass(frozen=True)
class Counter:
    """How a subject's records are counted.

    `records` selects them with ``COLUMNS``; None where it cannot tell what is wanted yet. A record of one department has it in a
    further column, `department`. Of others `reports` selects ``(id, department)``, given something with a column `id`;
    `reporters` the departments alone, where that is quicker.
    """

    records: Callable[[Wanted], Rows | None]
    reports: Callable[[Any], Rows] | None = None
    reporters: Callable[[Any, Wanted], Rows] | None = None


Counters = Mapping[str, Counter]


class Figures:
    """What a service counts: the counters of its subjects by mechanism, and the two queries for which they are there."""

    def __init__(self, subjects: Iterable[Any]) -> None:
        self._counters: Counters = {
            mechanism: counter for one in subjects for mechanism, counter in getattr(one, "COUNTERS", {}).items()
        }

    def count_figures(
        self,
        work: Work,
        *,
        figures: Sequence[Mapping[str, Any]],
        as_of: dt.date | None = None,
        county: str | None = None,
    ) -> dict[str, Any]:
        """The figures of these definitions, as of the end of the day `as_of` (today without one). What a subject cannot count, or
        has no record of, is null.
        """
        day = as_of or work.today
        return {"items": [_count(work, self._counters, one, _wanted(one, day, county)) for one in figures]}

    def list_figure_records(
        self,
        work: Work,
        *,
        figure: Mapping[str, Any],
        as_of: dt.date | None = None,
        county: str | None = None,
        limit: int = 50,
        after: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A page of the records behind a figure, by the day they count for."""
        counter = self._counters.get(figure["of"]["mechanism"])
        found = counter.records(_wanted(figure, as_of or work.today, county)) if counter is not None else None
        if counter is None or found is None:
            return {"items": [], "next_after": None}
        rows = found.subquery("found")
        key = (rows.c.on, cast(rows.c.id, Text), cast(rows.c.unit_id, Text))
        statement = select(rows).order_by(*key).limit(limit + 1)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(after["on"], after["id"], after["unit_id"]))
        page = [dict(row) for row in work.session.execute(statement).mappings()]
        items = page[:limit]
        reports = _reports(work, counter, rows.c.id, items)
        last = items[-1] if len(page) > limit else None
        return {
            "items": [_record(one, reports.get(one["id"], [])) for one in items],
            "next_after": last and {"on": last["on"], "id": str(last["id"]), "unit_id": str(last["unit_id"])},
        }


def shanghai_day(moment: Any) -> ColumnElement[dt.date]:
    """The city's calendar day of a column of instants."""
    return cast(func.timezone(ZONE, moment), Date)


def fields_are(column_of: Any, where: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions that declared fields have these values; `column_of` is the column that holds them."""
    texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in where.items()}
    return [column_of[key].astext == value for key, value in texts.items()]


def _wanted(figure: Mapping[str, Any], day: dt.date, county: str | None) -> Wanted:
    of = {name: value for name, value in figure["of"].items() if name != "mechanism"}
    from_on = figure["starts_on"] or day.replace(month=1, day=1)
    return Wanted(count=figure["count"], kind=figure["kind"], on=day, from_on=from_on, county=county, **of)


def _count(work: Work, counters: Counters, figure: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    nothing = {"key": figure["key"], "value": None, "n_records": 0, "reported_by": []}
    counter = counters.get(figure["of"]["mechanism"])
    found = counter.records(wanted) if counter is not None else None
    if counter is None or found is None:
        return nothing
    needed = [one for one in found.selected_columns if one.key in _NEEDED]
    records = found.with_only_columns(*needed, maintain_column_froms=True).cte("counted")
    value: ColumnElement[Any] = func.count()
    if wanted.count in DISTINCT:
        value = func.count(records.c.unit_id.distinct())
    elif wanted.count in ADDED:
        value = func.sum(records.c.amount)
    statement = select(value, func.count(), *_departments(counter, records, wanted)).select_from(records)
    number, n_records, *reporters = work.session.execute(statement).one()
    if not n_records:
        return nothing
    departments = sorted(reporters[0] or []) if reporters else []
    return {"key": figure["key"], "value": _plain(number), "n_records": n_records, "reported_by": departments}


def _departments(counter: Counter, records: Any, wanted: Wanted) -> list[ColumnElement[Any]]:
    if DEPARTMENT in records.c:
        return [func.array_agg(records.c.department.distinct())]
    if counter.reporters is not None:
        found = counter.reporters(records, wanted).subquery("reporters")
    elif counter.reports is not None:
        found = counter.reports(records).subquery("reporters")
    else:
        return []
    return [select(func.array_agg(found.c.department.distinct())).scalar_subquery()]


def _reports(
    work: Work, counter: Counter, key: ColumnElement[Any], items: Sequence[Mapping[str, Any]]
) -> dict[Any, list[str]]:
    if counter.reports is None or not items:
        return {one["id"]: [one[DEPARTMENT]] for one in items if DEPARTMENT in one}
    page = values(column("id", key.type), name="page").data([(one["id"],) for one in items])
    found: dict[Any, list[str]] = {}
    for identity, department in work.session.execute(counter.reports(page)):
        found.setdefault(identity, []).append(department)
    return {identity: sorted({*departments}) for identity, departments in found.items()}


def _record(row: Mapping[str, Any], reported_by: list[str]) -> dict[str, Any]:
    shown = {name: row[name] for name in ("label", "on", "county", "kind")}
    return {"id": str(row["id"]), **shown, "amount": _plain(row["amount"]), "reported_by": reported_by}


def _plain(number: Any) -> int | float | None:
    """A number as JSON has it: whole where it is."""
    if number is None or isinstance(number, int):
        return number
    exact = Decimal(number)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
