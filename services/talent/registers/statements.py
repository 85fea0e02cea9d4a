"""Entries of registers in the database: the multi-row statements behind reporting them, and what each change says and records.

Each statement takes whole columns (``unnest``), so 500 rows cost as many round trips as one. The law is in ``rules``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from chassis.store.work import Work
from contracts.vocabulary import ENTRY_STATES
from services.talent.organisations.rules.names import name_key
from services.talent.registers.rules import DAYS, Days, Party, Report, state_on

#: The kind and the identity of an entry.
Key = tuple[str, str]

_DAYS = ", ".join(DAYS)

# in one order everywhere, here and where they are locked: whoever waits for a row holds none that stands behind it
_INSERT = text(
    f"""
    insert into register_entries (id, kind_key, identity, title, title_key, county, fields, expires_on, {_DAYS}, version,
        created_at, updated_at)
    select id, kind_key, identity, title, title_key, county, cast(fields as jsonb), expires_on, {_DAYS}, 1, :now, :now
    from unnest(cast(:id as uuid[]), cast(:kind_key as text[]), cast(:identity as text[]), cast(:title as text[]),
        cast(:title_key as text[]), cast(:county as text[]), cast(:fields as text[]), cast(:expires_on as date[]),
        cast(:proposed_on as date[]), cast(:agreed_on as date[]), cast(:running_on as date[]), cast(:done_on as date[]),
        cast(:ended_on as date[]))
        as n (id, kind_key, identity, title, title_key, county, fields, expires_on, {_DAYS})
    order by kind_key collate "C", identity collate "C"
    on conflict (kind_key, identity) do nothing returning id
    """
)
_COLUMNS = f"e.id, e.kind_key, e.identity, e.title, e.county, e.fields, {_DAYS}, e.same_as, e.version"
_LOCK = text(
    f"""
    select {_COLUMNS}
    from unnest(cast(:kind_key as text[]), cast(:identity as text[])) as wanted (kind_key, identity)
    join register_entries e on e.kind_key = wanted.kind_key and e.identity = wanted.identity
    order by e.kind_key collate "C", e.identity collate "C" for no key update of e
    """
)
_LOCK_BY_ID = text(
    f"""
    select {_COLUMNS} from register_entries e where e.id = any(cast(:ids as uuid[]))
    order by e.kind_key collate "C", e.identity collate "C" for no key update
    """
)
_READ_BY_ID = text(f"""select {_COLUMNS} from register_entries e where e.id = any(cast(:ids as uuid[]))""")
_REPORTERS = text(
    """
    select entry_id, department from (
        select r.entry_id, r.department from register_reports r where r.entry_id = any(cast(:ids as uuid[]))
        union
        select e.same_as, r.department from register_entries e join register_reports r on r.entry_id = e.id
        where e.same_as = any(cast(:ids as uuid[]))
    ) reported order by department
    """
)
_REPORTS = text(
    f"""
    select entry_id, department, title, county, fields, {_DAYS}, parties from register_reports
    where entry_id = any(cast(:ids as uuid[]))
    """
)
_PARTIES = text(
    """
    select entry_id, role, party_id, person_id is not null as is_person from register_parties
    where entry_id = any(cast(:ids as uuid[]))
    """
)
_CHANGE = text(
    f"""
    update register_entries e set title = n.title, title_key = n.title_key, county = n.county,
        fields = cast(n.fields as jsonb), expires_on = n.expires_on, proposed_on = n.proposed_on, agreed_on = n.agreed_on,
        running_on = n.running_on, done_on = n.done_on, ended_on = n.ended_on, version = n.version, updated_at = :now
    from unnest(cast(:id as uuid[]), cast(:title as text[]), cast(:title_key as text[]), cast(:county as text[]),
        cast(:fields as text[]), cast(:expires_on as date[]), cast(:proposed_on as date[]), cast(:agreed_on as date[]),
        cast(:running_on as date[]), cast(:done_on as date[]), cast(:ended_on as date[]), cast(:version as integer[]))
        as n (id, title, title_key, county, fields, expires_on, {_DAYS}, version)
    where e.id = n.id
    """
)
_DROP_PARTIES = text("""delete from register_parties where entry_id = any(cast(:ids as uuid[]))""")
_ADD_PARTIES = text(
    """
    insert into register_parties (entry_id, role, party_id, organisation_id, person_id)
    select entry_id, role, party_id, case when not is_person then party_id end, case when is_person then party_id end
    from unnest(cast(:ids as uuid[]), cast(:roles as text[]), cast(:parties as uuid[]), cast(:people as boolean[]))
        as n (entry_id, role, party_id, is_person)
    """
)
_KEEP = text(
    f"""
    insert into register_reports (entry_id, department, client_id, title, county, fields, {_DAYS}, parties, reported_at)
    select id, :department, :client_id, title, county, cast(fields as jsonb), {_DAYS}, cast(parties as jsonb), :now
    from unnest(cast(:id as uuid[]), cast(:title as text[]), cast(:county as text[]), cast(:fields as text[]),
        cast(:proposed_on as date[]), cast(:agreed_on as date[]), cast(:running_on as date[]), cast(:done_on as date[]),
        cast(:ended_on as date[]), cast(:parties as text[])) as n (id, title, county, fields, {_DAYS}, parties)
    on conflict (entry_id, department) do update set client_id = excluded.client_id, title = excluded.title,
        county = excluded.county, fields = excluded.fields, proposed_on = excluded.proposed_on,
        agreed_on = excluded.agreed_on, running_on = excluded.running_on, done_on = excluded.done_on,
        ended_on = excluded.ended_on, parties = excluded.parties, reported_at = excluded.reported_at
    """
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its record, and the report of each department it is made of."""

    id: UUID
    kind_key: str
    identity: str
    record: Report
    reports: Mapping[str, Report]
    same_as: UUID | None = None
    version: int = 1

    @property
    def key(self) -> Key:
        """What the entry is known by."""
        return self.kind_key, self.identity


