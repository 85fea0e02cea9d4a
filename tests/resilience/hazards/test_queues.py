"""A handler's queue through a renaming of the handler."""

from __future__ import annotations

from tests.resilience.hazards.diaries import Diary
from tests.resilience.hazards.promises import given, hazard, now, soon


class TestAQueue:
    @hazard(24, "the new version makes another queue, and the old one fills unread")
    def test_of_a_renamed_handler_does_not_fill_behind_a_service_that_looks_well(self, diary: Diary) -> None:
        diary.kill(diary.start("events"))
        renamed = diary.events.replace("on_written", "on_entry_written")
        process = diary.start("events", wait=False, DIARY_RENAMED="1")
        given(lambda: diary.consumers(renamed) or process.poll() is not None, "the new version runs, or has refused to")
        entry = diary.send_event("after the renaming")
        now(process.poll() or not diary.messages(diary.events), "no queue fills behind a service that looks well")
        diary.start("events")
        soon(lambda: diary.heard(entry) == 1, "the version before it hears the event", seconds=6)
