"""Deliveries (投递): one row per message and channel, from the commit of the message to its end.

Lives here: the rows, each change of state as one conditional update of what ``deliveries.rules`` allows. Not here: calling
providers (``sending``, ``channels``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Update, column, exists, func, insert, null, select, table, text, update
from sqlalchemy.dialects.postgresql import JSONB

from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.notify.channels import in_app
from services.notify.deliveries import rules
from services.notify.deliveries.tables import Delivery
from services.notify.preferences import rules as preference_rules
from services.notify.preferences.rules import PersonPreferences

TABLE: Table = Delivery.__table__  # type: ignore[assignment]
#: Of the messages: what a claim reads with the deliveries. ``messages`` stands above this subject, so it is not imported.
_MESSAGES = table(
    "messages",
    column("id"),
    column("person_id"),
    column("programme"),
    column("urgency"),
    column("subject", JSONB),
    column("body", JSONB),
)
_SHOWN = (
    "id", "message_id", "person_id", "channel", "state", "reason", "recipient", "attempts", "not_before", "settled_at",
    "created_at",
)  # fmt: skip
_ENDED = (rules.DELIVERED, rules.FAILED, rules.SUPPRESSED, rules.UNKNOWN)

#: A new message, the channels of its template, and the preferences of its person.
New = tuple[Mapping[str, Any], Collection[str], PersonPreferences]


class DeliveryNotFound(Refusal):
    """No delivery has this id."""

    kind = "not_found"
    code = "notify.delivery_not_found"
    zh = "未找到该投递记录。"
    en = "There is no such delivery."


class DeliveryNotResendable(Refusal):
    """Only a failed delivery, or one of unknown outcome, can be sent again."""

    kind = "conflict"
    code = "notify.delivery_not_resendable"
    zh = "只有失败或结果不明的投递可以重发（当前状态：{state_zh}）。"
    en = "Only a failed delivery or one of unknown outcome can be sent again; this one is {state}."


# -- the beginning


def begin(work: Work, new: Sequence[New], *, open_channels: Collection[str]) -> None:
    """The deliveries of new messages: in-app ones are done, unwanted ones suppressed, the others due."""
    rows = [
        _first(work, message, channel, preference, is_open=channel in open_channels)
        for message, channels, preference in new
        for channel in channels
    ]
    if rows:
        work.session.connection().execute(insert(TABLE), rows)


def _first(
    work: Work, message: Mapping[str, Any], channel: str, preference: PersonPreferences, *, is_open: bool
) -> dict[str, Any]:
    reason = preference_rules.objection(preference, programme=message["programme"], channel=channel)
    if reason is None and not is_open:
        reason = "channel_off"
    if reason is not None:
        state, not_before = rules.SUPPRESSED, None
    elif channel == in_app.NAME:
        state, not_before = rules.DELIVERED, None
    else:
        state, not_before = rules.DUE, quiet_until(preference, message["urgency"], work.now) or work.now
    return {
        "id": uuid7(),
        "message_id": message["id"],
        "person_id": message["person_id"],
        "channel": channel,
        "state": state,
        "reason": reason,
        "recipient": None,
        "attempts": 0,
        "not_before": not_before,
        "settled_at": work.now if state in _ENDED else None,
        "created_at": work.now,
    }


def quiet_until(preference: PersonPreferences, urgency: str, now: dt.datetime) -> dt.datetime | None:
    """When the person may be disturbed again; None for now. Urgent messages keep no quiet hours."""
    return None if urgency == "urgent" else preference_rules.quiet_until(preference.quiet_hours, now)


def delivered_in_app(message_id: Any) -> Any:
    """The condition that a message, by the column of its id, was delivered to the in-app inbox."""
    in_inbox = (TABLE.c.channel == in_app.NAME) & (TABLE.c.state == rules.DELIVERED)
    return exists().where(TABLE.c.message_id == message_id, in_inbox)


# -- a sender's round


@dataclass(frozen=True)
class Claimed:
    """A delivery a sender holds, with the message it carries and the person that is for now."""

    id: UUID
    person_id: UUID
    programme: str
    urgency: str
    subject: dict[str, str]
    body: dict[str, str]
    attempts: int


def claim(work: Work, *, channel: str, claim: UUID, lease_until: dt.datetime, at_most: int) -> list[Claimed]:
    """Take the deliveries longest due, in order; replicas take different ones."""
    due = (
        select(TABLE.c.id)
        .where(TABLE.c.state.in_(rules.may_befall("claimed")), TABLE.c.channel == channel)
        .where(TABLE.c.not_before <= work.now)
        .order_by(TABLE.c.not_before, TABLE.c.id)
        .limit(at_most)
        .with_for_update(skip_locked=True)
        .cte("first_due")
    )
    taken = _moved("claimed").where(TABLE.c.id == due.c.id, _MESSAGES.c.id == TABLE.c.message_id)
    taken = taken.values(claim=claim, lease_until=lease_until, not_before=null())
    carried = ("person_id", "programme", "urgency", "subject", "body")
    wanted = (TABLE.c.id, TABLE.c.attempts, *(_MESSAGES.c[name] for name in carried))
    found = work.session.connection().execute(taken.returning(*wanted)).mappings()
    return sorted((Claimed(**row) for row in found), key=lambda one: one.id)


def release(work: Work, claim: UUID, ids: Collection[UUID], *, not_before: dt.datetime, reason: str | None) -> None:
    """Release deliveries whose provider was not called; no attempt is counted."""
    given_back = _moved("released").where(TABLE.c.id.in_(ids), TABLE.c.claim == claim)
    work.session.execute(given_back.values(**_UNCLAIMED, not_before=not_before, reason=reason))


def withhold(work: Work, claim: UUID, reasons: Mapping[UUID, str]) -> None:
    """Suppress deliveries the person does not want or cannot be reached by; each with its reason."""
    for reason in sorted(set(reasons.values())):
        ids = [delivery_id for delivery_id, why in reasons.items() if why == reason]
        withheld = _moved("withheld").where(TABLE.c.id.in_(ids), TABLE.c.claim == claim)
        work.session.execute(withheld.values(**_UNCLAIMED, reason=reason, settled_at=work.now))


def hand_over(work: Work, claim: UUID, ids: Collection[UUID]) -> set[UUID]:
    """The last step before a provider is called, to be committed first; only those returned may be called for."""
    handed = _moved("handed_over").where(TABLE.c.id.in_(ids), TABLE.c.claim == claim, TABLE.c.lease_until > work.now)
    handed = handed.values(attempts=TABLE.c.attempts + 1).returning(TABLE.c.id)
    return set(work.session.execute(handed).scalars())


@dataclass(frozen=True)
class Outcome:
    """How one call ended: a happening of the rules, why, when it is tried again, and the masked address."""

    delivery_id: UUID
    happening: str
    reason: str | None
    not_before: dt.datetime | None
    recipient: str | None


_RECORD = text(
    """
    update deliveries d set state = n.state, reason = n.reason, not_before = n.not_before, recipient = n.recipient,
    attempts = d.attempts - n.uncounted, settled_at = n.settled_at,
    claim = case when n.state = :unknown then d.claim end, lease_until = null
    from jsonb_to_recordset(cast(:outcomes as jsonb)) as n (id uuid, state text, reason text, not_before timestamptz,
    recipient text, uncounted integer, settled_at timestamptz)
    where d.id = n.id and d.claim = :claim and d.state = any(:open)
    """
)


def record(work: Work, claim: UUID, outcomes: Sequence[Outcome]) -> None:
    """Write down how the calls ended, in one statement; also of one given up as unknown in the meantime."""
    rows = [
        {
            "id": str(one.delivery_id),
            "state": rules.after(one.happening),
            "reason": one.reason,
            "not_before": one.not_before.isoformat() if one.not_before else None,
            "recipient": one.recipient,
            "uncounted": 1 if one.happening == "not_called" else 0,
            "settled_at": work.now.isoformat() if rules.after(one.happening) in _ENDED else None,
        }
        for one in outcomes
    ]
    if rows:
        sources = {state for one in outcomes for state in rules.may_befall(one.happening)}
        known = {"claim": claim, "open": sorted(sources), "unknown": rules.UNKNOWN}
        work.session.execute(_RECORD, {"outcomes": json.dumps(rows), **known})


def rescue(work: Work) -> int:
    """Deliveries whose sender is gone: due again where no provider was called, of unknown outcome where one may have been.

    The claim stays with the unknown: a sender that was merely slow may still record how it ended.
    """
    back = _moved("released").where(TABLE.c.lease_until < work.now)
    lost = _moved("lost").where(TABLE.c.state == rules.CALLING, TABLE.c.lease_until < work.now)
    lost = lost.values(lease_until=null(), reason="sender_lost", settled_at=work.now)
    rescued: Any = work.session.execute(back.values(**_UNCLAIMED, not_before=work.now))
    unknown: Any = work.session.execute(lost)
    return int(rescued.rowcount) + int(unknown.rowcount)


_UNCLAIMED: dict[str, Any] = {"claim": null(), "lease_until": null()}


def _moved(happening: str) -> Update:
    """The update a happening is, of the rows it may befall."""
    return update(TABLE).where(TABLE.c.state.in_(rules.may_befall(happening))).values(state=rules.after(happening))


def erase_recipients(work: Work, person_ids: Collection[UUID]) -> None:
    """Take the masked addresses of people out of their deliveries."""
    theirs = TABLE.c.person_id.in_(person_ids) & TABLE.c.recipient.is_not(None)
    work.session.execute(update(TABLE).where(theirs).values(recipient=null()))


# -- looked at, and sent again by a clerk


def list_deliveries(
    work: Work,
    *,
    page: Paging,
    message_id: UUID | None = None,
    person_id: UUID | None = None,
    channel: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Deliveries, oldest first; a filter of None matches any."""
    filters = {"message_id": message_id, "person_id": person_id, "channel": channel, "state": state}
    statement = narrowed(select(*(TABLE.c[name] for name in _SHOWN)), TABLE.c, filters)
    settled_at = func.coalesce(TABLE.c.settled_at, TABLE.c.created_at)
    return read_page(work.session, statement, page, key=(TABLE.c.created_at, TABLE.c.id), updated_at=settled_at)


def get_delivery(work: Work, *, delivery_id: UUID) -> dict[str, Any]:
    """One delivery. Raises DeliveryNotFound."""
    statement = select(*(TABLE.c[name] for name in _SHOWN)).where(TABLE.c.id == delivery_id)
    return dict(records.found(work, statement, DeliveryNotFound))


def resend_delivery(work: Work, *, delivery_id: UUID) -> dict[str, Any]:
    """Have it sent again, with all its attempts before it. Its Message-ID stays, so that a receiver can recognise the repeat.

    Raises DeliveryNotFound, DeliveryNotResendable.
    """
    was = get_delivery(work, delivery_id=delivery_id)
    again = _moved("resent").where(TABLE.c.id == delivery_id)
    again = again.values(**_UNCLAIMED, attempts=0, not_before=work.now, reason=null(), settled_at=null())
    if work.session.execute(again.returning(TABLE.c.id)).scalar() is None:
        raise DeliveryNotResendable(state=was["state"], state_zh=rules.CHINESE[was["state"]])
    work.record("delivery", delivery_id, from_state=was["state"], to_state=rules.DUE, reason="resent")
    return get_delivery(work, delivery_id=delivery_id)
