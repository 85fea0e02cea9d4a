"""What the broker delivers again: after a cut, after a crash, after many crashes."""

from __future__ import annotations

import functools

from tests.resilience.hazards.diaries import Diary, has_ended
from tests.resilience.hazards.promises import always, given, hazard, now, soon
from tests.support.proxy import Proxy

LIMIT = 2


class TestAnEvent:
    @hazard(7, "both run side by side and both commit")
    def test_delivered_again_while_its_handler_runs_takes_effect_once(self, diary: Diary, proxy: Proxy) -> None:
        diary.start("events", AMQP_URI=proxy.uri(diary.amqp_uri))
        entry = diary.send_event("slow 2")
        given(lambda: diary.noted(entry, "heard"), "its handler runs")
        proxy.cut()
        given(lambda: diary.heard(entry), "the first run is over")
        after = diary.send_event("after it")
        given(lambda: diary.heard(after), "what came later is heard")
        always(lambda: diary.heard(entry) == 1, "it took effect once", seconds=2.5)

    @hazard(8, "it is acknowledged before worker_result commits")
    def test_whose_process_dies_at_the_commit_is_applied_later(self, diary: Diary) -> None:
        process = diary.start("events")
        entry = diary.send_event("killed at the commit")
        given(lambda: process.poll() is not None, "the process is dead")
        diary.start("events")
        soon(lambda: diary.heard(entry) == 1, "it is applied", seconds=5)

    @hazard(28, "past the limit the broker drops them, the innocent with the guilty")
    def test_beside_one_that_crashes_every_process_is_not_lost(self, diary: Diary) -> None:
        limit = {"DIARY_DELIVERY_LIMIT": str(LIMIT)}
        process = diary.start("events", **limit)
        diary.send_event("dies 0.4")
        innocents = [diary.send_event("slow 1") for _ in range(5)]
        for _ in range(LIMIT + 1):
            given(functools.partial(has_ended, process), "the process crashes")
            process = diary.start("events", wait=False, **limit)
        after = diary.send_event("after the crashes")
        given(lambda: diary.heard(after), "the crash loop is over")
        soon(lambda: all(_is_safe(diary, entry) for entry in innocents), "each is applied or laid aside", seconds=5)


class TestARequest:
    @hazard(15, "it is executed again and writes a second entry")
    def test_whose_process_dies_before_it_answers_is_done_once(self, diary: Diary) -> None:
        process = diary.start("requests")
        asking = diary.ask_aside("write", timeout=30, text="killed after the commit")
        given(lambda: process.poll() is not None, "the process is dead")
        given(lambda: diary.entry("killed after the commit"), "the entry is written")
        diary.start("requests")
        given(lambda: not asking.is_alive(), "the caller has its answer")
        now(diary.written("killed after the commit") == 1, "one entry is written")


def _is_safe(diary: Diary, entry: str) -> bool:
    return diary.heard(entry) == 1 or any(entry.encode() in body for body in diary.kept())
