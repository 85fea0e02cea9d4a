"""The diary on the chassis and the one in stock nameko: where the two differ for a test.

Lives here: how each is started, called and looked into. Not here: what a test does with either (``diaries``).
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from chassis.broker.wire import user_of
from contracts.language import envelope
from tests.resilience.hazards.diaries import GRACE_SECONDS, Diary, aside
from tests.resilience.hazards.diary.service import WRITTEN, join_catalogue
from tests.resilience.hazards.promises import given


class ChassisDiary(Diary):
    """The diary on the chassis."""

    kind = "chassis"
    events = "diary.on_written.v1"
    queues_besides = ("diary.retry.0.2s", "diary.retry.0.4s", "diary.dead")
    tables = (*Diary.tables, "outbox", "inbox", "dead_letters", "idempotency_keys")

    def __init__(self, database_url: str, amqp_uri: str, folder: Path) -> None:
        super().__init__(database_url, amqp_uri, folder)
        join_catalogue()
        self.environment |= {
            "YOUTHCITY_ENV": "dev",
            "GATEWAY_BROKER_USER": user_of(amqp_uri),
            "DIARY_BROKER_USER": user_of(amqp_uri),
            "RETRY_DELAYS": "0.2,0.4",
            "GRACE_SECONDS": str(GRACE_SECONDS),
        }

    def serve(self, **environment: str) -> subprocess.Popen[bytes]:
        return super().serve()

    def _survivor(self) -> subprocess.Popen[bytes] | None:
        return self._serving if self._serving is not None and self._serving.poll() is None else None

    def command(self, part: str) -> list[str]:
        names = {"all": "rpc,events,relay", "requests": "rpc,relay", "events": "events"}[part]
        return ["tests.resilience.hazards.diary", "--lanes", names]

    def event(self, entry_id: str, content: str) -> bytes:
        event = envelope.Event(
            id=uuid.uuid4(),
            type=WRITTEN,
            subject_id=entry_id,
            version=1,
            time=dt.datetime.now(dt.UTC),
            data={"entry_id": entry_id, "text": content},
            replay=False,
            traceparent=None,
        )
        return envelope.compose(event).encode()

    def begin_to_ask_the_mute(self) -> Callable[[], bool]:
        def ask() -> None:
            with self.client(timeout=2) as client:
                client.ask("echo", service="mute", text="anybody?")

        asking = aside(ask)
        return lambda: not asking.is_alive()

    def begin_to_compose(self, count: int) -> list[str]:
        self.start("requests", DIARY_RPC_WORKERS="2")
        answers: list[str] = []

        def compose(content: str) -> None:
            self.ask("wait", seconds=0.3)
            answers.append(self.ask("echo", text=content)["text"])

        for number in range(count):
            aside(lambda content=f"piece {number}": compose(content))
        return answers

    def unpublished(self) -> int:
        return self.count("select count(*) from outbox where position is null")

    def kept(self) -> list[bytes]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("select body from dead_letters"))
            return [bytes(row.body) for row in rows] + super().kept()


class StockDiary(Diary):
    """The diary in stock nameko."""

    kind = "stock"
    events = f"evt-diary-{WRITTEN}--diary.on_written"

    def command(self, part: str) -> list[str]:
        name = {"all": "Diary", "requests": "Writer", "events": "Listener", "caller": "Caller"}[part]
        return ["tests.resilience.hazards.stock", name]

    def _queues(self, part: str) -> list[str]:
        return ["rpc-caller"] if part == "caller" else super()._queues(part)

    def event(self, entry_id: str, content: str) -> bytes:
        return json.dumps({"entry_id": entry_id, "text": content}).encode()

    def begin_to_ask_the_mute(self) -> Callable[[], bool]:
        self.start("caller")
        aside(lambda: self.ask("ask_the_mute", service="caller", timeout=10))
        given(lambda: self.noted("ask_the_mute", "begun"), "the caller began its call")
        return lambda: self.noted("ask_the_mute", "ended") > 0

    def begin_to_compose(self, count: int) -> list[str]:
        self.start("caller", DIARY_WORKERS="2")
        answers: list[str] = []
        for number in range(count):
            ask = functools.partial(self.ask, "outer", service="caller", timeout=10, text=f"piece {number}")
            aside(lambda ask=ask: answers.append(ask()))
        return answers

    def unpublished(self) -> int:
        return self.noted_all("publish begun") - self.noted_all("publish ended")

    def noted_all(self, step: str) -> int:
        """How often any worker came to a step."""
        return self.count("select count(*) from notes where step = :step", step=step)


KINDS: dict[str, type[Diary]] = {"chassis": ChassisDiary, "stock": StockDiary}
