"""Every table of perks, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.perks.registry import Base
from services.perks.subjects import SUBJECTS

__all__ = ["SUBJECTS"]

metadata = Base.metadata
