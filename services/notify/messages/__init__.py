"""Messages (消息): what people receive because of an event, and the in-app inbox.

An announcement becomes one message per bound template and one delivery per channel of it, in the transaction of the
inbox row. One that comes after a newer version of its subject makes none: retries may bring the older state last. The in-app
inbox is this table: its delivery is done with the commit. Unique keys keep the same event, however it comes again, from reaching
a person twice; a replayed event reaches no person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import Table, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.pages import read_page
from chassis.store.work import Work
from contracts.language.envelope import Event
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from services.notify import deliveries, people, preferences, templates
from services.notify.messages import figures, merging
from services.notify.messages.tables import Message
from services.notify.preferences.rules import QuietHours
from services.notify.templates.rendering import Rendering

TABLE: Table = Message.__table__  # type: ignore[assignment]

_NEWEST = text(
    """
    select subject_id, max(subject_version) as version from messages
    where subject_id = any(cast(:subjects as text[])) group by subject_id
    """
)
outdated_total = Counter(
    "youthcity_announcements_outdated_total", "Announcements older than what a person was sent already"
)

Bound = Mapping[str, Sequence[tuple[templates.Template, Rendering]]]


class MessageNotFound(Refusal):
    """No message has this id."""

    kind = "not_found"
    code = "notify.message_not_found"
    zh = "未找到该消息。"
    en = "There is no such message."


def announce(
    work: Work, events: Sequence[Event], *, open_channels: Collection[str], quiet_hours: QuietHours | None
) -> None:
    """Make the messages of events and their deliveries; a replay makes none, nor does a version older than one announced."""
    live = _without_outdated(work, [event for event in events if not event.replay])
    bound = _bound(work, {event.type for event in live})
    made = {row["id"]: (row, template) for event in live for row, template in _messages(work, event, bound)}
    if not made:
        return
    # one order for all, so that two batches with the same event wait for one another and do not lock crosswise
    rows = sorted((row for row, _ in made.values()), key=lambda row: (row["event_id"], row["template_key"]))
    survivors = merging.survivors_of(work, {row["person_id"] for row in rows})
    for row in rows:
        if survivor := survivors.get(row["person_id"]):
            row |= {"person_id": survivor, "merged_from": row["person_id"]}
    statement = insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.id)
    new = work.session.connection().execute(statement, rows).scalars().all()
    by_person = preferences.preferences_of(work, {row["person_id"] for row in rows}, quiet_hours=quiet_hours)
    written = [made[message_id] for message_id in new]
    begun = [(message, template.channels, by_person[message["person_id"]]) for message, template in written]
    deliveries.begin(work, begun, open_channels=open_channels)


def _without_outdated(work: Work, events: Sequence[Event]) -> list[Event]:
    newest = work.session.execute(_NEWEST, {"subjects": [event.subject_id for event in events]}).all() if events else []
    announced = {row.subject_id: row.version for row in newest}
    current = [event for event in events if event.version >= announced.get(event.subject_id, 0)]
    outdated_total.inc(len(events) - len(current))
    return current


def _bound(work: Work, event_types: Collection[str]) -> Bound:
    return {
        event_type: [(template, Rendering(event_type, template.subject, template.body)) for template in bound]
        for event_type, bound in templates.bound_to(work, event_types).items()
    }


def _messages(work: Work, event: Event, bound: Bound) -> Iterator[tuple[dict[str, Any], templates.Template]]:
    for template, rendering in bound.get(event.type, ()):
        subject, body = rendering.texts(event.data)
        row = {
            "id": uuid7(),
            "event_id": event.id,
            "person_id": UUID(event.data["person_id"]),
            "merged_from": None,
            "template_key": template.key,
            "template_version": template.version,
            "event_type": event.type,
            "subject_id": event.subject_id,
            "subject_version": event.version,
            "programme": template.programme or event.data[str(templates.programme_field(event.type))],
            "urgency": template.urgency,
            "subject": subject,
            "body": body,
            "read_at": None,
            "created_at": work.now,
        }
        yield row, template


def list_messages(work: Work, *, person_id: UUID, page: Paging, unread: bool | None = None) -> dict[str, Any]:
    """A page of a person's in-app inbox, oldest first; what they did not want there is not in it. Raises NotThemselves."""
    own_id = people.own_id(work, person_id)
    statement = select(TABLE).where(TABLE.c.person_id == own_id, deliveries.delivered_in_app(TABLE.c.id))
    if unread is not None:
        statement = statement.where(TABLE.c.read_at.is_(None) if unread else TABLE.c.read_at.is_not(None))
    read_at = func.coalesce(TABLE.c.read_at, TABLE.c.created_at)
    return read_page(work.session, statement, page, key=(TABLE.c.created_at, TABLE.c.id), updated_at=read_at)


def read_message(work: Work, *, message_id: UUID) -> dict[str, Any]:
    """The person has seen it; the first time counts. Raises MessageNotFound, for everybody else too."""
    theirs = (TABLE.c.id == message_id, TABLE.c.person_id == work.caller.person_id)
    work.session.execute(update(TABLE).where(*theirs, TABLE.c.read_at.is_(None)).values(read_at=work.now))
    return dict(records.found(work, select(TABLE).where(*theirs), MessageNotFound))


COUNTERS = figures.COUNTERS
