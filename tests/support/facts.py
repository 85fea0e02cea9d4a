"""Events as a service receives them, for tests that call its use cases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chassis.ground.ids import uuid7
from contracts.language.envelope import Event

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)


def event(event_type: str, subject: Any, version: int, data: dict[str, Any], *, time: dt.datetime = NOW) -> Event:
    return Event(uuid7(), event_type, str(subject), version, time, data, replay=False, traceparent=None)
