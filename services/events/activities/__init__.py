"""Activities (活动): talks, visits, job fairs …, each of one department, drafted, published and held.

Lives here: making, changing and reading them. Not here: their states (``activity_moves``), who comes (``registrations``).
Source: report, P05, P06, P18, P20, P22, P23, P42 to P44.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.versions import check_version
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.events import copies
from services.events.activities import figures, sessions
from services.events.activities import rules as law
from services.events.activities.kinds import ActivityKindNotFound
from services.events.activities.tables import Activity, ActivityKind
from services.events.registrations import changes as session_changes
from services.events.registrations import waiting_list

TABLE: Table = Activity.__table__  # type: ignore[assignment]


class ActivityNotFound(Refusal):
    """No activity has this id."""

    kind = "not_found"
    code = "events.activity_not_found"
    zh = "未找到该活动。"
    en = "There is no such activity."


class NotYourActivity(Refusal):
    """Only the department that made an activity may change it."""

    kind = "forbidden"
    code = "events.not_your_activity"
    zh = "只有创建该活动的部门可以变更。"
    en = "Only the department that made this activity may change it."


class ActivityOver(Refusal):
    """What has been held or called off stays as it was."""

    kind = "conflict"
    code = "events.activity_over"
    zh = "活动已举办或已取消，不能再修改。"
    en = "The activity has been held or called off; it cannot be changed any more."


def create_activity(work: Work, *, kind: str, **values: Any) -> dict[str, Any]:
    """Draft an activity of the caller's department. Raises ActivityKindNotFound, OrganiserNotKnown."""
    programme = work.session.scalar(select(ActivityKind.programme).where(ActivityKind.key == kind))
    if programme is None:
        raise ActivityKindNotFound()
    copies.check_organisers(work.session, [values["organiser_id"], *values["co_organiser_ids"]])
    row = {
        "id": uuid7(),
        "kind": kind,
        "programme": programme,
        **{name: values[name] for name in ("title", "organiser_id", "promotion", "offer_hours")},
        **_plain(values),
        **_outline(values["sessions"]),
        "department": work.caller.department,
        "client_id": work.caller.client_id,
        "state": law.DRAFT,
        "is_voiding": False,
        "version": 1,
        "created_at": work.now,
    }
    work.session.connection().execute(insert(TABLE), row)
    sessions.add_sessions(work, row["id"], law.DRAFT, values["sessions"])
    work.record("activity", row["id"], from_state=None, to_state=law.DRAFT)
    return get_activity(work, activity_id=row["id"])


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept as JSON, its ids as text."""
    found: dict[str, Any] = {}
    if "co_organiser_ids" in values:
        found["co_organiser_ids"] = [str(one) for one in values["co_organiser_ids"]]
    if "open_to" in values:
        rules = values["open_to"]
        found["open_to"] = rules and [
            {name: str(value) for name, value in rule.items() if value is not None} for rule in rules
        ]
    return found


def _outline(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """From when until when the sessions go, and where the first of them is; cancelled ones count where all are."""
    held = [one for one in values if one.get("state") != law.SESSION_CANCELLED] or values
    first = min(held, key=lambda one: one["starts_at"])
    ends_at = max(one["ends_at"] for one in held)
    return {"starts_at": first["starts_at"], "ends_at": ends_at, "place": first["place"]}


def change_activity(work: Work, *, activity_id: UUID, version: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is named, unless it is over; more seats go to those who wait at once, and who is registered is notified of
    another title, time or place.

    Raises ActivityNotFound, NotYourActivity, ActivityOver, VersionStale, OrganiserNotKnown, SessionNotFound, SessionInUse,
    SessionInPast, SessionStateNotChanged, CapacityTooSmall.
    """
    row = changeable_activity(work, activity_id)
    check_version(row["version"], version)
    organisers = [changes["organiser_id"]] if "organiser_id" in changes else []
    copies.check_organisers(work.session, [*organisers, *changes.get("co_organiser_ids", [])])
    values = {name: changes[name] for name in ("title", "organiser_id", "promotion", "offer_hours") if name in changes}
    values |= _plain(changes)
    if not values and "sessions" not in changes:
        return get_activity(work, activity_id=activity_id)
    known = sessions.locked_of(work, activity_id) if changes.keys() & {"title", "sessions"} else {}
    stay: list[UUID] = []
    if "sessions" in changes:
        stay = sessions.replace_sessions(work, activity_id, row["state"], known, changes["sessions"])
    after = write_change(work, row, f"changed: {', '.join(sorted(changes))}", **values)
    session_changes.note_amended(work, known, before=row, after=after)
    for session_id in stay:
        session = sessions.lock_session(work, session_id)
        waiting_list.limit_offers(work, session)
        waiting_list.promote_waiting(work, session)
    return get_activity(work, activity_id=activity_id)


