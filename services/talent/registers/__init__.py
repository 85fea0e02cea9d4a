"""Registers (台账): what departments keep lists of — agreements, projects, bases, tenancies … — each entry once.

An entry is known by its kind's natural key; the same entry from a second department is the same entry with two reporters. The
record is a function of the reports (``registers.rules``). Not here: kinds, reading, and who says that two entries are the same.
Source: programmes, M1; ADR 0028.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table

from chassis.rebuilding import republish
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.registers import resending
from services.talent.registers.expiring import remind_of_expiry
from services.talent.registers.kinds import RegisterKindNotFound
from services.talent.registers.reading import (
    NotAReporter,
    RegisterEntryNotFound,
    get_register_entry,
    list_entry_reports,
    list_register_entries,
)
from services.talent.registers.reports import EntryRow, EntryVerdict, PartyRow, report_entries
from services.talent.registers.tables import RegisterEntry

__all__ = [
    "EntryRow", "EntryVerdict", "NotAReporter", "PartyRow", "RegisterEntryNotFound", "get_register_entry", "list_entry_reports",
    "list_register_entries", "remind_of_expiry", "report_entries",
]  # fmt: skip

TABLE: Table = RegisterEntry.__table__  # type: ignore[assignment]


class RegisterEntryInvalid(Refusal):
    """The entry breaks a rule of its kind; `errors` says which."""

    kind = "invalid"
    code = "talent.register_entry_invalid"
    zh = "台账记录不符合要求。"
    en = "The entry of the register is not valid."


def report_register_entry(
    work: Work,
    *,
    kind_key: str,
    title: str | None,
    county: str | None,
    parties: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    **days: dt.date | None,
) -> dict[str, Any]:
    """Report one entry; the answer's `verdict` says whether it is new, known or differs from the record.

    Raises RegisterKindNotFound, NotAReporter, RegisterEntryInvalid.
    """
    row = EntryRow(kind_key, title, county, days, [PartyRow(**party) for party in parties], values)
    (done,) = report_entries(work, [row])
    if done.entry_id is None:
        raise _refusal(done)
    answer = get_register_entry(work, entry_id=done.entry_id)
    differences = [difference.to_error() for difference in done.violations]
    return answer | {"verdict": done.verdict, "created": done.created, "differences": differences}


def _refusal(done: EntryVerdict) -> Refusal:
    code = done.violations[0].code
    if code == "kind_unknown":
        return RegisterKindNotFound()
    if code == "not_a_reporter":
        return NotAReporter()
    return RegisterEntryInvalid(errors=[violation.to_error() for violation in done.violations])


SOURCES: Mapping[str, republish.Read] = {"register_entry": resending.as_they_stand}
