"""What every table of notify is declared on: the registry, with the tables of the chassis in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from chassis.store.tables import chassis_tables


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


chassis_tables(Base.metadata)
