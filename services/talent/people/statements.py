"""People in the database: the multi-row statements behind registering them, and nothing of the law.

Each statement takes whole columns (``unnest``), so 500 people cost as many round trips as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.store.work import Work
from services.talent.people.keys import EMAIL, ID_NUMBER, NAME, PHONE, PeopleKeys
from services.talent.people.rules.comparing import Particulars
from services.talent.people.rules.masking import mask_email, mask_id_number, mask_name, mask_phone
from services.talent.rules.identity import Identity

_FIND = text(
    """
    select p.id, p.id_lookup, p.version, p.name_sealed, p.phone_sealed, p.email_sealed,
    r.name_sealed as reported_name, r.phone_sealed as reported_phone, r.email_sealed as reported_email
    from people p left join person_reports r on r.person_id = p.id and r.department = :department
    where p.id_lookup = any(cast(:lookups as bytea[]))
    """
)
_INSERT = text(
    """
    insert into people (id, id_type, id_lookup, id_number_sealed, id_number_masked, name_sealed, name_masked,
    phone_sealed, phone_masked, email_sealed, email_masked, version, created_at, updated_at)
    select *, 1, :now, :now from unnest(cast(:ids as uuid[]), cast(:id_types as text[]), cast(:lookups as bytea[]),
    cast(:id_numbers as bytea[]), cast(:id_masks as text[]), cast(:names as bytea[]), cast(:name_masks as text[]),
    cast(:phones as bytea[]), cast(:phone_masks as text[]),
    cast(:emails as bytea[]), cast(:email_masks as text[]))
    on conflict (id_lookup) do nothing returning id
    """
)
# locked in the order of their ids first: a join may come in any order, and two changes could wait for one another
_FILL = text(
    """
    with locked as materialized (select id from people where id = any(cast(:ids as uuid[])) order by id for no key update)
    update people p set phone_sealed = coalesce(p.phone_sealed, f.phone),
    phone_masked = coalesce(p.phone_masked, f.phone_mask), email_sealed = coalesce(p.email_sealed, f.email),
    email_masked = coalesce(p.email_masked, f.email_mask), version = p.version + 1, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:versions as integer[]), cast(:phones as bytea[]),
    cast(:phone_masks as text[]), cast(:emails as bytea[]), cast(:email_masks as text[]))
    as f (id, version, phone, phone_mask, email, email_mask)
    where p.id = f.id and p.version = f.version and p.id in (select id from locked) returning p.id
    """
)
_REPORT = text(
    """
    insert into person_reports (person_id, department, client_id, name_sealed, phone_sealed, email_sealed, reported_at)
    select reported.id, :department, :client_id, reported.name, reported.phone, reported.email, :now
    from unnest(cast(:ids as uuid[]), cast(:names as bytea[]), cast(:phones as bytea[]), cast(:emails as bytea[]))
    as reported (id, name, phone, email)
    on conflict (person_id, department) do update set client_id = excluded.client_id,
    name_sealed = excluded.name_sealed, phone_sealed = coalesce(excluded.phone_sealed, person_reports.phone_sealed),
    email_sealed = coalesce(excluded.email_sealed, person_reports.email_sealed),
    reported_at = excluded.reported_at
    """
)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person on record, with the report of the caller's department, if any."""

    id: UUID
    version: int
    record: Particulars
    reported: Particulars | None


@dataclass(frozen=True, slots=True)
class SealedParticulars:
    """Name, phone and e-mail address as they are stored."""

    name: bytes
    phone: bytes | None
    email: bytes | None


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person's fields as they are stored."""

    id: UUID
    identity: Identity
    lookup: bytes
    particulars: Particulars
    id_number: bytes
    sealed: SealedParticulars


def seal(person_id: UUID, identity: Identity, particulars: Particulars, keys: PeopleKeys) -> SealedPerson:
    """The fields of a new person, sealed."""
    sealed = seal_particulars(person_id, particulars, keys)
    number = keys.seal(person_id, ID_NUMBER, identity.number)
    return SealedPerson(person_id, identity, keys.lookup(identity), particulars, number, sealed)


def seal_particulars(person_id: UUID, particulars: Particulars, keys: PeopleKeys) -> SealedParticulars:
    """Name, phone and e-mail address, sealed."""
    return SealedParticulars(
        keys.seal(person_id, NAME, particulars.name),
        keys.seal(person_id, PHONE, particulars.phone) if particulars.phone is not None else None,
        keys.seal(person_id, EMAIL, particulars.email) if particulars.email is not None else None,
    )


def find(work: Work, lookups: Sequence[bytes], keys: PeopleKeys) -> dict[bytes, KnownPerson]:
    """The people stored under any of the hashes, by hash."""
    parameters = {"lookups": list(lookups), "department": work.caller.department}
    return {
        bytes(row.id_lookup): KnownPerson(
            row.id,
            row.version,
            opened(row.id, SealedParticulars(row.name_sealed, row.phone_sealed, row.email_sealed), keys),
            opened(row.id, SealedParticulars(row.reported_name, row.reported_phone, row.reported_email), keys)
            if row.reported_name is not None
            else None,
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
        **_contacts([(person.particulars, person.sealed) for person in people]),
    }
    return set(work.session.connection().execute(_INSERT, {**columns, "now": work.now}).scalars())


def fill_contacts(work: Work, fills: Sequence[tuple[KnownPerson, Particulars]], keys: PeopleKeys) -> set[UUID]:
    """Add the phone and address a person has none of; returns the ids of those that no other transaction has changed."""
    columns = {
        "ids": [str(person.id) for person, _ in fills],
        "versions": [person.version for person, _ in fills],
        **_contacts([(reported, seal_particulars(person.id, reported, keys)) for person, reported in fills]),
    }
    return set(work.session.connection().execute(_FILL, {**columns, "now": work.now}).scalars())


def keep_reports(work: Work, reported: Sequence[tuple[UUID, SealedParticulars]]) -> None:
    """Keep the caller's department's report of each person, in place of its earlier one."""
    columns = {
        "ids": [str(person_id) for person_id, _ in reported],
        "names": [sealed.name for _, sealed in reported],
        "phones": [sealed.phone for _, sealed in reported],
        "emails": [sealed.email for _, sealed in reported],
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
    }
