"""Contacts (联系方式) of people in the clear, for the one service that sends messages; every reading is on record.

Lives here: reading them, and the audit of it. Not here: who may ask (``service``, ``@disclosure``), what is sent (notify).
Source: architecture, "The folders are the architecture": notify queries talent for contacts at send time (ADR 0010).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import aliased

from chassis.ground.ids import uuid7
from chassis.store.work import Work
from services.talent.people import statements
from services.talent.people.keys import PeopleKeys
from services.talent.people.statements import SealedParticulars
from services.talent.people.tables import ContactRead, Person

LANGUAGE = "zh-CN"
"""What people are written to in until they say otherwise to notify."""


def read_contacts(work: Work, *, keys: PeopleKeys, person_ids: Sequence[UUID], purpose: str) -> dict[str, Any]:
    """Name, phone and e-mail address of up to 500 people, in the order of their ids; unknown ids are left out,
    and who is erased.

    Those of a merged person are those of whom they are merged into; what was reported of the merged one alone is not used.

    Writes who read them, and why, in the same transaction: no audit, no contacts.
    """
    wanted = sorted(set(person_ids))
    read = {"id": uuid7(), "read_at": work.now, "read_by": work.caller.broker_user, "purpose": purpose}
    work.session.execute(insert(ContactRead).values(**read, request_id=work.caller.request_id, person_ids=wanted))
    named = aliased(Person)
    columns: tuple[Any, ...] = (named.id, Person.id, Person.name_sealed, Person.phone_sealed, Person.email_sealed)
    statement = select(*columns).join(named, Person.id == func.coalesce(named.merged_into, named.id))
    found = work.session.execute(statement.where(named.id.in_(wanted), Person.erased_at.is_(None)).order_by(named.id))
    return {"items": [_contact(row[0], row[1], SealedParticulars(*row[2:]), keys) for row in found]}


def _contact(named: UUID, person_id: UUID, sealed: SealedParticulars, keys: PeopleKeys) -> dict[str, Any]:
    known = statements.opened(person_id, sealed, keys)
    return {
        "person_id": named,
        "name": known.name,
        "phone": known.phone,
        "email": known.email,
        "language": LANGUAGE,
    }
