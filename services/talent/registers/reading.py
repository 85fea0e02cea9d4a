"""Reading entries of registers: one, a page, and what each department says of one.

An entry of a kind that persons take part in is shown to the kind's reporters, and to who reaches everybody; for others it does
not exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from contracts.vocabulary import ENTRY_STATES
from services.talent.organisations import lookups
from services.talent.organisations.rules.names import name_key
from services.talent.people import reach
from services.talent.registers import rules
from services.talent.registers import statements as rows
from services.talent.registers.rules import DAYS, Kind, Party
from services.talent.registers.stored_kinds import all_kinds, find_kind
from services.talent.registers.tables import RegisterEntry, RegisterParty, RegisterReport

_DAYS: tuple[Any, ...] = tuple(getattr(RegisterEntry, name) for name in DAYS)
_COLUMNS: tuple[Any, ...] = (
    RegisterEntry.id, RegisterEntry.kind_key, RegisterEntry.title, *_DAYS, RegisterEntry.county,
    RegisterEntry.fields.label("values"), RegisterEntry.same_as, RegisterEntry.version, RegisterEntry.created_at,
)  # fmt: skip


class RegisterEntryNotFound(Refusal):
    """No entry has this id, or it names persons and is not shown to the caller's department."""

    kind = "not_found"
    code = "talent.register_entry_not_found"
    zh = "未找到该台账记录。"
    en = "There is no such entry."


class NotAReporter(Refusal):
    """The caller's department is not among the reporters of the register."""

    kind = "forbidden"
    code = "talent.not_a_reporter"
    zh = "本部门不在该台账的报送部门之列。"
    en = "Your department is not among the register's reporters."


def get_register_entry(work: Work, *, entry_id: UUID, on: dt.date | None = None) -> dict[str, Any]:
    """One entry, with its state as of `on`, today without it. Raises RegisterEntryNotFound."""
    found = dict(records.found(work, select(*_COLUMNS).where(RegisterEntry.id == entry_id), RegisterEntryNotFound))
    kind = find_kind(work, found["kind_key"])
    if kind is None or not _is_shown(work, kind):
        raise RegisterEntryNotFound()
    return _filled(work, [found], on)[0]


def list_register_entries(
    work: Work, *, page: Paging, on: dt.date | None = None, programme: str | None = None, **filters: Any
) -> dict[str, Any]:
    """Entries that are not the same as another, oldest first; a filter of None matches any."""
    kinds = [kind for kind in all_kinds(work) if _is_shown(work, kind)]
    if programme is not None:
        kinds = [kind for kind in kinds if kind.programme == programme]
    keys = {kind.key for kind in kinds}
    equal = {name: filters.get(name) for name in ("kind_key", "county")}
    statement = narrowed(select(*_COLUMNS), RegisterEntry.__table__.c, equal).where(RegisterEntry.same_as.is_(None))
    if equal["kind_key"] is None:
        statement = statement.where(RegisterEntry.kind_key.in_(sorted(keys)))
    elif equal["kind_key"] not in keys:
        statement = statement.where(false())
    statement = statement.where(*_conditions(on or work.today, filters))
    key = (RegisterEntry.created_at, RegisterEntry.id)
    found = read_page(work.session, statement, page, key=key, updated_at=RegisterEntry.updated_at)
    return found | {"items": _filled(work, found["items"], on)}


def _conditions(on: dt.date, filters: dict[str, Any]) -> Iterable[ColumnElement[bool]]:
    if (state := filters.get("state")) is not None:
        yield _is_in(state, on)
    from_on, until_on = filters.get("from_on"), filters.get("until_on")
    if from_on is not None or until_on is not None:
        yield or_(*(_within(day, from_on, until_on) for day in _DAYS))
    if (organisation_id := filters.get("organisation_id")) is not None:
        party = RegisterParty.entry_id == RegisterEntry.id
        yield exists().where(party, RegisterParty.organisation_id == organisation_id)
    if (department := filters.get("reported_by")) is not None:
        yield _is_reported_by(department)
    if (q := filters.get("q")) is not None:
        yield RegisterEntry.title_key.contains(name_key(q), autoescape=True)


