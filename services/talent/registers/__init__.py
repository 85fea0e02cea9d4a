"""Registers (台账): what departments keep lists of — agreements, projects, bases, tenancies … — each entry once.

Source: programmes, M1.
"""

from __future__ import annotations

from sqlalchemy import Table

from services.talent.registers.reports import EntryRow, EntryVerdict, PartyRow, report_entries
from services.talent.registers.tables import RegisterEntry

__all__ = ["EntryRow", "EntryVerdict", "PartyRow", "report_entries"]

TABLE: Table = RegisterEntry.__table__  # type: ignore[assignment]
