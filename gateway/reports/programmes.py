"""Programmes: put whole, in place of the version the writer has read; their figures and parameters with them.

One key is one figure, and one parameter, over all programmes: the primary keys of their tables hold it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from contracts.programmes import ProgrammeBody
from gateway.tables import FigureDefinition, Programme, ProgrammeParameter

_COLUMNS = ("title", "status", "chapter", "position", "clause", "departments", "waits_for")
#: One writer at a time, so that programmes which exchange a key do not wait for each other; readers are not kept.
_ALONE = text("""lock table programmes in share row exclusive mode""")


class ProgrammeNotFound(Refusal):
    """No programme has this key."""

    kind = "not_found"
    code = "programme_not_found"
    zh = "未找到该项目。"
    en = "There is no such programme."


class KeyTaken(Refusal):
    """A figure or a parameter has the key of another programme's; `errors` says which."""

    kind = "conflict"
    code = "figure_key_taken"
    zh = "指标或参数的键已被其他项目使用，请按 errors 另取。"
    en = "Another programme has a figure or a parameter of this key; see errors, and write another."


def put_programme(work: Work, *, key: str, version: int | None, **body: Any) -> dict[str, Any]:
    """Add or replace a programme; `version` is the one it replaces. The same content again keeps its version.

    Raises VersionStale, KeyTaken.
    """
    work.session.execute(_ALONE)
    known = work.session.get(Programme, key)
    if (known.version if known else None) != version:
        raise VersionStale(current=known.version if known else 0)
    wanted = ProgrammeBody().dump(body)
    if known is not None:
        found = get_programme(work, key=key)
        if ProgrammeBody().dump(found) == wanted:
            return found | {"created": False}
    _write(work, key, version, wanted)
    return get_programme(work, key=key) | {"created": version is None}


def get_programme(work: Work, *, key: str) -> dict[str, Any]:
    """A programme with its figures. Raises ProgrammeNotFound."""
    found = _programmes(work, key)
    if not found:
        raise ProgrammeNotFound()
    return found[0]


def list_programmes(work: Work) -> dict[str, Any]:
    """Every programme, by chapter and position."""
    return {"items": _programmes(work)}


def _write(work: Work, key: str, version: int | None, wanted: Mapping[str, Any]) -> None:
    row = {name: wanted[name] for name in _COLUMNS} | {"version": (version or 0) + 1, "updated_at": work.now}
    session = work.session
    if version is None:
        session.execute(insert(Programme), [{"key": key, "created_at": work.now, **row}])
    else:
        session.execute(update(Programme).where(Programme.key == key).values(**row))
    _replace(
        work, key, FigureDefinition, "figures", [{"key": one["key"], "definition": one} for one in wanted["figures"]]
    )
    _replace(work, key, ProgrammeParameter, "parameters", wanted["parameters"])


def _replace(work: Work, key: str, table: Any, part: str, items: Sequence[Mapping[str, Any]]) -> None:
    work.session.execute(delete(table).where(table.programme_key == key))
    rows = [{**one, "programme_key": key, "position": number} for number, one in enumerate(items)]
    if not rows:
        return
    written = insert_once(table).values(rows).on_conflict_do_nothing().returning(table.key)
    mine = set(work.session.scalars(written))
    taken = [row["position"] for row in rows if row["key"] not in mine]
    if taken:
        raise KeyTaken(errors=[_taken(part, number) for number in taken])


def _taken(part: str, number: int) -> dict[str, str]:
    zh, en = "其他项目已有此键，请另取。", "Another programme has this key; write another."
    return {"pointer": f"#/{part}/{number}/key", "code": "duplicate", "zh": zh, "en": en}


def _programmes(work: Work, key: str | None = None) -> list[dict[str, Any]]:
    """Programmes as they are answered, in three statements however many there are."""
    statement = select(Programme).order_by(Programme.chapter, Programme.position, Programme.key)
    rows = work.session.scalars(
        (statement if key is None else statement.where(Programme.key == key)).execution_options(populate_existing=True)
    ).all()
    figures, parameters = _of_each(work, FigureDefinition, key), _of_each(work, ProgrammeParameter, key)
    return [
        {
            "key": row.key,
            **{name: getattr(row, name) for name in _COLUMNS},
            "parameters": [_parameter(one) for one in parameters.get(row.key, ())],
            "figures": [_definition(one) for one in figures.get(row.key, ())],
            "version": row.version,
        }
        for row in rows
    ]


def _of_each(work: Work, table: Any, key: str | None) -> dict[str, list[Any]]:
    statement = select(table).order_by(table.programme_key, table.position)
    found: dict[str, list[Any]] = {}
    for row in work.session.scalars(statement if key is None else statement.where(table.programme_key == key)):
        found.setdefault(row.programme_key, []).append(row)
    return found


def _definition(row: FigureDefinition) -> dict[str, Any]:
    starts_on = row.definition["starts_on"]
    return {**row.definition, "starts_on": starts_on and dt.date.fromisoformat(starts_on)}


def _parameter(row: ProgrammeParameter) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("key", "name", "value", "unit")}
