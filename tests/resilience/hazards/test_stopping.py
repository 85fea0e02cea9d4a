"""The end of a process, and its beginning while the broker is away or holds a queue of another kind."""

from __future__ import annotations

import subprocess

from tests.resilience.hazards.diaries import GRACE_SECONDS, REQUESTS, Diary, says
from tests.resilience.hazards.promises import given, hazard, now, soon
from tests.support.proxy import Proxy

TEN = 10


class TestSigterm:
    @hazard(1, "the connection closes before the running workers have acknowledged")
    def test_lets_ten_running_handlers_end_and_repeats_none(self, diary: Diary) -> None:
        process = diary.start("events", GRACE_SECONDS="8")
        entries = [diary.send_event("slow 3") for _ in range(TEN)]
        given(lambda: all(diary.noted(entry, "heard") for entry in entries), "all ten run")
        process.terminate()
        given(lambda: process.poll() is not None, "the process ended", seconds=10)
        now([diary.heard(entry) for entry in entries] == [1] * TEN, "all ten took effect")
        soon(lambda: diary.messages(diary.events) == 0, "the queue is empty", seconds=2)

    @hazard(21, "it waits for every worker without a limit")
    def test_ends_a_process_with_a_stuck_worker(self, diary: Diary) -> None:
        process = diary.start("requests")
        diary.ask_aside("wait", timeout=3, seconds=60.0)
        given(lambda: diary.noted("wait", "begun"), "a worker is busy")
        process.terminate()
        soon(lambda: process.poll() is not None, "the process has ended", seconds=GRACE_SECONDS + 5)

    @hazard(21, "the consumer waits for the broker first")
    def test_ends_a_process_whose_broker_is_away(self, diary: Diary, proxy: Proxy) -> None:
        process = diary.start(AMQP_URI=proxy.uri(diary.amqp_uri))
        proxy.refuse()
        proxy.cut()
        given(lambda: diary.consumers(diary.events) == 0, "the broker has lost it")
        process.terminate()
        soon(lambda: process.poll() is not None, "the process has ended", seconds=GRACE_SECONDS + 5)


class TestStart:
    @hazard(22, "a service that publishes ends at once")
    def test_before_the_broker_serves_once_the_broker_is_there(self, diary: Diary, proxy: Proxy) -> None:
        proxy.refuse()
        process = diary.start(wait=False, AMQP_URI=proxy.uri(diary.amqp_uri))
        given(lambda: _has_tried_to_connect(process), "it has looked for the broker")
        proxy.allow()
        given(lambda: process.poll() is not None or diary.consumers(REQUESTS), "it consumes, or is over")
        now(process.poll() is None and diary.answers(), "requests are served")

    @hazard(23, "it tries again every second for ever and says nothing outside its log")
    def test_on_a_queue_with_other_arguments_ends_with_an_error(self, diary: Diary) -> None:
        diary.channel().queue_declare(REQUESTS, durable=True, auto_delete=False, arguments={"x-max-length": 5})
        process = diary.start("requests", wait=False)
        given(lambda: says(process, "PRECONDITION_FAILED"), "the broker refused its queue")
        soon(lambda: process.poll(), "it has ended with an error status", seconds=5)


def _has_tried_to_connect(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None or says(process, "ECONNREFUSED")
