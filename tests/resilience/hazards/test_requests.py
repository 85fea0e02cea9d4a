"""Requests: what has a wrong shape, comes too late, or cannot be answered costs itself and nothing else."""

from __future__ import annotations

import signal

from tests.resilience.hazards.diaries import Diary
from tests.resilience.hazards.promises import always, given, hazard, now, soon
from tests.support.proxy import Proxy


class TestARequest:
    @hazard(11, "the worker that asked waits for ever")
    def test_to_a_service_that_never_answers_comes_to_an_end(self, diary: Diary) -> None:
        with diary.mute_service():
            is_over = diary.begin_to_ask_the_mute()
            soon(is_over, "the waiting is over", seconds=4)

    @hazard(12, "it is executed all the same")
    def test_nobody_waits_for_any_more_is_not_done_later(self, diary: Diary) -> None:
        process = diary.serve()
        given(diary.answers, "it serves")
        process.send_signal(signal.SIGSTOP)
        diary.ask_aside("write", timeout=0.5, text="given up").join()
        process.send_signal(signal.SIGCONT)
        diary.ask_aside("write", timeout=10, text="waited for").join()
        given(lambda: diary.written("waited for") == 1, "a later one is done")
        always(lambda: diary.written("given up") == 0, "the one given up is not", seconds=1.5)

    @hazard(16, "the container dies of it, and so does the next that gets it")
    def test_without_a_reply_address_ends_nobody(self, diary: Diary) -> None:
        process = diary.serve()
        given(diary.answers, "it serves")
        diary.send_request("echo", b'{"args": [], "kwargs": {"text": "x"}}', content_type="application/json")
        always(lambda: process.poll() is None and diary.answers(), "it serves on", seconds=2)

    @hazard(20, "they wait for one another for ever")
    def test_that_needs_another_is_done_under_more_load_than_workers(self, diary: Diary) -> None:
        answers = diary.begin_to_compose(4)
        soon(lambda: len(answers) == 4, "all four are done", seconds=5)


class TestAnAnswer:
    @hazard(17, "the container is killed")
    def test_that_cannot_be_sent_does_not_end_the_service(self, diary: Diary, proxy: Proxy) -> None:
        process = diary.start("requests", AMQP_URI=proxy.uri(diary.amqp_uri))
        diary.ask_aside("wait", timeout=3, seconds=1.0)
        given(lambda: diary.noted("wait", "begun"), "a worker is busy")
        proxy.refuse()
        proxy.cut()
        given(lambda: diary.noted("wait", "ended"), "it has an answer")
        always(lambda: process.poll() is None, "its process waits for the broker", seconds=5)
        proxy.allow()
        given(lambda: process.poll() is not None or diary.answers(timeout=2), "it serves again, or is over")
        now(process.poll() is None, "it is the same process")
