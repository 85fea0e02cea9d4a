"""Registrations (报名): a person registers for a session and gets a seat, or a place in the waiting list.

Lives here: registering, reading. Not here: how a registration goes on (``waiting_list``), what a merge of people does to it
(``merging``), the SQL (``statements``). One statement holds the law that no more seats are given than there are, and that the
waiting list is in the order of commits (``statements.INSERT``): it locks the session's row, which concurrent registrations queue
for, so it comes after all reads.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.events import activities
from services.events.activities import sessions
from services.events.activities.rules import OPEN, SCHEDULED
from services.events.activities.sessions import SessionNotFound
from services.events.registrations import statements
from services.events.registrations.rules import CONFIRMED, WAITING, is_open_to
from services.events.registrations.statements import READ, TABLE, RegistrationNotFound, record_and_announce


class PersonNotKnown(Refusal):
    """events has not received this person (yet)."""

    kind = "not_found"
    code = "events.person_not_known"
    zh = "未找到该人员。"
    en = "There is no such person."


class RegistrationClosed(Refusal):
    """The activity, or this session of it, takes no registrations now."""

    kind = "conflict"
    code = "events.registration_closed"
    zh = "该活动或场次当前不接受报名。"
    en = "The activity, or this session of it, takes no registrations at the moment."


class SessionNotChosen(Refusal):
    """There are several sessions, and none was named."""

    kind = "unprocessable"
    code = "events.session_not_chosen"
    zh = "该活动有多个场次，请选择其中一场。"
    en = "The activity has several sessions. Choose one."


class NotEligible(Refusal):
    """No affiliation the person holds today is one the activity is open to."""

    kind = "forbidden"
    code = "events.not_eligible"
    zh = "该活动不面向该人员开放。"
    en = "The activity is not open to this person."


class AlreadyRegistered(Refusal):
    """The person has a seat, an offer or a place in the waiting list of this activity."""

    kind = "conflict"
    code = "events.already_registered"
    zh = "该人员已报名此活动，无需重复报名。"
    en = "This person is registered for the activity already."


def register(work: Work, *, activity_id: UUID, person_id: UUID, session_id: UUID | None) -> dict[str, Any]:
    """A seat, or a place at the end of the waiting list.

    Raises ActivityNotFound, SessionNotFound, SessionNotChosen, RegistrationClosed, PersonNotKnown, NotEligible,
    AlreadyRegistered. Who acts for themselves registers nobody else. For somebody who is merged it counts for who they are
    merged into.
    """
    session = _look_up(work, activity_id, person_id, session_id)
    row = {
        "id": uuid7(),
        "activity_id": activity_id,
        "session_id": session.id,
        "person_id": session.person_id,
        "merged_from": person_id if session.person_id != person_id else None,
        "client_id": work.caller.client_id,
        "department": work.caller.department,
    }
    taken = work.session.connection().execute(statements.INSERT, row | {"now": work.now}).one_or_none()
    if taken is None:
        raise RegistrationClosed()
    if not taken.is_written:
        raise AlreadyRegistered()
    about: Row[Any] = session
    if taken.revision != session.revision:  # changed since it was read; now it is locked
        about = sessions.lock_session(work, session.id)
    state = CONFIRMED if taken.last_is_seated else WAITING
    # the session is locked, so the position of the newest is the length of the list
    position = None if taken.last_is_seated else taken.waiting
    empty = {"offer_expires_at": None, "checked_in_at": None}
    row |= {"state": state, "number": taken.last_number, "version": 1, "created_at": work.now, **empty}
    event_type = "events.registration.waitlisted.v1" if position else "events.registration.confirmed.v1"
    record_and_announce(work, event_type, row, about, from_state=None, position=position)
    return row | {"position": position}


def _look_up(work: Work, activity_id: UUID, person_id: UUID, session_id: UUID | None) -> Row[Any]:
    """The session with its activity, once nothing speaks against a registration for it."""
    keys = {"activity_id": activity_id, "person_id": person_id, "session_id": session_id, "day": work.today}
    found = records.found_row(work, statements.LOOK_UP, activities.ActivityNotFound, keys)
    if found.id is None:
        raise SessionNotFound()
    if session_id is None and found.session_count > 1:
        raise SessionNotChosen()
    if found.activity_state != OPEN or found.session_state != SCHEDULED or found.ends_at <= work.now:
        raise RegistrationClosed()
    if not found.person_known or work.caller.person_id not in (None, person_id, found.person_id):
        raise PersonNotKnown()
    if found.is_registered:
        raise AlreadyRegistered()
    if not is_open_to(found.open_to, found.affiliations):
        raise NotEligible()
    return found


def get_registration(work: Work, *, registration_id: UUID) -> dict[str, Any]:
    """One registration of the caller's, with its current position in the waiting list. Raises RegistrationNotFound."""
    statement = READ.where(TABLE.c.id == registration_id, statements.own(work.caller))
    return dict(records.found(work, statement, RegistrationNotFound))


def list_registrations(
    work: Work,
    *,
    page: Paging,
    activity_id: UUID | None = None,
    session_id: UUID | None = None,
    person_id: UUID | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Registrations of the department's activities, or of a person, oldest first; a filter of None matches any.

    Of somebody who is merged, those of who they are merged into. Raises ActivityNotFound for a list of an activity that is
    another's. That a person is in reach is the gateway's to ask.
    """
    filters = {"activity_id": activity_id, "session_id": session_id, "state": state}
    statement = narrowed(READ, TABLE.c, filters)
    if person_id is not None:
        statement = statement.where(TABLE.c.person_id == statements.counted_for(person_id))
    statement = statement.where(statements.listed(work.caller, is_of_person=person_id is not None))
    key = (TABLE.c.created_at, TABLE.c.id)
    found = read_page(work.session, statement, page, key=key, updated_at=TABLE.c.updated_at)
    if activity_id is not None and not found["items"]:
        _check_listed(work, activity_id, person_id)
    return found


def _check_listed(work: Work, activity_id: UUID, person_id: UUID | None) -> None:
    """For an empty list alone, so that the others cost no second statement. Raises ActivityNotFound."""
    activity = activities.get_activity(work, activity_id=activity_id)
    is_of_person = person_id is not None or work.caller.person_id is not None
    if not is_of_person and activity["department"] != work.caller.department:
        raise activities.ActivityNotFound()
