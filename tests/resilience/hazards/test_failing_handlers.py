"""Handlers that raise, hang, or meet what they cannot read: the event is not lost, and no other work suffers."""

from __future__ import annotations

from chassis.rpc.calls import REPLY_TO
from tests.resilience.hazards.diaries import Diary
from tests.resilience.hazards.fragile import HOOKS
from tests.resilience.hazards.promises import always, given, hazard, now, soon


class TestEvents:
    @hazard(2, "the event is acknowledged and gone")
    def test_that_fail_once_are_applied_in_the_end(self, diary: Diary) -> None:
        diary.serve()
        entry = diary.send_event("fails 1")
        given(lambda: diary.noted(entry, "heard"), "the handler was called")
        soon(lambda: diary.heard(entry) == 1, "the event is applied", seconds=5)

    @hazard(3, "with requeue_on_error it is called again at once, for ever")
    def test_that_always_fail_are_tried_a_few_times(self, diary: Diary) -> None:
        diary.serve(DIARY_REQUEUES="1")
        entry = diary.send_event("fails 1000000")
        given(lambda: diary.noted(entry, "heard") > 1, "the handler was called again")
        always(lambda: diary.noted(entry, "heard") <= 3, "at most three tries", seconds=2.5)

    @hazard(4, "it is acknowledged unread")
    def test_that_nobody_can_read_are_kept_with_their_bytes(self, diary: Diary) -> None:
        diary.serve()
        no_json, not_even_called_so = b"\xff\xfe{", b"\x80\x04N."
        diary.send_to_handler(no_json, content_type="application/json", content_encoding="utf-8")
        diary.send_to_handler(not_even_called_so, content_type="application/x-python-serialize")
        after = diary.send_event("readable")
        given(lambda: diary.heard(after) == 1, "what came after was applied")
        soon(lambda: {no_json, not_even_called_so} <= set(diary.kept()), "the bytes are kept", seconds=3)


class TestWorkers:
    @hazard(18, "the container is killed and the process ends")
    def test_survive_a_dependency_that_breaks_in_any_hook(self, diary: Diary) -> None:
        process = diary.serve()
        for hook in HOOKS:
            diary.ask_aside("echo", timeout=1, text=f"breaks {hook}").join()
            now(process.poll() is None and diary.answers(), f"requests are served after a fault in {hook}")
        now(process.poll() is None, "the process lives")

    @hazard(19, "each Timeout holds its place in the prefetch window for ever")
    def test_that_run_into_a_timeout_are_free_again(self, diary: Diary) -> None:
        diary.serve()
        given(diary.answers, "requests are served")
        for _ in range(40):
            diary.send_request(
                "time_out", b'{"args": [], "kwargs": {}}', reply_to=REPLY_TO, content_type="application/json"
            )
        given(lambda: diary.noted("time_out", "begun") >= 10, "the workers ran into their timeouts")
        now(diary.answers(), "requests are served")

    @hazard(19, "the event is neither acknowledged nor given back")
    def test_that_run_into_a_timeout_apply_their_event_later(self, diary: Diary) -> None:
        diary.serve()
        entry = diary.send_event("times-out")
        given(lambda: diary.noted(entry, "heard"), "the handler was called")
        soon(lambda: diary.heard(entry) == 1, "the event is applied", seconds=5)
