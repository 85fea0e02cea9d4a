"""People in the database: the multi-row statements behind registering them, and nothing of the law.

Each statement takes whole columns (``unnest``), so 500 people cost as many round trips as one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from chassis.store.work import Work
from services.talent.people import reach
from services.talent.people.keys import EMAIL, ID_NUMBER, NAME, PHONE, PeopleKeys
from services.talent.people.rules.comparing import Particulars
from services.talent.people.rules.masking import mask_email, mask_id_number, mask_name, mask_phone
from services.talent.rules.identity import Identity, month_of_birth

_FIND = text(
    f"""
    select p.id, p.id_lookup, p.version, p.merged_into, p.born_month, p.name_sealed, p.phone_sealed, p.email_sealed,
    r.name_sealed as reported_name, r.phone_sealed as reported_phone, r.email_sealed as reported_email,
    coalesce(p.registered_by = :department, false) as is_own, {reach.SERVED} as is_served,
    exists (select 1 from person_reports o where o.person_id = p.id and o.department <> :department) as is_shared
    from people p left join person_reports r on r.person_id = p.id and r.department = :department {reach.ALL_IDS}
    where p.id_lookup = any(cast(:lookups as bytea[]))
    """
)
# a provisional person enters the queue of duplicates in the same statement, so that it takes no longer than a new one
_INSERT = text(
    """
    with added as (insert into people (id, id_type, id_lookup, id_number_sealed, id_number_masked, name_sealed, name_masked,
    phone_sealed, phone_masked, email_sealed, email_masked, contact_lookup, born_month, version, created_at, updated_at,
    registered_by)
    select *, 1, :now, :now, :department from unnest(cast(:ids as uuid[]), cast(:id_types as text[]), cast(:lookups as bytea[]),
    cast(:id_numbers as bytea[]), cast(:id_masks as text[]), cast(:names as bytea[]), cast(:name_masks as text[]),
    cast(:phones as bytea[]), cast(:phone_masks as text[]),
    cast(:emails as bytea[]), cast(:email_masks as text[]), cast(:contact_lookups as bytea[]), cast(:born_months as date[]))
    on conflict (id_lookup) do nothing returning id),
    queued as (insert into duplicate_people (provisional_id, person_id, department, client_id, state, created_at)
    select added.id, twin.person_id, :department, :client_id, 'open', :now
    from unnest(cast(:ids as uuid[]), cast(:twins as uuid[])) as twin (id, person_id)
    join added on added.id = twin.id where twin.person_id is not null)
    select id from added
    """
)
# locked in the order of their ids first: a join may come in any order, and two changes could wait for one another
_CHANGE = text(
    """
    with locked as materialized (select id from people where id = any(cast(:ids as uuid[])) order by id for no key update)
    update people p set name_sealed = f.name, name_masked = f.name_mask,
    phone_sealed = coalesce(f.phone, p.phone_sealed), phone_masked = coalesce(f.phone_mask, p.phone_masked),
    email_sealed = coalesce(f.email, p.email_sealed), email_masked = coalesce(f.email_mask, p.email_masked),
    contact_lookup = f.contact_lookup, version = p.version + 1, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:versions as integer[]), cast(:names as bytea[]), cast(:name_masks as text[]),
    cast(:phones as bytea[]), cast(:phone_masks as text[]), cast(:emails as bytea[]), cast(:email_masks as text[]),
    cast(:contact_lookups as bytea[]))
    as f (id, version, name, name_mask, phone, phone_mask, email, email_mask, contact_lookup)
    where p.id = f.id and p.version = f.version and p.id in (select id from locked) returning p.id
    """
)
_REPORT = text(
    """
    insert into person_reports (person_id, department, client_id, name_sealed, phone_sealed, phone_masked, email_sealed,
    email_masked, contact_lookup, reported_at)
    select reported.id, :department, :client_id, reported.name, reported.phone, reported.phone_mask, reported.email,
    reported.email_mask, reported.contact_lookup, :now
    from unnest(cast(:ids as uuid[]), cast(:names as bytea[]), cast(:phones as bytea[]), cast(:phone_masks as text[]),
    cast(:emails as bytea[]), cast(:email_masks as text[]), cast(:contact_lookups as bytea[]))
    as reported (id, name, phone, phone_mask, email, email_mask, contact_lookup)
    on conflict (person_id, department) do update set client_id = excluded.client_id,
    name_sealed = excluded.name_sealed, phone_sealed = coalesce(excluded.phone_sealed, person_reports.phone_sealed),
    email_sealed = coalesce(excluded.email_sealed, person_reports.email_sealed),
    phone_masked = coalesce(excluded.phone_masked, person_reports.phone_masked),
    email_masked = coalesce(excluded.email_masked, person_reports.email_masked),
    contact_lookup = excluded.contact_lookup, reported_at = excluded.reported_at
    """
)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person on record, with the report of the caller's department, if any.

    `is_own`: the department's report made the record. `is_shared`: others have reported the person, too. `is_served`: an
    organisation of the person trusts the department.
    """

    id: UUID
    version: int
    merged_into: UUID | None
    born_month: dt.date | None
    record: Particulars
    reported: Particulars | None
    is_own: bool
    is_shared: bool
    is_served: bool

    @property
    def is_within_reach(self) -> bool:
        """Whether the caller's department knew the person before this report."""
        return self.reported is not None or self.is_own or self.is_served

    @property
    def may_fill(self) -> bool:
        """Whether the department's report supplies a phone or an address that the record lacks."""
        return self.is_own or self.is_served


