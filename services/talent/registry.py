"""What every table of talent is declared on: the registry, with the chassis' own tables in it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, mapped_column

from chassis.store.tables import chassis_tables

Id = Annotated[UUID, mapped_column(Uuid, primary_key=True)]
Instant = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
Words = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """The base of talent's mapped classes."""


chassis_tables(Base.metadata)
