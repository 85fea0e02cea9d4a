"""Every table of perks, joined from its subjects. Migrations are compared with it."""

from __future__ import annotations

from services.perks.copies import tables as copies
from services.perks.entitlements import tables as entitlements
from services.perks.redemptions import tables as redemptions
from services.perks.registry import Base
from services.perks.schemes import tables as schemes

__all__ = ["copies", "entitlements", "redemptions", "schemes"]

metadata = Base.metadata
