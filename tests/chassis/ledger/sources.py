"""What the ledger can send again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, Uuid, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis.rebuilding.republish import Page, State
from tests.chassis.ledger.service import WRITTEN

SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Base(DeclarativeBase):
    pass


class Entry(Base):
    __tablename__ = "entries"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    text: Mapped[str] = mapped_column(Text)


def entries(session: Session, page: Page) -> Sequence[State]:
    return [
        State(WRITTEN, row.id, 1, {"entry_id": str(row.id), "text": row.text}, SINCE)
        for row in session.scalars(page.of(select(Entry), Entry.id))
    ]


SOURCES = {"entry": entries}