def insert(work: Work, entries: Sequence[Entry]) -> set[UUID]:
    """Store new entries, without parties and reports; returns the ids of those that were not there before."""
    columns = {
        "kind_key": [entry.kind_key for entry in entries],
        "identity": [entry.identity for entry in entries],
        **_written(entries),
    }
    return set(work.session.connection().execute(_INSERT, {**columns, "now": work.now}).scalars())


def lock(work: Work, keys: Iterable[Key]) -> dict[Key, Entry]:
    """The entries of these keys with all their reports, locked in one order."""
    wanted = sorted(keys)
    columns = {"kind_key": [kind for kind, _ in wanted], "identity": [identity for _, identity in wanted]}
    rows = work.session.connection().execute(_LOCK, columns).all() if wanted else []
    return {entry.key: entry for entry in _entries(work.session, rows)}


def lock_ids(work: Work, ids: Iterable[UUID]) -> dict[UUID, Entry]:
    """As `lock`, by id; ids of no entry are missing."""
    rows = work.session.connection().execute(_LOCK_BY_ID, {"ids": [str(one) for one in set(ids)]}).all()
    return {entry.id: entry for entry in _entries(work.session, rows)}


def read_ids(session: Session, ids: Iterable[UUID]) -> dict[UUID, Entry]:
    """As `lock_ids`, and nothing is locked."""
    rows = session.connection().execute(_READ_BY_ID, {"ids": [str(one) for one in set(ids)]}).all()
    return {entry.id: entry for entry in _entries(session, rows)}


def _entries(session: Session, rows: Sequence[Any]) -> list[Entry]:
    ids = [row.id for row in rows]
    kept, taking_part = _reports(session, ids), parties(session, ids)
    found = []
    for row in rows:
        record = _report(row, taking_part[row.id])
        entry = Entry(row.id, row.kind_key, row.identity, record, kept[row.id], row.same_as, row.version)
        found.append(entry)
    return found


def parties(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Party]]:
    """Who takes part in these entries; an entry without parties has an empty list."""
    found: dict[UUID, list[Party]] = {one: [] for one in ids}
    for row in session.connection().execute(_PARTIES, {"ids": [str(one) for one in ids]}) if ids else ():
        found[row.entry_id].append(Party(row.role, row.party_id, row.is_person))
    return found


