"""The front door of the diary on the chassis. What it does is what the one in ``stock`` does, method by method."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import eventlet
import sqlalchemy.event
from marshmallow import fields
from sqlalchemy import text as sql

from chassis.events.handlers import handler
from chassis.ground.ids import uuid7
from chassis.process.dependencies import Database
from chassis.rpc.server import command, query
from chassis.store.work import Work
from contracts.catalogue import EVENTS
from contracts.language.envelope import Event
from contracts.language.event_types import EventType
from contracts.language.schema import Schema
from tests.resilience.hazards.fragile import Fragile
from tests.resilience.hazards.notebook import behave, die, note, seconds_of

WRITTEN = "diary.entry.written.v1"


class Text(Schema):
    text = fields.String(required=True)


class Seconds(Schema):
    seconds = fields.Float(required=True)


class Nothing(Schema):
    pass


class Written(Schema):
    entry_id = fields.UUID(required=True)
    text = fields.String(required=True)


def join_catalogue() -> None:
    """Make the diary's event known, in the processes of these tests only."""
    EVENTS[WRITTEN] = EventType(WRITTEN, schema=Written, subscribers=("diary.on_written",))


def write(work: Work, *, text: str) -> dict[str, Any]:
    times = note(text, "write begun")
    eventlet.sleep(seconds_of(text))
    entry_id = uuid7()
    work.session.execute(sql("insert into entries (id, text) values (:id, :text)"), {"id": entry_id, "text": text})
    work.announce(WRITTEN, subject_id=entry_id, version=1, data={"entry_id": str(entry_id), "text": text})
    if text == "killed after the commit" and times == 1:
        sqlalchemy.event.listen(work.session, "after_commit", lambda session: die())
    return {"entry_id": entry_id, "text": text}


def echo(work: Work, *, text: str) -> dict[str, str]:
    return {"text": text}


def wait(work: Work, *, seconds: float) -> float:
    note("wait", "begun")
    eventlet.sleep(seconds)
    note("wait", "ended")
    return seconds


def ask_database(work: Work, *, seconds: float) -> float:
    note("ask_database", "begun")
    work.session.execute(sql("select pg_sleep(:seconds)"), {"seconds": seconds})
    return seconds


def time_out(work: Work) -> None:
    note("time_out", "begun")
    raise eventlet.Timeout(None)


def note_hearings(work: Work, events: list[Event]) -> None:
    for event in events:
        times = note(event.data["entry_id"], "heard")
        work.session.execute(sql("insert into hearings (entry_id) values (:id)"), {"id": UUID(event.data["entry_id"])})
        if event.data["text"] == "killed at the commit" and times == 1:
            sqlalchemy.event.listen(work.session, "before_commit", lambda session: die())
        behave(event.data["text"], times)
    eventlet.sleep(max(seconds_of(event.data["text"]) for event in events))


class Service:
    name = "diary"
    database = Database()
    fragile = Fragile()

    write = command(Text, Written, write)
    echo = query(Text, Text, echo)
    wait = query(Seconds, None, wait)
    ask_database = query(Seconds, None, ask_database)
    time_out = query(Nothing, None, time_out)
    on_written = handler(note_hearings)


def rename_the_handler() -> None:
    """What a later version of the code may do."""
    Service.on_entry_written = Service.on_written  # type: ignore[attr-defined]
    del Service.on_written
