"""Tickets (入场凭证): a confirmed registration as a signed token, which a door can verify offline.

Lives here: what a ticket says, and issuing it. Not here: signing and keys (``chassis.keys.signed_tokens``), whether it admits
(``checkins``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.keys.signed_tokens import SigningKeys
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.events.registrations import statements
from services.events.registrations.rules import CONFIRMED

TYPE = "youthcity-ticket+jws"


class TicketUnreadable(Refusal):
    """Not a ticket of this city: malformed, forged, or signed with an unknown key."""

    kind = "unprocessable"
    code = "events.ticket_unreadable"
    zh = "这不是有效的入场凭证，请让持有人重新打开凭证。"
    en = "This is not a valid ticket. Ask the holder to open it again."


class NoSeat(Refusal):
    """Only a confirmed registration has a ticket."""

    kind = "conflict"
    code = "events.no_ticket"
    zh = "该报名没有已确认的名额，不能生成入场凭证。"
    en = "The registration has no confirmed seat; there is no ticket."


@dataclass(frozen=True)
class TicketClaims:
    """What a ticket says that is decided on. Its `exp` is not: a session may have been put off since (ADR 0025)."""

    registration_id: UUID
    activity_id: UUID
    holder: str
    issued_at: dt.datetime
    digest: bytes


class TicketKeys(SigningKeys[TicketClaims]):
    """The key set tickets are signed with."""

    name = "ticket_signing"
    token_type = TYPE
    unreadable = TicketUnreadable

    def claims_of(self, claims: dict[str, Any], digest: bytes) -> TicketClaims:
        return TicketClaims(
            registration_id=UUID(claims["registration_id"]),
            activity_id=UUID(claims["activity_id"]),
            holder=str(claims["holder"]),
            issued_at=dt.datetime.fromtimestamp(int(claims["iat"]), dt.UTC),
            digest=digest,
        )


def issue_ticket(work: Work, *, keys: TicketKeys, registration_id: UUID, holder: str) -> dict[str, Any]:
    """A ticket for a confirmed registration, good as long as its session goes on; `holder` is the masked name the door shows.
    `expires_at` is the end of the session as it is now, for doors that are offline.

    Raises RegistrationNotFound, NoSeat.
    """
    row = statements.read_with_session(work, registration_id)
    if not statements.is_own(work.caller, row):
        raise statements.RegistrationNotFound()
    if row.state != CONFIRMED:
        raise NoSeat()
    expires_at = row.ends_at.replace(microsecond=0)
    token = keys.sign(
        {
            "registration_id": str(registration_id),
            "activity_id": str(row.activity_id),
            "holder": holder,
            "iat": int(work.now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
    )
    return {
        "token": token,
        "registration_id": registration_id,
        "activity_id": row.activity_id,
        "holder": holder,
        "expires_at": expires_at,
        "key_id": keys.current,
    }