def reporters(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The departments that have reported each entry, or one that is the same as it, by name."""
    found: dict[UUID, list[str]] = {one: [] for one in ids}
    for row in session.connection().execute(_REPORTERS, {"ids": [str(one) for one in ids]}) if ids else ():
        found[row.entry_id].append(row.department)
    return found


def _reports(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, Report]]:
    found: dict[UUID, dict[str, Report]] = {one: {} for one in ids}
    for row in session.connection().execute(_REPORTS, {"ids": [str(one) for one in ids]}) if ids else ():
        taking_part = [Party(one["role"], UUID(one["party_id"]), one["is_person"]) for one in row.parties]
        found[row.entry_id][row.department] = _report(row, taking_part)
    return found


def _report(row: Any, parties: Iterable[Party]) -> Report:
    return Report(row.title, row.county, days_of(row), row.fields, tuple(sorted(parties)))


def days_of(row: Any) -> Days:
    """The days of a row, in the order of ``DAYS``."""
    return tuple(getattr(row, name) for name in DAYS)


def write_changes(work: Work, entries: Sequence[Entry]) -> None:
    """Store the records and versions of locked entries, and their parties."""
    columns = {"version": [entry.version for entry in entries], **_written(entries)}
    work.session.connection().execute(_CHANGE, {**columns, "now": work.now})
    work.session.connection().execute(_DROP_PARTIES, {"ids": [str(entry.id) for entry in entries]})
    add_parties(work, entries)


def add_parties(work: Work, entries: Sequence[Entry]) -> None:
    """Store the parties of entries that have none stored."""
    rows = [(str(entry.id), party) for entry in entries for party in entry.record.parties]
    columns = {
        "ids": [entry_id for entry_id, _ in rows],
        "roles": [party.role for _, party in rows],
        "parties": [str(party.party_id) for _, party in rows],
        "people": [party.is_person for _, party in rows],
    }
    if rows:
        work.session.connection().execute(_ADD_PARTIES, columns)


def keep_reports(work: Work, reported: Sequence[tuple[UUID, Report]]) -> None:
    """Keep the caller's department's report of each entry, in place of its earlier one."""
    reports = [report for _, report in reported]
    columns = {
        "id": [str(entry_id) for entry_id, _ in reported],
        "title": [report.title for report in reports],
        "parties": [json.dumps([_kept(party) for party in report.parties]) for report in reports],
        **_values(reports),
        "department": work.caller.department,
        "client_id": work.caller.client_id,
        "now": work.now,
    }
    work.session.connection().execute(_KEEP, columns)


def _kept(party: Party) -> dict[str, Any]:
    return {"role": party.role, "party_id": str(party.party_id), "is_person": party.is_person}


def _written(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    records = [entry.record for entry in entries]
    return {
        "id": [str(entry.id) for entry in entries],
        "title": [record.title for record in records],
        "title_key": [name_key(record.title or "") for record in records],
        "expires_on": [record.expires_on for record in records],
        **_values(records),
    }


def _values(records: Sequence[Report]) -> dict[str, list[Any]]:
    days = {name: [record.days[position] for record in records] for position, name in enumerate(DAYS)}
    fields = [json.dumps(dict(record.fields), ensure_ascii=False) for record in records]
    return {"county": [record.county for record in records], "fields": fields, **days}


def announce(work: Work, event_type: str, entry: Entry) -> None:
    """Announce the whole current state of an entry."""
    work.announce(event_type, subject_id=entry.id, version=entry.version, data=stated(entry, work.today))


def stated(entry: Entry, today: dt.date) -> dict[str, Any]:
    """What events say of an entry: ids, days and states, no text."""
    days = zip(DAYS, entry.record.days, strict=True)
    organisations = {str(party.party_id) for party in entry.record.parties if not party.is_person}
    return {
        "entry_id": str(entry.id),
        "version": entry.version,
        "kind_key": entry.kind_key,
        "state": state_of(entry, today),
        **{name: _iso(on) for name, on in days},
        "county": entry.record.county,
        "organisation_ids": sorted(organisations),
        "reported_by": sorted(entry.reports),
        "same_as": str(entry.same_as) if entry.same_as else None,
        "expires_on": _iso(entry.record.expires_on),
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def state_of(entry: Entry, today: dt.date) -> str:
    """The state an entry is in; days to come are refused, so it has one."""
    return state_on(entry.record.days, today) or next(
        state for state, on in zip(ENTRY_STATES, entry.record.days, strict=True) if on is not None
    )


def record_step(work: Work, entry: Entry, *, before: Entry | None, reason: str | None = None) -> None:
    """Append one step to the history, effective on the day its state was reached."""
    to_state = state_of(entry, work.today)
    work.record(
        "register_entry",
        entry.id,
        from_state=state_of(before, work.today) if before else None,
        to_state=to_state,
        effective_on=entry.record.days[ENTRY_STATES.index(to_state)],
        reason=reason,
    )
