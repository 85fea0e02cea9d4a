"""People in the database: the multi-row statements behind registering them, and nothing of the law.

Each statement takes whole columns (``unnest``), so 500 people cost as many round trips as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.work import Work
from services.talent.people_keys import ID_NUMBER, NAME, PHONE, PeopleKeys
from services.talent.rules.identity import Identity
from services.talent.rules.masking import mask_id_number, mask_name, mask_phone
from services.talent.rules.people import Particulars

_FIND = text(
    "select p.id, p.id_lookup, p.version, p.name_sealed, p.phone_sealed,"
    " r.name_sealed as said_name, r.phone_sealed as said_phone"
    " from people p left join person_reports r on r.person_id = p.id and r.department = :department"
    " where p.id_lookup = any(cast(:lookups as bytea[]))"
)
_INSERT = text(
    "insert into people (id, id_type, id_lookup, id_number_sealed, id_number_masked, name_sealed, name_masked,"
    " phone_sealed, phone_masked, version, created_at, updated_at)"
    " select *, 1, :now, :now from unnest(cast(:ids as uuid[]), cast(:id_types as text[]), cast(:lookups as bytea[]),"
    " cast(:id_numbers as bytea[]), cast(:id_masks as text[]), cast(:names as bytea[]), cast(:name_masks as text[]),"
    " cast(:phones as bytea[]), cast(:phone_masks as text[]))"
    " on conflict (id_lookup) do nothing returning id"
)
# locked in the order of their ids first: a join may come in any order, and two changes could wait for one another
_FILL = text(
    "with locked as materialized (select id from people where id = any(cast(:ids as uuid[])) order by id for no key update)"
    " update people p set phone_sealed = f.phone, phone_masked = f.mask, version = p.version + 1, updated_at = :now"
    " from unnest(cast(:ids as uuid[]), cast(:versions as integer[]), cast(:phones as bytea[]), cast(:masks as text[]))"
    " as f (id, version, phone, mask)"
    " where p.id = f.id and p.version = f.version and p.id in (select id from locked) returning p.id"
)
_REPORT = text(
    "insert into person_reports (person_id, department, client_id, name_sealed, phone_sealed, reported_at)"
    " select said.id, :department, :client_id, said.name, said.phone, :now"
    " from unnest(cast(:ids as uuid[]), cast(:names as bytea[]), cast(:phones as bytea[])) as said (id, name, phone)"
    " on conflict (person_id, department) do update set client_id = excluded.client_id,"
    " name_sealed = excluded.name_sealed, phone_sealed = coalesce(excluded.phone_sealed, person_reports.phone_sealed),"
    " reported_at = excluded.reported_at"
)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person on record, with what the asking department has said of them, if anything."""

    id: UUID
    version: int
    record: Particulars
    said: Particulars | None


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person's fields as they are stored."""

    id: UUID
    identity: Identity
    lookup: bytes
    particulars: Particulars
    id_number: bytes
    name: bytes
    phone: bytes | None


def seal(person_id: UUID, identity: Identity, particulars: Particulars, keys: PeopleKeys) -> SealedPerson:
    """The fields of a new person, sealed."""
    name, phone = seal_particulars(person_id, particulars, keys)
    number = keys.seal(person_id, ID_NUMBER, identity.number)
    return SealedPerson(person_id, identity, keys.lookup(identity), particulars, number, name, phone)


def seal_particulars(person_id: UUID, particulars: Particulars, keys: PeopleKeys) -> tuple[bytes, bytes | None]:
    """Name and phone, sealed."""
    phone = keys.seal(person_id, PHONE, particulars.phone) if particulars.phone is not None else None
    return keys.seal(person_id, NAME, particulars.name), phone


def find(work: Work, lookups: Sequence[bytes], keys: PeopleKeys) -> dict[bytes, KnownPerson]:
    """The people stored under any of the hashes, by hash."""
    asked = {"lookups": list(lookups), "department": work.caller.department}
    return {
        bytes(row.id_lookup): KnownPerson(
            row.id,
            row.version,
            opened(row.id, row.name_sealed, row.phone_sealed, keys),
            opened(row.id, row.said_name, row.said_phone, keys) if row.said_name is not None else None,
        )
        for row in work.session.connection().execute(_FIND, asked)
    }


def insert(work: Work, people: Sequence[SealedPerson]) -> set[UUID]:
    """Store new people; returns the ids of those whose document was not known."""
    columns: dict[str, Any] = {
        "ids": [str(person.id) for person in people],
        "id_types": [person.identity.id_type for person in people],
        "lookups": [person.lookup for person in people],
        "id_numbers": [person.id_number for person in people],
        "id_masks": [mask_id_number(person.identity.number) for person in people],
        "names": [person.name for person in people],
        "name_masks": [mask_name(person.particulars.name) for person in people],
        "phones": [person.phone for person in people],
        "phone_masks": [_phone_mask(person.particulars.phone) for person in people],
    }
    return set(work.session.connection().execute(_INSERT, {**columns, "now": work.now}).scalars())


def fill_phones(work: Work, fills: Sequence[tuple[KnownPerson, str]], keys: PeopleKeys) -> set[UUID]:
    """Add phones to people without one; returns the ids of those nobody changed meanwhile."""
    columns = {
        "ids": [str(person.id) for person, _ in fills],
        "versions": [person.version for person, _ in fills],
        "phones": [keys.seal(person.id, PHONE, phone) for person, phone in fills],
        "masks": [mask_phone(phone) for _, phone in fills],
    }
    return set(work.session.connection().execute(_FILL, {**columns, "now": work.now}).scalars())


def keep_reports(work: Work, said: Sequence[tuple[UUID, bytes, bytes | None]]) -> None:
    """Keep what the caller's department says of each person (id, sealed name, sealed phone), in place of what it said before."""
    columns = {
        "ids": [str(person_id) for person_id, _, _ in said],
        "names": [name for _, name, _ in said],
        "phones": [phone for _, _, phone in said],
    }
    caller = {"department": work.caller.department, "client_id": work.caller.client_id, "now": work.now}
    work.session.connection().execute(_REPORT, {**columns, **caller})


def opened(person_id: UUID, name: bytes, phone: bytes | None, keys: PeopleKeys) -> Particulars:
    return Particulars(
        keys.open(person_id, NAME, bytes(name)),
        keys.open(person_id, PHONE, bytes(phone)) if phone is not None else None,
    )


def _phone_mask(phone: str | None) -> str | None:
    return mask_phone(phone) if phone is not None else None
