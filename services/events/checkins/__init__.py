"""Check-ins (签到): one scan at the door, answered once and kept as a fact, admitted or refused.

Lives here: the scan from token to answer, in one short transaction. The law is in ``checkins.rules``; that a registration is
admitted once is held by the conditional update of `_ADMIT` and by an index. A scan that is no scan of a ticket of this city
is refused without leaving a fact. Figures of who came count these.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select, text

from chassis.ground.ids import uuid7
from chassis.store.work import Caller, Work
from contracts.language.refusals import Refusal
from contracts.scans import ScanTimes
from services.events.activities import sessions
from services.events.checkins import rules as law
from services.events.checkins.tables import CheckIn
from services.events.registrations import statements
from services.events.tickets import TicketClaims, TicketExpired, TicketKeys

TABLE: Table = CheckIn.__table__  # type: ignore[assignment]

#: Refusals at the door: code → what the door shows.
REASONS: dict[str, dict[str, str]] = {
    "events.checked_in_before": {"zh-CN": "该凭证已签到。", "en": "This ticket has been used."},
    "events.no_seat": {"zh-CN": "该报名没有已确认的名额。", "en": "The registration has no confirmed seat."},
    "events.activity_called_off": {"zh-CN": "活动已取消。", "en": "The activity was called off."},
    "events.books_closed": {
        "zh-CN": "活动已结束统计，不再接受签到。",
        "en": "The activity takes no check-ins any more.",
    },
    "events.doors_not_open": {"zh-CN": "尚未开始入场。", "en": "The doors are not open yet."},
    "events.session_over": {"zh-CN": "该场次已结束。", "en": "The session is over."},
}


class NonceReused(Refusal):
    """The nonce stands for another scan."""

    kind = "conflict"
    code = "events.nonce_reused"
    zh = "该扫码流水号已用于另一次签到，请为每次扫码生成新的流水号。"
    en = "This nonce was used for a different scan. Make a new one for each scan."


class WrongDoor(Refusal):
    """The ticket is for another activity or session than this door is of. It is not used."""

    kind = "forbidden"
    code = "events.wrong_door"
    zh = "该入场凭证不属于此入口的活动或场次。"
    en = "The ticket is for an activity or session of another door."


class ScanBeforeTicket(Refusal):
    """The scan says it was made before the ticket was issued. The ticket is not used."""

    kind = "unprocessable"
    code = "events.scan_before_ticket"
    zh = "扫码时间早于入场凭证签发的时间。"
    en = "The scan would be earlier than the ticket."


class ScanTimeImplausible(Refusal):
    """The scan is from the future, or too old to be sent."""

    kind = "unprocessable"
    code = "events.scan_time_implausible"
    zh = "扫码时间不合理：不能晚于现在，也不能早于 {days} 天前。"
    en = "The time of the scan is not plausible: it may not lie ahead, nor more than {days} days back."


@dataclass(frozen=True)
class Scan:
    """What a door sent, its ticket verified."""

    claims: TicketClaims
    nonce: str
    at: dt.datetime


_COLUMNS = """
    id, client_id, nonce, ticket_digest, registration_id, activity_id, at, outcome, code, holder, department, created_at
"""
_VALUES = """
    :id, :client_id, :nonce, :ticket_digest, :registration_id, :activity_id, :at, :outcome, :code, :holder, :department,
    :created_at
