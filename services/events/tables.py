"""Every table of events, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.events.activities import tables as activities
from services.events.checkins import tables as checkins
from services.events.copies import tables as copies
from services.events.registrations import tables as registrations
from services.events.registry import Base

__all__ = ["activities", "checkins", "copies", "registrations"]

metadata = Base.metadata
