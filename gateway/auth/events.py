"""The gateway's part of the audit: tokens granted and refused, what became of clients, and who has read the audit.

Lives here: writing a row, in the transaction of what it tells of where there is one. Not here: its form, reading it, how long it
is kept (``chassis.store.audit``). Never a secret, and nothing a stranger typed that does not look like a client's id.
"""

from __future__ import annotations

import datetime as dt
import os
import pwd
import re
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis.ground.ids import uuid7
from chassis.store import audit

if TYPE_CHECKING:
    from gateway.auth.clients import Principal

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}-[0-9a-f]{8}")
_INSERT = insert(audit.TABLE)
UNKNOWN = "unknown"


def of_principal(
    session: Session,
    event: str,
    principal: Principal,
    *,
    now: dt.datetime,
    person_id: UUID | None = None,
    **where: Any,
) -> None:
    """What a client did that is who it says; `where` are ``request_id``, ``address`` and ``detail``."""
    kind, _, human = (principal.subject or "").partition(":")
    people = [person_id] if person_id else [UUID(human)] if kind == "person" else []
    _write(
        session,
        event,
        principal.client_id,
        principal.department,
        now=now,
        subject=principal.subject,
        person_ids=people,
        **where,
    )


def of_stranger(session: Session, event: str, claimed: str | None, *, now: dt.datetime, **where: Any) -> None:
    """What somebody did who may be anybody, and says to be the client `claimed`."""
    client_id = claimed if claimed and _CLIENT_ID.fullmatch(claimed) else UNKNOWN
    _write(session, event, client_id, UNKNOWN, now=now, **where)


def of_clerk(session: Session, event: str, client_id: str, department: str, *, now: dt.datetime, **detail: Any) -> None:
    """What became of a client, by whose hand: the user of the operating system, the host, and the command."""
    context = click.get_current_context(silent=True)
    made_by = {
        "os_user": _os_user(),
        "host": socket.gethostname(),
        "command": context.command_path if context else None,
    }
    _write(session, event, client_id, department, now=now, detail={**detail, "made_by": made_by})


def _write(session: Session, event: str, client_id: str, department: str, *, now: dt.datetime, **more: Any) -> None:
    row: Mapping[str, Any] = {
        "at": now,
        "id": uuid7(),
        "client_id": client_id,
        "department": department,
        "subject": None,
        "operation": event,
        "person_ids": [],
        "request_id": "",
        "address": None,
        "detail": None,
    }
    session.connection().execute(_INSERT, [{**row, **more}])


def _os_user() -> str:
    """By the process, not by its environment, which anybody can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