"""
_ADMIT = text(
    f"""
    with {sessions.OPEN_DOOR}, {statements.ADMIT}
    insert into checkins ({_COLUMNS}) select {_VALUES} from admitted
    on conflict (client_id, nonce) do nothing returning id
    """
)
_REFUSE = text(
    f"""
    insert into checkins ({_COLUMNS}) values ({_VALUES}) on conflict do nothing returning id
    """
)
_ADMITTED = text(
    """
    select count(*) from checkins where activity_id = :activity_id and outcome = 'admitted'
    """
)


def check_in(
    work: Work,
    *,
    keys: TicketKeys,
    scan_times: ScanTimes,
    token: str,
    nonce: str,
    at: dt.datetime | None = None,
) -> dict[str, Any]:
    """Answer a scan: admitted, or refused with a reason. The same nonce of the same client gets the same answer.

    `at` is when an offline scanner read the ticket. Raises TicketUnreadable, TicketExpired, RegistrationNotFound, WrongDoor,
    ScanTimeImplausible, ScanBeforeTicket, NonceReused.
    """
    scan = Scan(keys.read(token), nonce, at or work.now)
    if (earlier := _earlier(work, scan)) is not None:
        return earlier
    if not scan_times.allow(scan.at, now=work.now):
        raise ScanTimeImplausible(days=scan_times.kept.days)
    if scan.claims.expires_at <= scan.at:
        raise TicketExpired()
    # a ticket is issued for a confirmed registration alone, so nothing of it is younger
    if not scan_times.may_follow(scan.claims.issued_at, scan.at):
        raise ScanBeforeTicket()
    registration = statements.read_with_session(work, scan.claims.registration_id)
    if not _is_door_of(work.caller, registration):
        raise WrongDoor()
    row = _row(work, scan)
    code = _refusal(registration, scan, scan_times)
    if code is None and work.session.connection().execute(_ADMIT, row).scalar() is not None:
        _record_and_announce(work, row, registration)
        return as_answer(row)
    if (earlier := _earlier(work, scan)) is not None:
        return earlier
    if code is None:  # something changed between the two statements
        registration = statements.read_with_session(work, scan.claims.registration_id)
        code = _refusal(registration, scan, scan_times) or "events.checked_in_before"
    return _refuse(work, scan, row, code)


def _is_door_of(caller: Caller, registration: Row[Any]) -> bool:
    """A device's by what it is bound to, a department's by whose activity it is."""
    if caller.client_type == "device":
        return not caller.bound_to.isdisjoint((str(registration.activity_id), str(registration.session_id)))
    return bool(registration.activity_department == caller.department)


def _refusal(registration: Row[Any], scan: Scan, scan_times: ScanTimes) -> str | None:
    facts = law.ScanFacts(registration.state, registration.activity_state, registration.starts_at, registration.ends_at)
    return law.refusal_of(facts, at=scan.at, times=scan_times) or (
        "events.checked_in_before" if registration.checked_in_at is not None else None
    )


def _row(work: Work, scan: Scan) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "client_id": work.caller.client_id,
        "nonce": scan.nonce,
        "ticket_digest": scan.claims.digest,
        "registration_id": scan.claims.registration_id,
        "activity_id": scan.claims.activity_id,
        "at": scan.at,
        "outcome": "admitted",
        "code": None,
        "holder": scan.claims.holder,
        "department": work.caller.department,
        "created_at": work.now,
    }


def _refuse(work: Work, scan: Scan, row: dict[str, Any], code: str) -> dict[str, Any]:
    row |= {"outcome": "refused", "code": code}
    if work.session.connection().execute(_REFUSE, row).scalar() is None:
        return _earlier(work, scan) or as_answer(row)  # the same nonce came twice at once
    work.record("checkin", row["id"], from_state=None, to_state="refused", reason=code)
    return as_answer(row)


def _earlier(work: Work, scan: Scan) -> dict[str, Any] | None:
    """The answer this nonce already got. Raises NonceReused if it was for another ticket."""
    statement = select(TABLE).where(TABLE.c.client_id == work.caller.client_id, TABLE.c.nonce == scan.nonce)
    found = work.session.connection().execute(statement).mappings().one_or_none()
    if found is None:
        return None
    if bytes(found["ticket_digest"]) != scan.claims.digest:
        raise NonceReused()
    return as_answer(dict(found)) | {"replayed": True}


def _record_and_announce(work: Work, row: dict[str, Any], registration: Row[Any]) -> None:
    work.record("checkin", row["id"], from_state=None, to_state="admitted")
    if registration.is_confidential:
        return  # nobody but the department of the activity is told who came
    work.announce(
        "events.checkin.recorded.v1",
        subject_id=row["id"],
        version=1,
        data={
            "checkin_id": str(row["id"]),
            "registration_id": str(row["registration_id"]),
            "activity_id": str(row["activity_id"]),
            "person_id": str(registration.person_id),
            "at": row["at"].isoformat(),
        },
    )


def as_answer(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"reason": REASONS.get(row["code"]) if row["code"] else None, "replayed": False}


def count_admitted(work: Work, activity_id: UUID) -> int:
    """How many check-ins of an activity were admitted."""
    return int(work.session.execute(_ADMITTED, {"activity_id": activity_id}).scalar_one())
