"""The SQL of registrations, and how a registration is read, recorded and announced.

Not here: who may have a seat (``registrations``), who is next (``waiting_list``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, func, or_, select, text
from sqlalchemy.orm import aliased

from chassis.broker.topology import consumer_queue
from chassis.store import records
from chassis.store.work import Caller, Work
from contracts.catalogue import EVENTS
from contracts.language.refusals import Refusal
from services.events.activities import sessions
from services.events.activities.tables import Activity, ActivityKind
from services.events.copies.tables import Person
from services.events.registrations.rules import WAITING
from services.events.registrations.tables import Registration

TABLE: Table = Registration.__table__  # type: ignore[assignment]


class RegistrationNotFound(Refusal):
    """No registration that the caller may see has this id."""

    kind = "not_found"
    code = "events.registration_not_found"
    zh = "未找到该报名记录。"
    en = "There is no such registration."


_ahead = aliased(Registration)
#: The current position in the waiting list; null for a registration that does not wait.
POSITION = (
    select(func.count())
    .where(
        _ahead.session_id == TABLE.c.session_id,
        _ahead.state == WAITING,
        _ahead.number <= TABLE.c.number,
        TABLE.c.state == WAITING,
    )
    .correlate(TABLE)
    .scalar_subquery()
)
_activity, _kind = aliased(Activity), aliased(ActivityKind)
#: Who may see and move a registration is decided by its activity, in the same statement.
_WITH_ACTIVITY = TABLE.join(_activity, _activity.id == TABLE.c.activity_id).join(_kind, _kind.key == _activity.kind)
READ = select(*TABLE.c, func.nullif(POSITION, 0).label("position")).select_from(_WITH_ACTIVITY)

# All a registration depends on, read in one statement before the session is locked: the activity, the chosen session or the
# only one, who the registration would count for, whether they are known and registered already, and the affiliations that
# they and all who are merged into them hold today.
LOOK_UP = text(
    """
    select a.state as activity_state, a.open_to, a.kind, a.title, a.programme, k.is_confidential,
        s.id, s.starts_at, s.ends_at, s.place, s.state as session_state, s.revision, survivor.person_id,
        (select count(*) from sessions c where c.activity_id = a.id and c.state = 'scheduled') as session_count,
        p.id is not null or exists (select from affiliations k where k.person_id = :person_id) as person_known,
        exists (
            select from registrations r where r.activity_id = a.id and r.person_id = survivor.person_id
              and r.state in ('confirmed', 'waiting', 'offered')
        ) as is_registered,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'role', f.role, 'organisation_id', f.organisation_id, 'organisation_kind', o.kind
            ))
            from affiliations f left join organisations o on o.id = f.organisation_id
            where f.person_id = any(
                  survivor.person_id || array(select m.id from people m where m.merged_into = survivor.person_id)
              ) and f.state in ('confirmed', 'ended') and f.from_on <= :day
              and ((f.until_on is null and f.state = 'confirmed') or :day < f.until_on)
        ), '[]') as affiliations
    from activities a join activity_kinds k on k.key = a.kind
    left join sessions s on s.activity_id = a.id and s.state <> 'removed'
        and (s.id = :session_id or cast(:session_id as uuid) is null)
    left join people p on p.id = :person_id
    cross join lateral (select coalesce(p.merged_into, cast(:person_id as uuid)) as person_id) survivor
    where a.id = :activity_id
    order by s.state desc, s.starts_at, s.id limit 1
    """
)
# A second live registration of the person inserts nothing; the transaction that counted it is rolled back then.
INSERT = text(
    f"""
    with {sessions.TAKE_A_SEAT}, written as (
        insert into registrations (id, activity_id, session_id, person_id, merged_from, state, number, client_id, department,
            version, created_at)
        select :id, :activity_id, :session_id, :person_id, :merged_from,
            case when last_is_seated then 'confirmed' else 'waiting' end, last_number, :client_id, :department, 1, :now
        from seat
        on conflict (activity_id, person_id) where state in ('confirmed', 'waiting', 'offered') do nothing
        returning id
    )
    select seat.last_number, seat.last_is_seated, seat.waiting, seat.revision, exists (select from written) as is_written
    from seat
    """
)
#: To be joined into a check-in's statement: admits a registration once. Needs ``sessions.OPEN_DOOR`` before it.
ADMIT = """
    admitted as (
        update registrations r set checked_in_at = :at, version = r.version + 1 from door
        where r.id = :registration_id and r.state = 'confirmed' and r.checked_in_at is null
        returning r.id
    )
