"""The routes of events, a module per subject."""

from gateway.routes.events import activities, checkins, kinds, registrations

SUBJECTS = (kinds, activities, registrations, checkins)
