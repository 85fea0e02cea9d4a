"""Where a report differs from the record, in words: what is on record, and what the department has sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.store.work import Work
from contracts.language.violations import Violation
from services.talent.organisations import lookups
from services.talent.registers.rules import COUNTY, DAYS, FIELDS, PARTIES, TITLE, Kind, Report

MAX_SHOWN = 60
_NOTHING = ("空", "nothing")
_HIDDEN = ("（不显示）", "(not shown)")


@dataclass(frozen=True, slots=True)
class Differing:
    """A report of a batch, by its position, and the columns in which the record has another value."""

    position: int
    kind: Kind
    columns: Sequence[str]
    record: Report
    report: Report


def describe(work: Work, differing: Sequence[Differing]) -> dict[int, list[Violation]]:
    """The differences of each report, by its position. Texts of a kind that persons take part in are not shown."""
    ids = {
        party.party_id
        for one in differing
        if PARTIES in one.columns and not one.kind.is_personal
        for party in (*one.record.parties, *one.report.parties)
    }
    names = lookups.names_of(work, ids) if ids else {}
    return {one.position: [_difference(one, column, names) for column in one.columns] for one in differing}


def _difference(one: Differing, column: str, names: Mapping[UUID, str]) -> Violation:
    recorded, sent = (_shown(one.kind, column, report, names) for report in (one.record, one.report))
    zh = f"与在册记录不一致：在册 {recorded[0]}，本次报送 {sent[0]}。"
    en = f"Not what is on record: on record {recorded[1]}, now {sent[1]}."
    return Violation(
        column,
        "differs_from_record",
        f"{zh}在册取排列在前的报送部门的值；要更正本部门的填报，重新报送即可。",
        f"{en} The record has the value of the department that stands first; to correct your own report, send it again.",
    )


def _shown(kind: Kind, column: str, report: Report, names: Mapping[UUID, str]) -> tuple[str, str]:
    value = _value(column, report, names)
    if value in (None, ""):
        return _NOTHING
    if kind.is_personal and (column in (TITLE, PARTIES) or (isinstance(value, str) and column not in (COUNTY, *DAYS))):
        return _HIDDEN
    text = str(value)
    text = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return text, text


def _value(column: str, report: Report, names: Mapping[UUID, str]) -> Any:
    if column == TITLE:
        return report.title
    if column == COUNTY:
        return report.county
    if column == PARTIES:
        return "、".join(f"{one.role} {names.get(one.party_id, str(one.party_id))}" for one in report.parties)
    if column in DAYS:
        return report.days[DAYS.index(column)]
    return report.fields.get(column.removeprefix(f"{FIELDS}/"))
