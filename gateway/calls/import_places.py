"""Which service has which import: noted when an upload begins, so that an id is found in one query (ADR 0013)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import current_app
from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.ground import clock
from chassis.store.database import retry_once_on_lost_connection
from gateway.tables import ImportPlace

#: Imports that began before places were noted are talent's: it had the only kind.
FIRST = "talent"


def note(import_id: str, service: str, *, expires_at: dt.datetime) -> None:
    """Note where an import is, until its service deletes it; the same again changes nothing. Raises DatabaseUnavailable."""
    now = clock.now()
    row = {"import_id": UUID(import_id), "service": service, "created_at": now, "expires_at": expires_at}

    def attempt() -> None:
        with Session(_engine()) as session, session.begin():
            session.execute(insert(ImportPlace).values(row).on_conflict_do_nothing())
            session.execute(delete(ImportPlace).where(ImportPlace.expires_at < now))

    retry_once_on_lost_connection(attempt)


def service_of(import_id: str) -> str:
    """The service that has an import, or would have it: an unknown id is refused there. Raises DatabaseUnavailable."""

    def attempt() -> str | None:
        with Session(_engine()) as session:
            return session.scalar(select(ImportPlace.service).where(ImportPlace.import_id == UUID(import_id)))

    return retry_once_on_lost_connection(attempt) or FIRST


def _engine() -> Engine:
    engine: Engine = current_app.extensions["database"]
    return engine
