"""The envelope of every event: CloudEvents 1.0 in structured JSON, content type ``application/json``.

Lives here: composing and reading it. The content type is the one stock nameko listeners accept. Source: CloudEvents 1.0.2;
the extensions `sequence` (the subject's version), `traceparent` and `replay`.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from contracts.catalogue import EVENTS

#: The city the platform runs for; part of every event's `source`.
CITY = "jinzhong"

_T = TypeVar("_T")


_checks_values = True


def check_values(wanted: bool) -> None:
    """Whether `compose` holds every value against its schema (the default), or the names alone."""
    global _checks_values
    _checks_values = wanted


@dataclass(frozen=True)
class Event:
    """An event. `version` is the subject's: a consumer applies it ``where version < :version``."""

    id: UUID
    type: str
    subject_id: str
    version: int
    time: dt.datetime
    data: dict[str, Any]
    replay: bool
    traceparent: str | None


#: Of a composed event. Whoever announces says what fits: a list in it has a limit in its schema.
LARGEST_BYTES = 2**20


def compose(event: Event) -> str:
    """The JSON text of an event. Raises ValueError where the catalogue does not know the type or the data, or it is too large."""
    entry = EVENTS.get(event.type)
    if entry is None:
        raise ValueError(f"{event.type} is not in the catalogue")
    if wrong := entry.flaws(event.data, thoroughly=_checks_values):
        raise ValueError(f"{event.type}: {wrong}")
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": f"/cities/{CITY}/{event.type.partition('.')[0]}",
        "type": event.type,
        "subject": event.subject_id,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "sequence": event.version,
        "data": event.data,
    }
    if event.traceparent:
        envelope["traceparent"] = event.traceparent
    if event.replay:
        envelope["replay"] = True
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    if len(text) > LARGEST_BYTES // 4 and len(text.encode()) > LARGEST_BYTES:
        raise ValueError(f"{event.type}: {len(text.encode())} bytes, at most {LARGEST_BYTES}")
    return text


def parse(body: bytes | str) -> Event:
    """Read an event; raises ValueError for anything that is not one. Unknown members and unknown data fields pass:
    contracts only ever add.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(document, dict) or document.get("specversion") != "1.0":
        raise ValueError("not a CloudEvents 1.0 object")
    time = dt.datetime.fromisoformat(_member(document, "time", str))
    if time.tzinfo is None:
        raise ValueError("time has no offset")
    return Event(
        id=UUID(_member(document, "id", str)),
        type=_member(document, "type", str),
        subject_id=_member(document, "subject", str),
        version=_member(document, "sequence", int),
        time=time,
        data=_member(document, "data", dict),
        replay=document.get("replay") is True,
        traceparent=_member(document, "traceparent", str) if document.get("traceparent") else None,
    )


def _member(document: dict[str, Any], name: str, kind: type[_T]) -> _T:
    found = document.get(name)
    if type(found) is not kind:
        raise ValueError(f"{name} is missing or of the wrong kind")
    return found
