"""The front door of the ledger. The text of an entry says how its handler behaves."""

from __future__ import annotations

import os
import signal
import uuid
from typing import Any

import eventlet
from greenlet import GreenletExit
from marshmallow import fields
from sqlalchemy import event
from sqlalchemy import text as sql

from chassis.events.handlers import handler
from chassis.ground.ids import uuid7
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store.audit import list_audit, people_of
from chassis.store.work import Work
from contracts.audit import AuditPage, ListAudit
from contracts.catalogue import EVENTS
from contracts.language.envelope import Event
from contracts.language.event_types import EventType
from contracts.language.refusals import Refusal
from contracts.language.schema import Schema

WRITTEN, CORRECTED = "ledger.entry.written.v1", "ledger.entry.corrected.v1"


#: What has ended its worker without a word in this process: it does so once.
vanished: list[str] = []


class Text(Schema):
    text = fields.String(required=True)


class Seconds(Schema):
    seconds = fields.Float(required=True)


class Nothing(Schema):
    pass


class About(Schema):
    """A person; `dies` is the event of the session at which the process is killed."""

    person_id = fields.UUID(required=True)
    dies = fields.String(load_default="")


class Shown(Schema):
    person_id = fields.UUID(required=True)


class ShownPage(Schema):
    items = fields.List(fields.Nested(Shown), required=True)


class Written(Schema):
    entry_id = fields.UUID(required=True)
    text = fields.String(required=True)


def join_catalogue() -> None:
    """Make the ledger's event known, in the ledger's own processes only; with LEDGER_IS_NEWER a second one. LEDGER_READER names
    one more subscriber.
    """
    reader = os.environ.get("LEDGER_READER")
    for event_type in (WRITTEN, CORRECTED) if os.environ.get("LEDGER_IS_NEWER") else (WRITTEN,):
        subscribers = ("ledger.on_entry_written", *([reader] if reader else []))
        EVENTS[event_type] = EventType(event_type, schema=Written, subscribers=subscribers)


class TextTooRude(Refusal):
    kind = "invalid"
    code = "ledger.text_too_rude"
    zh = "内容不当：{text}"
    en = "The text is too rude: {text}"


def write_entry(work: Work, *, text: str) -> dict[str, Any]:
    return write(work, text)


def write_slowly(work: Work, *, seconds: float) -> dict[str, Any]:
    entry = write(work, f"slow {seconds}")
    work.session.flush()
    eventlet.sleep(seconds)
    return {"entry_id": str(entry["entry_id"])}


def echo(work: Work, *, text: str) -> dict[str, str]:
    return {"text": text}


def wait(work: Work, *, seconds: float) -> dict[str, float]:
    eventlet.sleep(seconds)
    return {"seconds": seconds}


def break_down(work: Work) -> None:
    raise RuntimeError("a secret detail")


def answer_nonsense(work: Work) -> object:
    return object()


def answer_half_a_letter(work: Work) -> dict[str, str]:
    return {"text": "\ud800"}


def show_person(work: Work, *, person_id: uuid.UUID, dies: str) -> dict[str, Any]:
    if dies:
        event.listen(work.session, dies, lambda session: os.kill(os.getpid(), signal.SIGKILL))
    return {"person_id": person_id}


def keep_person(work: Work, *, person_id: uuid.UUID, dies: str) -> dict[str, Any]:
    return show_person(work, person_id=person_id, dies=dies)


def show_people(work: Work) -> dict[str, Any]:
    return {"items": [{"person_id": uuid.UUID(int=number)} for number in (2, 1, 2)]}


def note_tick(work: Work) -> None:
    work.session.execute(sql("insert into ticks default values"))


def write(work: Work, content: str) -> dict[str, Any]:
    if "rude" in content:
        raise TextTooRude(text=content)
    entry_id = uuid7()
    work.session.execute(
        sql("insert into entries (id, text, client_id) values (:id, :text, :client_id)"),
        {"id": entry_id, "text": content, "client_id": work.caller.client_id},
    )
    data = {"entry_id": str(entry_id), "text": content}
    work.announce(WRITTEN, subject_id=entry_id, version=1, data=data)
    work.record("entry", entry_id, from_state=None, to_state="written")
    return {"entry_id": entry_id, "text": content}


def hear(work: Work, heard: Event) -> None:
    """Note the effect; without a unique key, so that doubles can be counted."""
    content = heard.data["text"]
    work.session.execute(sql("insert into hearings (entry_id) values (:id)"), {"id": uuid.UUID(heard.data["entry_id"])})
    if content.startswith("poison"):
        raise ValueError("poisoned")
    if content.startswith("stuck") and not work.session.scalar(sql("select to_regclass('sunshine') is not null")):
        work.session.execute(sql("select pg_sleep(60)"))
    if content.startswith("vanish") and not vanished:
        vanished.append(content)
        raise GreenletExit()
    if content.startswith("slow-hearing"):
        eventlet.sleep(float(content.split()[1]))


def note_hearings(work: Work, events: list[Event]) -> None:
    for one in events:
        hear(work, one)


PERSON = people_of("person_id")


class Service:
    name = "ledger"
    database = Database()
    slow_start = Provided(
        lambda _: eventlet.sleep(float(os.environ.get("LEDGER_SETUP_SECONDS", "0"))), prove=lambda work, made: None
    )

    write_entry = command(Text, Written, write_entry)
    write_slowly = command(Seconds, None, write_slowly)
    echo = query(Text, Text, echo)
    wait = query(Seconds, None, wait)
    break_down = query(Nothing, None, break_down)
    answer_nonsense = query(Nothing, None, answer_nonsense)
    answer_half_a_letter = query(Nothing, None, answer_half_a_letter)
    show_person = query(About, Shown, show_person, personal=PERSON)
    keep_person = command(About, Shown, keep_person, personal=PERSON)
    show_people = query(Nothing, ShownPage, show_people, personal=PERSON)
    list_audit = query(ListAudit, AuditPage, list_audit)
    on_entry_written = handler(note_hearings)
    tick = every(0.2, note_tick)
