"""Entries of a register as rows of a file, in the columns of its import: sent in again, they are unchanged.

Lives here: a page of texts. Not here: writing the file (the gateway).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.declared.columns import told_apart, written
from chassis.imports.kinds import Column
from chassis.store.work import Work
from contracts.language.paging import Paging
from services.talent.imports.registers.columns import CODES, columns_of
from services.talent.imports.registers.rows import BETWEEN
from services.talent.organisations.lookups import Spoken, spoken_of
from services.talent.registers import list_register_entries
from services.talent.registers.kinds import get_kind
from services.talent.registers.rules import COUNTY, FIELDS, PARTIES, TITLE, Kind

_BESIDE = (
    Column("entry/id", "记录编号", "entry id", ()),
    Column("entry/state", "当前状态", "state", ()),
    Column("entry/reported_by", "报送部门", "reported by", ()),
)
_Write = Callable[[Mapping[str, Any], Mapping[UUID, Spoken]], str]


def list_register_rows(
    work: Work,
    *,
    page: Paging,
    kind_key: str,
    state: str | None = None,
    on: dt.date | None = None,
    county: str | None = None,
    reported_by: str | None = None,
) -> dict[str, Any]:
    """A page of entries as texts, oldest first: the columns of the kind's files, then id, state and reporters.

    Raises RegisterKindNotFound.
    """
    kind = get_kind(work, kind_key)
    filters = {"kind_key": kind_key, "state": state, "county": county, "reported_by": reported_by}
    found = list_register_entries(work, page=page, on=on, **filters)
    organisations = spoken_of(work, _organisations(kind, found["items"]))
    columns = told_apart([*columns_of(kind), *_BESIDE])
    writers = [_writer(kind, column) for column in columns]
    items = [[write(entry, organisations) for write in writers] for entry in found["items"]]
    headers = [column.zh for column in columns]
    return {"name": kind.name["zh-CN"], "headers": headers, "items": items, "next_after": found["next_after"]}


def _organisations(kind: Kind, entries: Sequence[Mapping[str, Any]]) -> set[UUID]:
    keys = [field["key"] for field in kind.declared if field["type"] == "organisation"]
    found = {UUID(entry["values"][key]) for entry in entries for key in keys if key in entry["values"]}
    parties = [party["organisation_id"] for entry in entries for party in entry["parties"]]
    return found | {organisation_id for organisation_id in parties if organisation_id is not None}


def _writer(kind: Kind, column: Column) -> _Write:
    group, _, key = column.key.partition("/")
    if group == PARTIES:
        several = next(role["most"] != 1 for role in kind.parties if role["role"] == key)
        return lambda entry, known: "；".join(_named(known[one], several=several) for one in _in_role(entry, key))
    if group == CODES:
        return lambda entry, known: _codes([known[one].uscc or "" for one in _in_role(entry, key)])
    if group == FIELDS:
        field = next(one for one in kind.declared if one["key"] == key)
        if field["type"] == "organisation":
            return lambda entry, known: (
                _named(known[UUID(entry["values"][key])], several=False) if key in entry["values"] else ""
            )
        return lambda entry, known: written(field, entry["values"].get(key))
    return _writer_of_itself(kind, column.key)


def _writer_of_itself(kind: Kind, key: str) -> _Write:
    if key == "entry/id":
        return lambda entry, known: str(entry["id"])
    if key == "entry/state":
        names = {state["key"]: state["name"]["zh-CN"] for state in kind.states}
        return lambda entry, known: names.get(entry["state"], "")
    if key == "entry/reported_by":
        return lambda entry, known: "；".join(entry["reported_by"])
    if key in (TITLE, COUNTY):
        return lambda entry, known: entry[key] or ""
    return lambda entry, known: entry[key].isoformat() if entry[key] else ""


def _in_role(entry: Mapping[str, Any], role: str) -> list[UUID]:
    return [one["organisation_id"] for one in entry["parties"] if one["role"] == role and one["organisation_id"]]


def _named(organisation: Spoken, *, several: bool) -> str:
    """Its name; its credit code where the name would be read as another's, or as several."""
    is_unclear = organisation.is_shared or (several and BETWEEN.search(organisation.name))
    return organisation.uscc if is_unclear and organisation.uscc else organisation.name


def _codes(codes: Sequence[str]) -> str:
    return "；".join(codes) if any(codes) else ""
