"""Every event type of the platform, joined from the subjects that announce them."""

from __future__ import annotations

from contracts.events import activities, checkins, registrations
from contracts.language.event_types import EventType
from contracts.perks import entitlements, redemptions, schemes
from contracts.talent import affiliations, organisations, people

SUBJECTS = (
    activities,
    affiliations,
    checkins,
    entitlements,
    organisations,
    people,
    redemptions,
    registrations,
    schemes,
)

EVENTS: dict[str, EventType] = {event.name: event for subject in SUBJECTS for event in subject.EVENTS}
