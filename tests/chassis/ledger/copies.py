"""The copy of its own entries the ledger's handler keeps."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.rebuilding.compare import Held
from chassis.rebuilding.republish import Page
from tests.chassis.ledger.sources import Base


class Hearing(Base):
    __tablename__ = "hearings"
    entry_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class Hearings:
    def read(self, session: Session, page: Page) -> Sequence[Held]:
        statement = page.of(select(Hearing.entry_id).group_by(Hearing.entry_id), Hearing.entry_id)
        return [Held(str(entry_id), 1, {}) for entry_id in session.scalars(statement)]


COPIES = {"entry": Hearings()}
