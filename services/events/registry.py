"""What every table of events is declared on: the registry, with the tables of the chassis in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    LargeBinary,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from chassis.store.tables import chassis_tables


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        dt.date: Date,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB(none_as_null=True),
    }


chassis_tables(Base.metadata)
