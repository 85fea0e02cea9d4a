"""events' own copy of talent's facts: organisations, people and affiliations, each as of the newest version heard.

Lives here: applying events to the copy, in any order and any number of times. Not here: who may register
(``registrations``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.store import copies
from contracts.language.envelope import Event
from contracts.language.refusals import Refusal
from services.events.copies.tables import Affiliation, Organisation, Person


class OrganiserNotKnown(Refusal):
    """events has not heard of this organisation (yet)."""

    kind = "not_found"
    code = "events.organiser_not_known"
    zh = "未找到该主办单位：{organisation_id}。"
    en = "There is no such organiser: {organisation_id}."


def apply_organisations(session: Session, events: Sequence[Event]) -> None:
    """Take over organisations newer than ours."""
    rows = [
        {
            "id": UUID(event.data["organisation_id"]),
            "version": event.version,
            "kind": event.data["kind"],
            "status": event.data["status"],
        }
        for event in copies.newest(events)
    ]
    copies.take_newer(session, Organisation, rows)


def apply_people(session: Session, events: Sequence[Event]) -> None:
    """Note who is on record, and which version of their record that is: what ``compare`` holds against talent's."""
    rows = [{"id": UUID(event.data["person_id"]), "version": event.version} for event in copies.newest(events)]
    copies.take_newer(session, Person, rows)


def apply_affiliations(session: Session, events: Sequence[Event]) -> None:
    """Take over affiliations newer than ours."""
    rows = [
        {
            "id": UUID(event.data["affiliation_id"]),
            "version": event.version,
            "person_id": UUID(event.data["person_id"]),
            "organisation_id": UUID(event.data["organisation_id"]),
            "role": event.data["role"],
            "state": event.data["state"],
            "from_on": dt.date.fromisoformat(event.data["from_on"]),
            "until_on": _day(event.data.get("until_on")),
        }
        for event in copies.newest(events)
    ]
    copies.take_newer(session, Affiliation, rows)


def check_organisers(session: Session, organisation_ids: Sequence[UUID]) -> None:
    """Raises OrganiserNotKnown for the first of them that has not been heard of."""
    asked = select(Organisation.id).where(Organisation.id.in_(organisation_ids))
    known: set[Any] = set(session.scalars(asked))
    for organisation_id in organisation_ids:
        if organisation_id not in known:
            raise OrganiserNotKnown(organisation_id=str(organisation_id))


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None
