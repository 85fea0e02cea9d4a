"""The tables of imports in talent's database: those of the chassis."""

from __future__ import annotations

from chassis.imports.tables import import_tables
from services.talent.registry import Base

import_tables(Base.metadata)
