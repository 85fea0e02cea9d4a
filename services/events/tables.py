"""Every table of events, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.events.registry import Base
from services.events.subjects import SUBJECTS

__all__ = ["SUBJECTS"]

metadata = Base.metadata