"""
_LEAVE_DOOR = text(
    """
    update registrations set checked_in_at = null, version = version + 1 where id = :registration_id
    """
)
# The session is chosen by its lapsed offers and locked in one statement: a session another process works on is skipped, and so
# is a cancelled one, whose offers wait for what becomes of it.
LOCK_LAPSING = text(
    """
    select s.id from sessions s
    where s.id in (
        select r.session_id from registrations r join sessions c on c.id = r.session_id and c.state <> 'cancelled'
        where r.state = 'offered' and r.offer_expires_at <= :now
        order by r.offer_expires_at limit :chunk
    )
    limit 1 for no key update of s skip locked
    """
)
PROMOTE = text(
    """
    update registrations r set state = :state, offer_expires_at = :offer_expires_at, version = r.version + 1
    from (
        select id from registrations where session_id = :session_id and state = 'waiting' order by number limit :seats
    ) next
    where r.id = next.id
    returning r.*
    """
)
# What a merge, or its end, has still to move: registrations of somebody who is merged that count for themselves yet, and those
# that count for somebody they are not merged into. Where both were checked in for one activity, each keeps its own.
_MISPLACED = text(
    """
    select m.id, m.activity_id, m.person_id, m.counts_for, m.merged_from,
        m.state in ('confirmed', 'waiting', 'offered') as is_live
    from (
        select r.id, r.activity_id, r.person_id, r.state, r.checked_in_at, p.id as made_for, p.merged_into as counts_for,
            p.id as merged_from
        from people p join registrations r on r.person_id = p.id
        where p.merged_into is not null and r.merged_from is null
        union all
        select r.id, r.activity_id, r.person_id, r.state, r.checked_in_at, r.merged_from, coalesce(p.merged_into, r.merged_from),
            case when p.merged_into is not null then r.merged_from end
        from registrations r left join people p on p.id = r.merged_from
        where r.merged_from is not null and r.person_id <> coalesce(p.merged_into, r.merged_from)
    ) m
    where (cast(:people as uuid[]) is null or m.made_for = any(cast(:people as uuid[])))
      and not (m.checked_in_at is not null and exists (
          select from registrations o
          where o.activity_id = m.activity_id and o.person_id = m.counts_for and o.checked_in_at is not null
      ))
    order by m.id limit :chunk
    """
)
_WITH_SESSION = text(
    """
    select r.activity_id, r.session_id, r.person_id, r.state, r.checked_in_at, r.department, s.activity_state,
        s.state as session_state, s.starts_at, s.ends_at, a.department as activity_department, k.is_confidential
    from registrations r join sessions s on s.id = r.session_id
        join activities a on a.id = r.activity_id join activity_kinds k on k.key = a.kind
    where r.id = :registration_id
    """
)


def own(caller: Caller) -> ColumnElement[bool]:
    """Registrations a caller may see and move: the person's, or those of the department's activities or made by it."""
    if caller.person_id is not None:
        return TABLE.c.person_id == caller.person_id
    return or_(_activity.department == caller.department, TABLE.c.department == caller.department)


def listed(caller: Caller, *, is_of_person: bool) -> ColumnElement[bool]:
    """Registrations a caller finds in lists: the person's own, those of the department's activities; of a person it reaches,
    all but the confidential ones of others.
    """
    if caller.person_id is not None:
        return TABLE.c.person_id == caller.person_id
    of_department = _activity.department == caller.department
    return or_(of_department, ~_kind.is_confidential) if is_of_person else of_department


def is_own(caller: Caller, registration: Row[Any]) -> bool:
    """As `own`, of a row of `read_with_session`."""
    if caller.person_id is not None:
        return bool(registration.person_id == caller.person_id)
    return caller.department in (registration.activity_department, registration.department)


def counted_for(person_id: UUID) -> ColumnElement[Any]:
    """Who a person's registrations count for: who they are merged into, or they themselves."""
    merged_into = select(Person.merged_into).where(Person.id == person_id).scalar_subquery()
    return func.coalesce(merged_into, person_id)


def misplaced(work: Work, person_ids: Collection[UUID] | None, *, chunk: int | None) -> Sequence[Row[Any]]:
    """Registrations made for these people (None: for anybody) that do not count for whom they should, at most a chunk."""
    people = None if person_ids is None else sorted(person_ids)
    return work.session.connection().execute(_MISPLACED, {"people": people, "chunk": chunk}).all()


def read_with_session(work: Work, registration_id: UUID) -> Row[Any]:
    """A registration with the state and times of its session. Raises RegistrationNotFound."""
    return records.found_row(work, _WITH_SESSION, RegistrationNotFound, {"registration_id": registration_id})


def leave_door(work: Work, registration_id: UUID) -> None:
    """The registration as it was before its check-in, which is taken back in this transaction."""
    work.session.connection().execute(_LEAVE_DOOR, {"registration_id": registration_id})


def session_of(work: Work, registration_id: UUID) -> UUID:
    """The session a registration of the caller's is for; it never changes. Raises RegistrationNotFound."""
    wanted = select(TABLE.c.session_id).select_from(_WITH_ACTIVITY)
    statement = wanted.where(TABLE.c.id == registration_id, own(work.caller))
    return UUID(str(records.found_row(work, statement, RegistrationNotFound).session_id))


def record_and_announce(
    work: Work,
    event_type: str,
    row: Mapping[Any, Any],
    session: Row[Any],
    *,
    from_state: str | None,
    position: int | None = None,
    reason: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Record the step in the history and announce the registration as it is now; `session` is a row of ``lock_session``, `more`
    what this type of event has beside.

    Of a confidential kind the platform's own subscribers are told, and no listener.
    """
    work.record("registration", row["id"], from_state=from_state, to_state=row["state"], reason=reason)
    expires_at: dt.datetime | None = row["offer_expires_at"]
    data = {
        "registration_id": str(row["id"]),
        "version": row["version"],
        "activity_id": str(row["activity_id"]),
        "person_id": str(row["person_id"]),
        "state": row["state"],
        "position": position,
        "offer_expires_at": expires_at.isoformat() if expires_at else None,
        "activity_kind": session.kind,
        "activity_title": session.title,
        "activity_programme": session.programme,
        "starts_at": session.starts_at.isoformat(),
        "place": session.place,
        "reason": reason,
        **(more or {}),
    }
    own_queues = [consumer_queue(consumer) for consumer in EVENTS[event_type].subscribers]
    for queue in own_queues if session.is_confidential else [None]:
        work.announce(event_type, subject_id=row["id"], version=row["version"], data=data, only_for=queue)
