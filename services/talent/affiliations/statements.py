"""Affiliations in the database: the multi-row statements behind reporting them, and what each change says and records.

Each statement takes whole columns (``unnest``), so 500 rows cost as many round trips as one. The law is in ``rules``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store.work import Work
from contracts.vocabulary import CONFIRMED, ENDED, REPORTED
from services.talent.affiliations.rules import Claim, Held

Key = tuple[UUID, UUID, str]

EVENT_OF_STATE = {
    REPORTED: "talent.affiliation.reported.v1",
    CONFIRMED: "talent.affiliation.confirmed.v1",
    ENDED: "talent.affiliation.ended.v1",
}
OF_FIELDS = "changed: fields"
CHANGED = "talent.affiliation.changed.v1"

_FIND = text(
    """
    select a.id, a.person_id, a.organisation_id, a.role, a.state, a.from_on, a.until_on, a.version,
    a.fields, a.open_fields, r.from_on as reported_from_on, r.until_on as reported_until_on, (
        select jsonb_object_agg(one.department, one.fields) from affiliation_reports one
        where one.affiliation_id = a.id and one.fields <> '{}'
    ) as reports
    from unnest(cast(:people as uuid[]), cast(:organisations as uuid[]), cast(:roles as text[]))
    as wanted (person_id, organisation_id, role)
    join affiliations a on a.person_id = wanted.person_id and a.organisation_id = wanted.organisation_id
    and a.role = wanted.role
    left join affiliation_reports r on r.affiliation_id = a.id and r.department = :department
    order by a.from_on
    """
)
_INSERT = text(
    """
    insert into affiliations (id, person_id, organisation_id, role, state, from_on, until_on, fields, open_fields, version,
    created_at, updated_at) select *, 1, :now, :now from unnest(cast(:ids as uuid[]), cast(:people as uuid[]),
    cast(:organisations as uuid[]), cast(:roles as text[]), cast(:states as text[]), cast(:from_on as date[]),
    cast(:until_on as date[]), cast(:fields as jsonb[]), cast(:open_fields as jsonb[])) on conflict do nothing returning id
    """
)
# locked in the order of their ids first: a join may come in any order, and two changes could wait for one another
_CHANGE = text(
    """
    with locked as materialized (select id from affiliations where id = any(cast(:ids as uuid[])) order by id for no key update)
    update affiliations a set state = c.state, until_on = c.until_on, fields = c.fields, open_fields = c.open_fields,
    version = c.version, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:states as text[]), cast(:until_on as date[]), cast(:fields as jsonb[]),
    cast(:open_fields as jsonb[]), cast(:versions as integer[]))
    as c (id, state, until_on, fields, open_fields, version)
    where a.id = c.id and a.version = c.version - 1 and a.id in (select id from locked) returning a.id
    """
)
_REPORT = text(
    """
    insert into affiliation_reports (affiliation_id, department, client_id, state, from_on, until_on, fields, reported_at,
    created_at)
    select reported.id, :department, :client_id, reported.state, reported.from_on, reported.until_on, reported.fields, :now,
    a.created_at
    from unnest(cast(:ids as uuid[]), cast(:states as text[]), cast(:from_on as date[]), cast(:until_on as date[]),
    cast(:fields as jsonb[])) as reported (id, state, from_on, until_on, fields) join affiliations a on a.id = reported.id
    on conflict (affiliation_id, department) do update
    set client_id = excluded.client_id, state = excluded.state, from_on = excluded.from_on,
    until_on = excluded.until_on, fields = excluded.fields, reported_at = excluded.reported_at
    """
)


@dataclass(frozen=True, slots=True)
class AffiliationRecord:
    """One affiliation as it stands, with the period that the caller's department has reported, if any, and the fields that each
    department has. `open_fields`: those of its fields that cannot name a person.
    """

    id: UUID
    person_id: UUID
    organisation_id: UUID
    role: str
    state: str
    from_on: dt.date
    until_on: dt.date | None
    version: int
    reported: tuple[dt.date, dt.date | None] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    open_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @property
    def held(self) -> Held:
        """What the law needs to know of it."""
        return Held(self.state, self.from_on, self.until_on)

    def changed(self, *, state: str, until_on: dt.date | None) -> AffiliationRecord:
        """The next version, in `state` until `until_on`."""
        return replace(self, state=state, until_on=until_on, version=self.version + 1)


def find(work: Work, keys: Sequence[Key]) -> dict[Key, list[AffiliationRecord]]:
    """Every affiliation of the given person, organisation and role, earliest first."""
    parameters = {
        "people": [str(person_id) for person_id, _, _ in keys],
        "organisations": [str(organisation_id) for _, organisation_id, _ in keys],
        "roles": [role for _, _, role in keys],
        "department": work.caller.department,
    }
    found: dict[Key, list[AffiliationRecord]] = defaultdict(list)
    for row in work.session.connection().execute(_FIND, parameters):
        found[row.person_id, row.organisation_id, row.role].append(of_row(row))
    return found


def of_row(row: Any) -> AffiliationRecord:
    """The record of a row: the columns of a record, then the period the department has stated."""
    reported = (row.reported_from_on, row.reported_until_on) if row.reported_from_on is not None else None
    columns = (row.person_id, row.organisation_id, row.role, row.state, row.from_on, row.until_on, row.version)
    found = {"fields": row.fields, "open_fields": row.open_fields, "reports": getattr(row, "reports", None) or {}}
    return AffiliationRecord(row.id, *columns, reported=reported, **found)


def insert(work: Work, records: Sequence[AffiliationRecord]) -> set[UUID]:
    """Store new affiliations; returns the ids of those no other transaction has inserted before."""
    columns: dict[str, Any] = {
        "ids": [str(record.id) for record in records],
        "people": [str(record.person_id) for record in records],
        "organisations": [str(record.organisation_id) for record in records],
        "roles": [record.role for record in records],
        "states": [record.state for record in records],
        "from_on": [record.from_on for record in records],
        "until_on": [record.until_on for record in records],
        **_fields_of(records),
        "now": work.now,
    }
    return set(work.session.connection().execute(_INSERT, columns).scalars())


def write_changes(work: Work, changed: Sequence[AffiliationRecord]) -> set[UUID]:
    """Store next versions; returns the ids of those that no other transaction has changed."""
    columns: dict[str, Any] = {
        "ids": [str(record.id) for record in changed],
        "states": [record.state for record in changed],
        "until_on": [record.until_on for record in changed],
        **_fields_of(changed),
        "versions": [record.version for record in changed],
        "now": work.now,
    }
    return set(work.session.connection().execute(_CHANGE, columns).scalars())


def keep_reports(work: Work, reported: Sequence[tuple[UUID, Claim]]) -> None:
    """Keep the caller's department's report of each affiliation, in place of its earlier one."""
    columns: dict[str, Any] = {
        "ids": [str(affiliation_id) for affiliation_id, _ in reported],
        "states": [claim.state for _, claim in reported],
        "from_on": [claim.from_on for _, claim in reported],
        "until_on": [claim.until_on for _, claim in reported],
        "fields": [_json(claim.fields) for _, claim in reported],
        "department": work.caller.department,
        "client_id": work.caller.client_id,
        "now": work.now,
    }
    work.session.connection().execute(_REPORT, columns)


def announce(work: Work, record: AffiliationRecord, *, event_type: str | None = None) -> None:
    """Announce the whole current state of an affiliation, as the event of its state unless another is named."""
    chosen = event_type or EVENT_OF_STATE[record.state]
    work.announce(chosen, subject_id=record.id, version=record.version, data=stated(record))


def stated(record: Any) -> dict[str, Any]:
    """What events say of an affiliation; `record` may also be a row with a record's columns."""
    return {
        "affiliation_id": str(record.id),
        "version": record.version,
        "person_id": str(record.person_id),
        "organisation_id": str(record.organisation_id),
        "role": record.role,
        "state": record.state,
        "from_on": record.from_on.isoformat(),
        "until_on": record.until_on.isoformat() if record.until_on else None,
        "fields": dict(record.open_fields),
    }


def record_step(
    work: Work, record: AffiliationRecord, *, from_state: str | None, to_state: str, reason: str | None = None
) -> None:
    """Append one step to the history: what has ended was over on `until_on`, anything else has held since `from_on`."""
    effective_on = record.until_on if to_state == ENDED else record.from_on
    work.record(
        "affiliation", record.id, from_state=from_state, to_state=to_state, effective_on=effective_on, reason=reason
    )


def _fields_of(records: Sequence[AffiliationRecord]) -> dict[str, list[str]]:
    return {
        "fields": [_json(record.fields) for record in records],
        "open_fields": [_json(record.open_fields) for record in records],
    }


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return sorted({str(each) for each in ids})
