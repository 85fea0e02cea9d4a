"""Work that takes long: a query keeps no other request waiting, and a slow event costs no other message anything."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.notes import Notes
from deploy.local.place import place
from deploy.local.rabbitmq import RabbitMQ
from tests.resilience.hazards.diaries import Diary, says
from tests.resilience.hazards.promises import always, given, hazard, now, soon
from tests.support.servers import Broker

CONSUMER_TIMEOUT_SECONDS = 3
TICK_SECONDS = 1


class HastyRabbitMQ(RabbitMQ):
    """A node that waits seconds for an acknowledgement where others wait half an hour, and looks every second."""

    def begin(self) -> None:
        self._place.folder(self._folder)
        self._place.file(
            self._folder / "advanced.config", f"[{{rabbit, [{{channel_tick_interval, {TICK_SECONDS}000}}]}}].\n"
        )
        super().begin()

    def _configuration(self) -> str:
        return f"{super()._configuration()}consumer_timeout = {CONSUMER_TIMEOUT_SECONDS}000\n"

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "RABBITMQ_ADVANCED_CONFIG_FILE": f"{self._folder}/advanced.config"}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """The hasty node, for this module alone."""
    with tempfile.TemporaryDirectory(prefix="youth-city-") as folder:
        its_place = place(is_test=True, root=Path(folder))
        node = HastyRabbitMQ(its_place, Notes(its_place.data / "notes.json"))
        node.begin()
        try:
            node.await_ready()
            yield Broker(node.uri(), node.api)
        finally:
            node.stop()
            shutil.rmtree(its_place.data)


class TestASlowQuery:
    @hazard(25, "psycopg 3, the driver of today, blocks the whole process while it waits")
    def test_keeps_no_other_request_waiting(self, diary: Diary) -> None:
        diary.serve()
        given(diary.answers, "it serves")
        diary.ask_aside("ask_database", timeout=10, seconds=7.0)
        given(lambda: diary.noted("ask_database", "begun"), "a query runs")
        now(diary.answers(timeout=4), "others are answered meanwhile")


class TestASlowEvent:
    @hazard(29, "its consumer timeout closes the one channel of all consumers")
    def test_past_the_consumer_timeout_repeats_no_request(self, diary: Diary) -> None:
        process = diary.start()
        entry = diary.send_event("slow 7")
        given(lambda: diary.noted(entry, "heard"), "its handler runs")
        texts = [f"slow 1 {number}" for number in range(5)]
        for text in texts:
            diary.ask_aside("write", timeout=10, text=text).join()
        given(lambda: says(process, "timed out"), "the broker has closed the channel")
        given(lambda: diary.heard(entry), "the handler is done")
        now([diary.written(text) for text in texts] == [1] * len(texts), "each request was done once")
        soon(lambda: diary.messages(diary.events) == 0, "the event is acknowledged", seconds=5)
        always(lambda: diary.heard(entry) == 1, "it took effect once", seconds=2)
