"""Every event type on one screen: what it carries and which handlers hear it.

A subscriber is ``<service>.<handler>``; its queue is that name with ``.v1``. An event no handler is named for is published
all the same, for departments that listen.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts import events_events, perks_events, talent_events
from contracts.schema import Schema


class EventType:
    """One type of event: the schema of its data and the handlers subscribed to it."""

    def __init__(self, schema: type[Schema], *, subscribers: tuple[str, ...] = ()) -> None:
        self.schema = schema
        self.subscribers = subscribers

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        declared = self.loader.fields
        return frozenset(name for name, field in declared.items() if field.required), frozenset(declared)

    def flaws(self, data: dict[str, Any], *, thoroughly: bool) -> Any:
        """What is wrong with the data of an event, None when nothing is. Names are always compared; values only
        `thoroughly`, as it costs more than writing the event.
        """
        required, declared = self._names
        if not required <= data.keys() <= declared:
            return f"takes {sorted(declared)}, of which {sorted(required)} must be there; given {sorted(data)}"
        return (self.loader.validate(data) or None) if thoroughly else None

    @cached_property
    def loader(self) -> Schema:
        """The schema, made once."""
        return self.schema()


_ORGANISATIONS = ("perks.on_organisation_changed", "events.on_organisation_changed")
_AFFILIATIONS = ("perks.on_affiliation_changed", "events.on_affiliation_changed")
#: What people may be told of.
_ANNOUNCED = ("notify.on_announcement",)

EVENTS: dict[str, EventType] = {
    "talent.organisation.registered.v1": EventType(talent_events.Organisation, subscribers=_ORGANISATIONS),
    "talent.organisation.changed.v1": EventType(talent_events.Organisation, subscribers=_ORGANISATIONS),
    "talent.organisation_set.published.v1": EventType(
        talent_events.OrganisationSet, subscribers=("perks.on_organisation_set_published",)
    ),
    "talent.person.registered.v1": EventType(talent_events.Person, subscribers=("events.on_person_registered",)),
    "talent.person.changed.v1": EventType(talent_events.Person, subscribers=("events.on_person_registered",)),
    "talent.affiliation.reported.v1": EventType(talent_events.Affiliation, subscribers=_AFFILIATIONS),
    "talent.affiliation.confirmed.v1": EventType(talent_events.Affiliation, subscribers=_AFFILIATIONS),
    "talent.affiliation.changed.v1": EventType(talent_events.Affiliation, subscribers=_AFFILIATIONS),
    "talent.affiliation.ended.v1": EventType(talent_events.Affiliation, subscribers=_AFFILIATIONS),
    "perks.scheme.published.v1": EventType(perks_events.Scheme),
    "perks.entitlement.granted.v1": EventType(perks_events.Entitlement, subscribers=_ANNOUNCED),
    "perks.entitlement.suspended.v1": EventType(perks_events.Entitlement, subscribers=_ANNOUNCED),
    "perks.entitlement.reinstated.v1": EventType(perks_events.Entitlement, subscribers=_ANNOUNCED),
    "perks.pass.redeemed.v1": EventType(perks_events.Redemption),
    "events.activity.published.v1": EventType(events_events.Activity),
    "events.activity.changed.v1": EventType(events_events.Activity),
    "events.activity.opened.v1": EventType(events_events.Activity),
    "events.activity.closed.v1": EventType(events_events.Activity),
    "events.activity.held.v1": EventType(events_events.Activity),
    "events.activity.reported.v1": EventType(events_events.Activity),
    "events.activity.cancelled.v1": EventType(events_events.Activity),
    "events.registration.confirmed.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.waitlisted.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.offered.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.promoted.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.refused.v1": EventType(events_events.Registration),
    "events.registration.lapsed.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.cancelled.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.registration.voided.v1": EventType(events_events.Registration, subscribers=_ANNOUNCED),
    "events.checkin.recorded.v1": EventType(events_events.CheckIn),
}
