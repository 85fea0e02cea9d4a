"""Correcting the record of a person: by the department that made it, and those an organisation of the person trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, text

from chassis.store import records
from chassis.store.versions import check_version
from chassis.store.work import Work
from contracts.language.violations import Violation
from services.talent.people import CHANGED, announce, reach, statements
from services.talent.people.keys import EMAIL, NAME, PHONE, PeopleKeys
from services.talent.people.reading import get_person
from services.talent.people.refusals import NotYourRecord, PersonInvalid, PersonNotFound
from services.talent.people.rules.emails import read_email
from services.talent.people.rules.masking import mask_email, mask_name, mask_phone
from services.talent.people.rules.names import read_name
from services.talent.people.rules.phones import read_phone
from services.talent.people.statements import SealedParticulars
from services.talent.people.tables import Person

TABLE: Table = Person.__table__  # type: ignore[assignment]
_MAY_CHANGE = text(f"""{reach.SHOWN_RECORD} where {reach.IS_OF_ID} and {reach.IS_REACHED}""")


def change_person(
    work: Work, *, person_id: UUID, version: int, changes: Mapping[str, Any], keys: PeopleKeys
) -> dict[str, Any]:
    """Correct name, phone or e-mail address of the record (None removes the latter two); the reports of departments stay.

    Raises PersonNotFound, NotYourRecord, PersonInvalid, VersionStale.
    """
    reached = records.found(work, _MAY_CHANGE, PersonNotFound, {"id": str(person_id), **reach.parameters(work)})
    if not reached["is_seen"]:
        raise NotYourRecord()
    person_id = reached["id"]
    row = records.found(work, select(TABLE).where(TABLE.c.id == person_id), PersonNotFound)
    check_version(row["version"], version)
    values, changed = _changed_values(row, changes, keys)
    if changed:
        records.write_change(work, TABLE, row, {**values, "updated_at": work.now})
        work.record(
            "person", person_id, from_state="registered", to_state="registered", reason=f"changed: {', '.join(changed)}"
        )
        announce(work, CHANGED, person_id, row["version"] + 1, born_month=row["born_month"])
    return get_person(work, person_id=person_id)


def _changed_values(
    row: Mapping[Any, Any], changes: Mapping[str, Any], keys: PeopleKeys
) -> tuple[dict[str, Any], list[str]]:
    record = statements.opened(
        row["id"], SealedParticulars(row["name_sealed"], row["phone_sealed"], row["email_sealed"]), keys
    )
    name = read_name(changes["name"]) if "name" in changes else record.name
    phone = read_phone(changes["phone"]) if changes.get("phone") is not None else None
    email = read_email(changes["email"]) if changes.get("email") is not None else None
    if isinstance(name, Violation) or isinstance(phone, Violation) or isinstance(email, Violation):
        wrong = [found.to_error() for found in (name, phone, email) if isinstance(found, Violation)]
        raise PersonInvalid(errors=wrong)
    values: dict[str, Any] = {}
    changed = []
    if name != record.name:
        values |= {"name_sealed": keys.seal(row["id"], NAME, name), "name_masked": mask_name(name)}
        changed.append("name")
    if "phone" in changes and phone != record.phone:
        values["phone_sealed"] = keys.seal(row["id"], PHONE, phone) if phone is not None else None
        values["phone_masked"] = mask_phone(phone) if phone is not None else None
        changed.append("phone")
    if "email" in changes and email != record.email:
        values["email_sealed"] = keys.seal(row["id"], EMAIL, email) if email is not None else None
        values["email_masked"] = mask_email(email) if email is not None else None
        changed.append("email")
    if values:
        kept = phone if "phone" in changes else record.phone
        values["contact_lookup"] = keys.contact_lookup(name, kept)
    return values, changed