def changeable_activity(work: Work, activity_id: UUID) -> RowMapping:
    """The locked row of an activity of the caller's that is not over. Raises ActivityNotFound, NotYourActivity, ActivityOver."""
    row = own_activity(work, activity_id, is_locked=True)
    if row["state"] not in law.CHANGEABLE:
        raise ActivityOver()
    return row


def write_change(work: Work, before: Mapping[Any, Any], reason: str, **values: Any) -> RowMapping:
    """Write the next version of a locked activity, with what follows from its sessions as they are now; announced unless it is a
    draft.
    """
    outline = _outline(sessions.sessions_of(work, [before["id"]])[before["id"]])
    after = records.write_change(work, TABLE, before, {**values, **outline})
    work.record("activity", after["id"], from_state=after["state"], to_state=after["state"], reason=reason)
    if after["state"] != law.DRAFT:
        announce(work, "events.activity.changed.v1", after)
    return after


def announce(work: Work, event_type: str, row: Mapping[Any, Any]) -> None:
    """Announce an activity as it is now."""
    names = ("version", "kind", "title", "programme", "state", "place")
    data = {
        "activity_id": str(row["id"]),
        "organiser_id": str(row["organiser_id"]),
        "starts_at": row["starts_at"].isoformat(),
        "ends_at": row["ends_at"].isoformat(),
        **{name: row[name] for name in names},
    }
    work.announce(event_type, subject_id=row["id"], version=row["version"], data=data)


def own_activity(work: Work, activity_id: UUID, *, is_locked: bool = False) -> RowMapping:
    """The row of an activity of the caller's department, locked on demand. Raises ActivityNotFound, NotYourActivity."""
    statement = select(TABLE).where(TABLE.c.id == activity_id, _is_shown(work))
    row = records.found(work, statement.with_for_update() if is_locked else statement, ActivityNotFound)
    if row["department"] != work.caller.department:
        raise NotYourActivity()
    return row


def lock_voiding(work: Work) -> UUID | None:
    """A cancelled activity whose registrations are not all voided yet, locked; None when no other is."""
    voiding = select(Activity.id).where(Activity.is_voiding).order_by(Activity.id).limit(1)
    return work.session.scalar(voiding.with_for_update(skip_locked=True))


def end_voiding(work: Work, activity_id: UUID) -> None:
    """All registrations of a cancelled activity are voided."""
    work.session.execute(update(Activity).where(Activity.id == activity_id).values(is_voiding=False))


def _found(work: Work, activity_id: UUID) -> RowMapping:
    return records.found(work, select(TABLE).where(TABLE.c.id == activity_id, _is_shown(work)), ActivityNotFound)


def _is_shown(work: Work) -> ColumnElement[bool]:
    """A draft is shown to the department that writes it alone."""
    own = work.caller.department if work.caller.person_id is None else None
    return or_(TABLE.c.state != law.DRAFT, TABLE.c.department == own)


def get_activity(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """One activity with its sessions. Raises ActivityNotFound."""
    row = _found(work, activity_id)
    return _as_record(row, sessions.sessions_of(work, [activity_id])[activity_id])


def list_activities(
    work: Work,
    *,
    page: Paging,
    kind: str | None = None,
    state: str | None = None,
    organiser_id: UUID | None = None,
    department: str | None = None,
) -> dict[str, Any]:
    """Activities, oldest first, but others' drafts; a filter of None matches any."""
    filters = {"kind": kind, "state": state, "organiser_id": organiser_id, "department": department}
    statement = narrowed(select(TABLE), TABLE.c, filters).where(_is_shown(work))
    key = (TABLE.c.created_at, TABLE.c.id)
    rows = read_page(work.session, statement, page, key=key, updated_at=TABLE.c.updated_at)
    found = sessions.sessions_of(work, [row["id"] for row in rows["items"]])
    return rows | {"items": [_as_record(row, found[row["id"]]) for row in rows["items"]]}


def list_sessions(work: Work, *, activity_id: UUID) -> dict[str, Any]:
    """How full the sessions of an activity are. Raises ActivityNotFound."""
    _found(work, activity_id)
    return {"items": sessions.sessions_of(work, [activity_id])[activity_id]}


def _as_record(row: Mapping[Any, Any], its_sessions: list[dict[str, Any]]) -> dict[str, Any]:
    counted, stated = row["attendance_counted"], row["attendance_stated"]
    attendance = None if counted is None else {"counted": counted, "stated": stated}
    return {**row, "sessions": its_sessions, "attendance": attendance}


COUNTERS = figures.COUNTERS
