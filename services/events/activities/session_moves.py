"""The moves of one session: cancel, reopen.

A cancelled session is not held: it takes no registrations, gives no seats, and its door is closed. Its registrations keep their
places, so that tickets are good again once it is reopened. Not here: removing a session, which is a change of the activity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.engine import RowMapping

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events import activities
from services.events.activities import rules as law
from services.events.activities import sessions
from services.events.registrations import changes, waiting_list


class SessionCancelled(Refusal):
    """The session is cancelled already."""

    kind = "conflict"
    code = "events.session_cancelled"
    zh = "该场次已取消。"
    en = "The session is cancelled."


class SessionNotCancelled(Refusal):
    """What is not cancelled cannot be reopened."""

    kind = "conflict"
    code = "events.session_not_cancelled"
    zh = "该场次未取消，无需恢复。"
    en = "The session is not cancelled, so it cannot be reopened."


def cancel_session(work: Work, *, activity_id: UUID, session_id: UUID, reason: str) -> dict[str, Any]:
    """Cancel one session of an activity, until it is reopened; everybody with a live registration is notified.

    Raises ActivityNotFound, NotYourActivity, ActivityOver, SessionNotFound, SessionCancelled.
    """
    activity, session = _locked(work, activity_id, session_id)
    if session["state"] == law.SESSION_CANCELLED:
        raise SessionCancelled()
    return _move(work, activity, session, law.SESSION_CANCELLED, reason=reason)


def reopen_session(work: Work, *, activity_id: UUID, session_id: UUID) -> dict[str, Any]:
    """Hold a cancelled session after all, as it now stands; everybody with a live registration is notified.

    Offers may be accepted as long as new ones, and free seats go to those who wait. Raises ActivityNotFound, NotYourActivity,
    ActivityOver, SessionNotFound, SessionNotCancelled, SessionInPast.
    """
    activity, session = _locked(work, activity_id, session_id)
    if session["state"] != law.SESSION_CANCELLED:
        raise SessionNotCancelled()
    if session["ends_at"] <= work.now:
        raise sessions.SessionInPast()
    answer = _move(work, activity, session, law.SCHEDULED, reason=None)
    locked = sessions.lock_session(work, session_id)
    waiting_list.renew_offers(work, locked)
    waiting_list.promote_waiting(work, locked)
    return answer


def _locked(work: Work, activity_id: UUID, session_id: UUID) -> tuple[RowMapping, Mapping[str, Any]]:
    activity = activities.changeable_activity(work, activity_id)
    session = sessions.locked_of(work, activity_id).get(session_id)
    if session is None:
        raise sessions.SessionNotFound()
    return activity, session


def _move(
    work: Work, activity: RowMapping, session: Mapping[str, Any], state: str, *, reason: str | None
) -> dict[str, Any]:
    sessions.set_state(work, session["id"], state, reason=reason)
    work.record("session", session["id"], from_state=session["state"], to_state=state, reason=reason)
    activities.write_change(work, activity, f"session {state}")
    what = changes.SUSPENDED if state == law.SESSION_CANCELLED else changes.REINSTATED
    changes.note(work, what, [session], reason=reason)
    return activities.get_activity(work, activity_id=activity["id"])
