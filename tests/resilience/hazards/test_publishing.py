"""From a commit to its event: sent once the row is there, with a bounded wait, under one id, to whoever will hear it."""

from __future__ import annotations

import json
import uuid

from chassis.rpc.calls import REPLY_TO
from tests.resilience.hazards.diaries import EXCHANGE, Diary
from tests.resilience.hazards.diary.service import WRITTEN
from tests.resilience.hazards.promises import given, hazard, now, soon
from tests.support.proxy import Proxy


class TestAnEvent:
    @hazard(5, "the row is committed, the dispatch after it never happens")
    def test_is_sent_though_its_process_was_killed_after_the_commit(self, diary: Diary) -> None:
        process = diary.start()
        diary.ask_aside("write", timeout=2, text="killed after the commit")
        given(lambda: process.poll() is not None, "the process is dead")
        entry = given(lambda: diary.entry("killed after the commit"), "the entry is written")
        diary.start()
        soon(lambda: diary.heard(entry) == 1, "its event is heard", seconds=6)

    @hazard(6, "kombu publishes again without a word, and nothing tells the two apart")
    def test_whose_confirm_was_lost_takes_effect_once(self, diary: Diary, proxy: Proxy) -> None:
        diary.start("events")
        diary.start("requests", AMQP_URI=proxy.uri(diary.amqp_uri))
        proxy.lose_confirms(1)
        diary.ask_aside("write", text="confirmed in vain")
        given(lambda: proxy.confirms_lost == 1, "the broker has it, the service does not know")
        entry = given(lambda: diary.entry("confirmed in vain"), "the entry is written")
        proxy.cut()
        given(lambda: diary.unpublished() == 0, "it was published again")
        after = diary.send_event("after it")
        given(lambda: diary.heard(after) == 1, "all that was sent is heard")
        now(diary.heard(entry) == 1, "it took effect once")

    @hazard(9, "the worker waits for the confirm for ever")
    def test_whose_confirm_never_comes_is_sent_again_within_seconds(self, diary: Diary, proxy: Proxy) -> None:
        diary.start(AMQP_URI=proxy.uri(diary.amqp_uri))
        proxy.lose_confirms(1)
        diary.ask_aside("write", text="never confirmed")
        given(lambda: proxy.confirms_lost == 1, "the confirm is lost")
        entry = given(lambda: diary.entry("never confirmed"), "the entry is written")
        soon(lambda: diary.unpublished() == 0, "it is known to be published", seconds=9)
        soon(lambda: diary.heard(entry) == 1, "it took effect once", seconds=3)

    @hazard(10, "the broker drops it and nobody is told")
    def test_sent_before_its_listener_ever_ran_is_heard_later(self, diary: Diary) -> None:
        diary.start("requests")
        diary.ask_aside("write", text="too early").join()
        entry = given(lambda: diary.entry("too early"), "the entry is written")
        diary.start("events")
        soon(lambda: diary.heard(entry) == 1, "its event is heard", seconds=6)

    @hazard(26, "every header of the request becomes one of the event")
    def test_carries_no_header_a_stranger_put_on_the_request(self, diary: Diary) -> None:
        diary.start("all")
        channel = diary.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, EXCHANGE, WRITTEN)
        diary.send_request(
            "write",
            json.dumps({"args": [], "kwargs": {"text": "with a stranger's header"}}).encode(),
            content_type="application/json",
            reply_to=REPLY_TO,
            application_headers={"x-phone": "13800000000", "youthcity.idempotency_key": uuid.uuid4().hex},
        )
        event = given(lambda: channel.basic_get(queue, no_ack=True), "its event is sent")
        headers = event.properties.get("application_headers", {})
        now(not [name for name in headers if "phone" in name], "no header of the stranger's is there")
