"""Callers: a deadline is a deadline, nothing leaks, and threads and forks may share one."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.resilience.hazards import forked
from tests.resilience.hazards.diaries import Diary, aside
from tests.resilience.hazards.promises import given, hazard, now, soon

THREADS, CALLS = 8, 15


class TestAClient:
    @hazard(13, "the timeout counts anew with every frame that arrives")
    def test_waits_no_longer_than_its_timeout_though_others_are_answered(self, diary: Diary) -> None:
        diary.serve()
        with diary.client(timeout=1) as client:
            given(lambda: client.ask("echo", text="warm"), "it is connected")
            started = time.monotonic()
            client.wait_for_all([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
            now(time.monotonic() - started < 2.5, "the last call ended at its timeout")

    @hazard(13, "each timeout leaves a channel behind")
    def test_holds_no_more_after_ten_timeouts_than_before(self, diary: Diary) -> None:
        diary.serve()
        with diary.client(timeout=0.2) as client:
            client.wait_for_all([0.0])
            before = client.channels()
            for _ in range(10):
                client.wait_for_all([1.0])
            now(client.channels() <= before, "no channel is left behind")

    @hazard(14, "threads read one another's frames")
    def test_is_shared_by_threads(self, diary: Diary) -> None:
        diary.serve()
        right: list[str] = []
        with diary.client(timeout=5) as client:
            given(lambda: client.ask("echo", text="warm"), "it is connected")

            def call(thread: int) -> None:
                for number in range(CALLS):
                    text = f"{thread}.{number}"
                    if client.ask("echo", text=text) == {"text": text}:
                        right.append(text)

            for thread in range(THREADS):
                aside(lambda thread=thread: call(thread))
            soon(lambda: len(right) == THREADS * CALLS, "every call has its own answer", seconds=6)

    @hazard(27, "the children read one another's frames off the socket they share")
    def test_made_before_a_fork_serves_every_child(self, diary: Diary) -> None:
        diary.serve()
        given(diary.answers, "it serves")
        program = [sys.executable, "-W", "ignore", "-m", forked.__name__, diary.kind, diary.amqp_uri]
        done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True, timeout=40)
        now(int(done.stdout) == forked.CHILDREN * forked.CALLS, "every call of every child has its own answer")
