"""Every event type of the platform, joined from the subjects that announce them."""

from __future__ import annotations

from contracts import events, notify, perks, talent
from contracts.language.event_types import EventType

EVENTS: dict[str, EventType] = {
    event.name: event
    for subjects in (events.SUBJECTS, notify.SUBJECTS, perks.SUBJECTS, talent.SUBJECTS)
    for subject in subjects
    for event in getattr(subject, "EVENTS", ())
}

#: Types that were in the catalogue once. One that leaves it goes here, so that `topology apply` unbinds it from every queue.
RETIRED: tuple[str, ...] = ()
