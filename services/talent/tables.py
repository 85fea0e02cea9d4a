"""Every table of talent, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.talent.affiliations import tables as affiliations
from services.talent.imports import tables as imports
from services.talent.organisations import tables as organisations
from services.talent.people import tables as people
from services.talent.registry import Base

__all__ = ["affiliations", "imports", "organisations", "people"]

metadata = Base.metadata
