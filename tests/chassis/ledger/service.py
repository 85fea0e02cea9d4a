"""The front door of the ledger. The text of an entry says how its handler behaves."""

from __future__ import annotations

import os
import uuid
from typing import Any

import eventlet
from marshmallow import fields
from sqlalchemy import text

from chassis.events.handlers import on_events
from chassis.ground.ids import uuid7
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store.work import Work
from contracts.catalogue import EVENTS
from contracts.language.envelope import Event
from contracts.language.event_types import EventType
from contracts.language.refusals import Refusal
from contracts.language.schema import Schema

WRITTEN = "ledger.entry.written.v1"


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
    """Make the ledger's event known, in the ledger's own processes only."""
    EVENTS[WRITTEN] = EventType(WRITTEN, schema=Written, subscribers=("ledger.on_entry_written",))


class TextTooRude(Refusal):
    kind = "invalid"
    code = "ledger.text_too_rude"
    zh = "内容不当：{text}"
    en = "The text is too rude: {text}"


class Service:
    name = "ledger"
    database = Database()
    slow_start = Provided(lambda _: eventlet.sleep(float(os.environ.get("LEDGER_SETUP_SECONDS", "0"))))

    @command(Text, answer=Written)
    def write_entry(self, work: Work, text: str) -> dict[str, Any]:
        return write(work, text)

    @command(Seconds)
    def write_slowly(self, work: Work, seconds: float) -> dict[str, Any]:
        entry = write(work, f"slow {seconds}")
        work.session.flush()
        eventlet.sleep(seconds)
        return {"entry_id": str(entry["entry_id"])}

    @query(Text, answer=Text)
    def echo(self, work: Work, text: str) -> dict[str, str]:
        return {"text": text}

    @query(Seconds)
    def wait(self, work: Work, seconds: float) -> dict[str, float]:
        eventlet.sleep(seconds)
        return {"seconds": seconds}

    @query(Nothing)
    def break_down(self, work: Work) -> None:
        raise RuntimeError("a secret detail")

    @query(Nothing)
    def answer_nonsense(self, work: Work) -> object:
        return object()

    @on_events(WRITTEN)
    def on_entry_written(self, work: Work, events: list[Event]) -> None:
        for event in events:
            hear(work, event)

    @every(seconds=0.2)
    def tick(self) -> None:
        with self.database.work() as work:
            work.session.execute(text("insert into ticks default values"))


def write(work: Work, content: str) -> dict[str, Any]:
    if "rude" in content:
        raise TextTooRude(text=content)
    entry_id = uuid7()
    work.session.execute(
        text("insert into entries (id, text, client_id) values (:id, :text, :client_id)"),
        {"id": entry_id, "text": content, "client_id": work.caller.client_id},
    )
    data = {"entry_id": str(entry_id), "text": content}
    work.announce(WRITTEN, subject_id=entry_id, version=1, data=data)
    work.record("entry", entry_id, from_state=None, to_state="written")
    return {"entry_id": entry_id, "text": content}


def hear(work: Work, event: Event) -> None:
    """Note the effect; without a unique key, so that doubles can be counted."""
    content = event.data["text"]
    work.session.execute(
        text("insert into hearings (entry_id) values (:id)"), {"id": uuid.UUID(event.data["entry_id"])}
    )
    if content.startswith("poison"):
        raise ValueError("poisoned")
    if content.startswith("stuck") and not work.session.scalar(text("select to_regclass('sunshine') is not null")):
        work.session.execute(text("select pg_sleep(60)"))
    if content.startswith("slow-hearing"):
        eventlet.sleep(float(content.split()[1]))
