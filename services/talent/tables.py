"""Every table of talent, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.talent.registry import Base
from services.talent.subjects import SUBJECTS

__all__ = ["SUBJECTS"]

metadata = Base.metadata
