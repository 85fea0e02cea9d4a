"""Every table of notify, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.notify.deliveries import tables as deliveries
from services.notify.messages import tables as messages
from services.notify.preferences import tables as preferences
from services.notify.registry import Base
from services.notify.templates import tables as templates

__all__ = ["deliveries", "messages", "preferences", "templates"]

metadata = Base.metadata