def _is_in(state: str, on: dt.date) -> ColumnElement[bool]:
    """Reached by `on`, and none of the later states was."""
    own, *later = _DAYS[ENTRY_STATES.index(state) :]
    return and_(own <= on, *(or_(day.is_(None), day > on) for day in later))


def _within(day: Any, from_on: dt.date | None, until_on: dt.date | None) -> ColumnElement[bool]:
    bounds = [] if from_on is None else [day >= from_on]
    return and_(*bounds, *([] if until_on is None else [day < until_on]))


def _is_reported_by(department: str) -> ColumnElement[bool]:
    """By a report on the entry, or on one that is the same as it."""
    second = RegisterEntry.__table__.alias("second")
    report = RegisterReport.__table__.c
    own = exists().where(report.entry_id == RegisterEntry.id, report.department == department)
    of_second = exists(
        select(second.c.id)
        .join(RegisterReport, report.entry_id == second.c.id)
        .where(second.c.same_as == RegisterEntry.id, report.department == department)
        .correlate(RegisterEntry)
    )
    return or_(own, of_second)


def list_entry_reports(work: Work, *, entry_id: UUID) -> dict[str, Any]:
    """What each department says of an entry, by department. Raises RegisterEntryNotFound."""
    entry = rows.read_ids(work.session, [entry_id]).get(entry_id)
    kind = find_kind(work, entry.kind_key) if entry else None
    if entry is None or kind is None or not _is_shown(work, kind):
        raise RegisterEntryNotFound()
    statement = select(RegisterReport.department, RegisterReport.reported_at)
    reported_at = {row[0]: row[1] for row in work.session.execute(statement.where(RegisterReport.entry_id == entry_id))}
    named = _Named(work, [party for report in entry.reports.values() for party in report.parties])
    items = [
        {
            "department": department,
            "title": report.title,
            "county": report.county,
            "values": report.fields,
            **dict(zip(DAYS, report.days, strict=True)),
            "parties": named.parties(report.parties),
            "differs": rules.differing(entry.record, report),
            "reported_at": reported_at[department],
        }
        for department, report in sorted(entry.reports.items())
    ]
    return {"items": items}


def _is_shown(work: Work, kind: Kind) -> bool:
    return not kind.is_personal or work.caller.department in kind.reporters or reach.is_everybodys(work)


class _Named:
    """Parties as answers have them: organisations by name, of persons the id they answer with and no name."""

    def __init__(self, work: Work, parties: Iterable[Party]) -> None:
        people: set[UUID] = set()
        organisations: set[UUID] = set()
        for party in parties:
            (people if party.is_person else organisations).add(party.party_id)
        self._names = lookups.names_of(work, organisations) if organisations else {}
        self._people = reach.standing_for(work, people) if people else {}

    def parties(self, parties: Iterable[Party]) -> list[dict[str, Any]]:
        """Each party, by role."""
        return [self._party(party) for party in sorted(parties)]

    def _party(self, party: Party) -> dict[str, Any]:
        if party.is_person:
            person_id = self._people.get(party.party_id, party.party_id)
            return {"role": party.role, "organisation_id": None, "person_id": person_id, "name": None}
        name = self._names.get(party.party_id)
        return {"role": party.role, "organisation_id": party.party_id, "person_id": None, "name": name}


def _filled(work: Work, found: Sequence[dict[str, Any]], on: dt.date | None) -> list[dict[str, Any]]:
    """Rows of entries with their parties, their reporters, and their state as of a day."""
    ids = [row["id"] for row in found]
    parties = rows.parties(work.session, ids)
    reporters = rows.reporters(work.session, ids)
    named = _Named(work, [party for several in parties.values() for party in several])
    return [
        {
            **row,
            "state": rules.state_on(tuple(row[name] for name in DAYS), on or work.today),
            "parties": named.parties(parties[row["id"]]),
            "reported_by": reporters[row["id"]],
        }
        for row in found
    ]
