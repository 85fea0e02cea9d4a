"""What the chassis' tables need from time to time: partitions ahead, old rows gone.

Lives here: one round of it, safe in every replica: an advisory lock lets one process at a time do the work. Not here: how
long anything is kept (``outbox``, ``inbox``, ``dead_letters``, ``idempotency``, ``audit``) and who calls (``dependencies``,
the gateway's workers).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis.store import audit, dead_letters, idempotency, inbox, outbox
from chassis.store.database import is_transient
from chassis.store.partitions import LOCK_KEY

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
CHUNK = 5000
_TRY_LOCK = text("""select pg_try_advisory_xact_lock(:key)""")
# creating and dropping a partition locks the outbox: rather try again in a minute than let the requests queue up behind
_SHORT_WAIT = text("""set local lock_timeout = '300ms'""")


def keep_house(engine: Engine, now: dt.datetime, *, audit_months: int) -> bool:
    """One round; true when there is more to delete than it took. A step that fails is logged and tried in the next round."""
    steps: tuple[Callable[[Session], int], ...] = (
        lambda session: outbox.ensure_partitions(session, now),
        lambda session: outbox.drop_old(session, now, at_most=CHUNK),
        lambda session: inbox.purge(session, now - inbox.KEPT, at_most=CHUNK),
        lambda session: dead_letters.purge(session, now - dead_letters.KEPT, at_most=CHUNK),
        lambda session: idempotency.purge(session, now, at_most=CHUNK),
        lambda session: audit.keep(session, now, months=audit_months, at_most=CHUNK),
    )
    deleted = [_step(engine, step) for step in steps]
    return max(deleted) >= CHUNK


def keep_audit(engine: Engine, now: dt.datetime, *, audit_months: int) -> bool:
    """One round for a database that has an audit and no messages; true when there is more to delete than it took."""
    return _step(engine, lambda session: audit.keep(session, now, months=audit_months, at_most=CHUNK)) >= CHUNK


def keep_keys(engine: Engine, now: dt.datetime) -> bool:
    """The same for its idempotency keys."""
    return _step(engine, lambda session: idempotency.purge(session, now, at_most=CHUNK)) >= CHUNK


def _step(engine: Engine, step: Callable[[Session], int]) -> int:
    try:
        with Session(engine) as session, session.begin():
            if not session.scalar(_TRY_LOCK, {"key": LOCK_KEY}):
                return 0
            session.execute(_SHORT_WAIT)
            return step(session)
    except DBAPIError as error:
        level = logging.INFO if is_transient(error) else logging.ERROR
        log.log(level, "housekeeping: put off to the next round", exc_info=error)
        return 0
