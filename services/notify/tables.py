"""Every table of notify, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.notify.registry import Base
from services.notify.subjects import SUBJECTS

__all__ = ["SUBJECTS"]

metadata = Base.metadata
