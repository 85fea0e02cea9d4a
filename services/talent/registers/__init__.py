"""Registers (台账): what departments keep lists of — agreements, projects, bases, tenancies … — each entry once.

Source: programmes, M1.
"""

from __future__ import annotations

from sqlalchemy import Table

from services.talent.registers import figures
from services.talent.registers.tables import RegisterEntry

TABLE: Table = RegisterEntry.__table__  # type: ignore[assignment]
COUNTERS = figures.COUNTERS
