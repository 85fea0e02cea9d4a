"""Registrations (报名): a person asks for a seat and gets one, or a place in the waiting list.

Lives here: registering, reading. Not here: how a registration goes on (``waiting_list``). That no more seats are given than
there are, and that the waiting list is in the order of commits, is held by the one statement `_TAKE`: it locks the session's
row, which is what a rush of registrations queues for, so it comes last of all that reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from chassis.ground.ids import uuid7
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events import activities
from services.events.activities.rules import OPEN
from services.events.activities.sessions import SessionNotFound
from services.events.registrations.eligibility import is_open_to
from services.events.registrations.rules import CONFIRMED, WAITING
from services.events.registrations.statements import READ, TABLE, tell


class PersonNotKnown(Refusal):
    """events has not heard of this person (yet)."""

    kind = "not_found"
    code = "events.person_not_known"
    zh = "未找到该人员。"
    en = "There is no such person."


class RegistrationClosed(Refusal):
    """The activity takes no registrations now."""

    kind = "conflict"
    code = "events.registration_closed"
    zh = "该活动当前不接受报名。"
    en = "The activity takes no registrations at the moment."


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


# Everything a registration must know before the lock, in one statement: the activity, the session asked for or the only one,
# whether the person is known and registered already, and the affiliations that hold today.
_LOOK = text(
    """
    select a.state as activity_state, a.open_to, a.kind, a.title, a.programme, s.id, s.starts_at, s.ends_at, s.place,
        (select count(*) from sessions c where c.activity_id = a.id) as session_count,
        exists (select from people p where p.id = :person_id)
            or exists (select from affiliations k where k.person_id = :person_id) as person_known,
        exists (
            select from registrations r where r.activity_id = a.id and r.person_id = :person_id
              and r.state in ('confirmed', 'waiting', 'offered')
        ) as is_registered,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'role', f.role, 'organisation_id', f.organisation_id, 'organisation_kind', o.kind
            ))
            from affiliations f left join organisations o on o.id = f.organisation_id
            where f.person_id = :person_id and f.state in ('confirmed', 'ended') and f.from_on <= :day
              and ((f.until_on is null and f.state = 'confirmed') or :day < f.until_on)
        ), '[]') as affiliations
    from activities a
    left join sessions s on s.activity_id = a.id and (s.id = :session_id or cast(:session_id as uuid) is null)
    where a.id = :activity_id
    order by s.starts_at, s.id limit 1
    """
)
# The session's row is locked, counted on and read in one step; who comes while somebody waits joins the queue. A second
# live registration of the person inserts nothing, and the transaction that counted for it is rolled back.
_TAKE = text(
    """
    with seat as (
        update sessions s set
            last_number = s.last_number + 1,
            last_is_seated = s.seats_taken < s.capacity and s.waiting = 0,
            seats_taken = s.seats_taken + cast(s.seats_taken < s.capacity and s.waiting = 0 as integer),
            waiting = s.waiting + cast(s.seats_taken >= s.capacity or s.waiting > 0 as integer)
        where s.id = :session_id and s.activity_state = 'open' and s.ends_at > :now
        returning s.last_number, s.last_is_seated, s.waiting
    ), written as (
        insert into registrations (id, activity_id, session_id, person_id, state, number, client_id, department, version,
            created_at)
        select :id, :activity_id, :session_id, :person_id, case when last_is_seated then 'confirmed' else 'waiting' end,
            last_number, :client_id, :department, 1, :now
        from seat
        on conflict (activity_id, person_id) where state in ('confirmed', 'waiting', 'offered') do nothing
        returning id
    )
    select seat.last_number, seat.last_is_seated, seat.waiting, exists (select from written) as is_written from seat
    """
)


def register(work: Work, *, activity_id: UUID, person_id: UUID, session_id: UUID | None) -> dict[str, Any]:
    """A seat, or a place at the end of the waiting list.

    Raises ActivityNotFound, SessionNotFound, SessionNotChosen, RegistrationClosed, PersonNotKnown, NotEligible,
    AlreadyRegistered.
    """
    session = _look(work, activity_id, person_id, session_id)
    row = {
        "id": uuid7(),
        "activity_id": activity_id,
        "session_id": session.id,
        "person_id": person_id,
        "client_id": work.caller.client_id,
        "department": work.caller.department,
    }
    taken = work.session.connection().execute(_TAKE, row | {"now": work.now}).one_or_none()
    if taken is None:
        raise RegistrationClosed()
    if not taken.is_written:
        raise AlreadyRegistered()
    state = CONFIRMED if taken.last_is_seated else WAITING
    # nobody has left the list meanwhile, so who comes last is as far back as it is long
    position = None if taken.last_is_seated else taken.waiting
    empty = {"offer_expires_at": None, "checked_in_at": None}
    row |= {"state": state, "number": taken.last_number, "version": 1, "created_at": work.now, **empty}
    tell(work, row, session, "waitlisted" if position else "confirmed", from_state=None, position=position)
    return row | {"position": position}


def _look(work: Work, activity_id: UUID, person_id: UUID, session_id: UUID | None) -> Row[Any]:
    asked = {"activity_id": activity_id, "person_id": person_id, "session_id": session_id, "day": work.today}
    seen = work.session.connection().execute(_LOOK, asked).one_or_none()
    if seen is None:
        raise activities.ActivityNotFound()
    if seen.id is None:
        raise SessionNotFound()
    if session_id is None and seen.session_count > 1:
        raise SessionNotChosen()
    if seen.activity_state != OPEN or seen.ends_at <= work.now:
        raise RegistrationClosed()
    if not seen.person_known:
        raise PersonNotKnown()
    if seen.is_registered:
        raise AlreadyRegistered()
    if not is_open_to(seen.open_to, seen.affiliations):
        raise NotEligible()
    return seen


def list_registrations(
    work: Work,
    *,
    limit: int,
    after: Mapping[str, Any] | None = None,
    activity_id: UUID | None = None,
    session_id: UUID | None = None,
    person_id: UUID | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Registrations, oldest first; a filter of None matches any."""
    filters = {"activity_id": activity_id, "session_id": session_id, "person_id": person_id, "state": state}
    statement = narrowed(READ, TABLE.c, filters)
    return read_page(work.session, statement, key=(TABLE.c.created_at, TABLE.c.id), limit=limit, after=after)