@dataclass(frozen=True, slots=True)
class SealedParticulars:
    """Name, phone and e-mail address as they are stored; `lookup` is the hash by which name and phone are found."""

    name: bytes
    phone: bytes | None
    email: bytes | None
    lookup: bytes | None = None


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person's fields as they are stored."""

    id: UUID
    identity: Identity
    lookup: bytes
    particulars: Particulars
    id_number: bytes
    sealed: SealedParticulars
    twin: UUID | None = None
    """The person of the same document under another name, where this one is provisional."""


def seal(
    identity: Identity,
    particulars: Particulars,
    keys: PeopleKeys,
    *,
    twin: UUID | None = None,
    only_of: str | None = None,
) -> SealedPerson:
    """The fields of a new person, sealed; of a provisional one where the document is that of `twin`, `only_of` a department.

    Its id is random: one made of the time would tell when the person was first reported.
    """
    person_id = uuid4()
    sealed = seal_particulars(person_id, particulars, keys)
    number = keys.seal(person_id, ID_NUMBER, identity.number)
    lookup = keys.lookup(identity, only_of=only_of)
    return SealedPerson(person_id, identity, lookup, particulars, number, sealed, twin)


def seal_particulars(
    person_id: UUID, particulars: Particulars, keys: PeopleKeys, *, before: Particulars | None = None
) -> SealedParticulars:
    """Name, phone and e-mail address, sealed. `before` is what they are written over: its phone stays where none is given."""
    phone = particulars.phone or (before.phone if before is not None else None)
    return SealedParticulars(
        keys.seal(person_id, NAME, particulars.name),
        keys.seal(person_id, PHONE, particulars.phone) if particulars.phone is not None else None,
        keys.seal(person_id, EMAIL, particulars.email) if particulars.email is not None else None,
        keys.contact_lookup(particulars.name, phone),
    )


def find(work: Work, lookups: Sequence[bytes], keys: PeopleKeys) -> dict[bytes, KnownPerson]:
    """The people stored under any of the hashes, by hash."""
    parameters = {"lookups": list(lookups), "department": work.caller.department}
    return {
        bytes(row.id_lookup): KnownPerson(
            row.id,
            row.version,
            row.merged_into,
            row.born_month,
            opened(row.id, SealedParticulars(row.name_sealed, row.phone_sealed, row.email_sealed), keys),
            opened(row.id, SealedParticulars(row.reported_name, row.reported_phone, row.reported_email), keys)
            if row.reported_name is not None
            else None,
            row.is_own,
            row.is_shared,
            row.is_served,
        )
        for row in work.session.connection().execute(_FIND, parameters)
    }


def insert(work: Work, people: Sequence[SealedPerson]) -> set[UUID]:
    """Store new people; returns the ids of those whose document was not known."""
    columns: dict[str, Any] = {
        "ids": [str(person.id) for person in people],
        "id_types": [person.identity.id_type for person in people],
        "lookups": [person.lookup for person in people],
        "id_numbers": [person.id_number for person in people],
        "id_masks": [mask_id_number(person.identity.number) for person in people],
        "names": [person.sealed.name for person in people],
        "name_masks": [mask_name(person.particulars.name) for person in people],
        "born_months": [month_of_birth(person.identity) for person in people],
        "twins": [person.twin and str(person.twin) for person in people],
        **_contacts([(person.particulars, person.sealed) for person in people]),
    }
    bound = {**columns, "now": work.now, "department": work.caller.department, "client_id": work.caller.client_id}
    return set(work.session.connection().execute(_INSERT, bound).scalars())


def change_records(work: Work, changes: Sequence[tuple[KnownPerson, Particulars]], keys: PeopleKeys) -> set[UUID]:
    """Write names, and the phones and addresses stated; returns the ids of those no other transaction has changed."""
    sealed = [seal_particulars(person.id, particulars, keys, before=person.record) for person, particulars in changes]
    columns = {
        "ids": [str(person.id) for person, _ in changes],
        "versions": [person.version for person, _ in changes],
        "names": [one.name for one in sealed],
        "name_masks": [mask_name(particulars.name) for _, particulars in changes],
        **_contacts([(particulars, one) for (_, particulars), one in zip(changes, sealed, strict=True)]),
    }
    return set(work.session.connection().execute(_CHANGE, {**columns, "now": work.now}).scalars())


def keep_reports(work: Work, reported: Sequence[tuple[UUID, Particulars, SealedParticulars]]) -> None:
    """Keep the caller's department's report of each person, in place of its earlier one."""
    columns = {
        "ids": [str(person_id) for person_id, _, _ in reported],
        "names": [sealed.name for _, _, sealed in reported],
        **_contacts([(particulars, sealed) for _, particulars, sealed in reported]),
    }
    caller = {"department": work.caller.department, "client_id": work.caller.client_id, "now": work.now}
    work.session.connection().execute(_REPORT, {**columns, **caller})


def opened(person_id: UUID, sealed: SealedParticulars, keys: PeopleKeys) -> Particulars:
    """What `seal_particulars` sealed."""
    return Particulars(
        keys.open(person_id, NAME, bytes(sealed.name)),
        keys.open(person_id, PHONE, bytes(sealed.phone)) if sealed.phone is not None else None,
        keys.open(person_id, EMAIL, bytes(sealed.email)) if sealed.email is not None else None,
    )


def _contacts(people: Sequence[tuple[Particulars, SealedParticulars]]) -> dict[str, list[Any]]:
    return {
        "phones": [sealed.phone for _, sealed in people],
        "phone_masks": [reported.phone and mask_phone(reported.phone) for reported, _ in people],
        "emails": [sealed.email for _, sealed in people],
        "email_masks": [reported.email and mask_email(reported.email) for reported, _ in people],
        "contact_lookups": [sealed.lookup for _, sealed in people],
    }
