"""Messages made for people, by the day they were made; their kind is their template."""

from __future__ import annotations

from sqlalchemy import Text, cast, null, select

from chassis.store.figures import Counter, Wanted, shanghai_day
from chassis.store.pages import Rows
from contracts.figures import PERSONS, RECORDS
from services.notify.messages.tables import Message


def records(wanted: Wanted) -> Rows | None:
    """Messages, or the people they are for."""
    if wanted.count not in (RECORDS, PERSONS) or wanted.states or wanted.where or wanted.county:
        return None
    made_on = shanghai_day(Message.created_at)
    in_time = made_on <= wanted.on if wanted.is_stock else made_on.between(wanted.from_on, wanted.on)
    found: Rows = select(
        Message.id.label("id"),
        made_on.label("on"),
        (Message.person_id if wanted.count == PERSONS else Message.id).label("unit_id"),
        null().label("amount"),
        cast(null(), Text).label("county"),
        cast(null(), Text).label("label"),
        Message.template_key.label("kind"),
    ).where(in_time)
    return found.where(Message.template_key.in_(wanted.kinds)) if wanted.kinds else found


COUNTERS = {"messages": Counter(records)}
