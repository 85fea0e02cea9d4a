"""What the gateway's audit and idempotency keys need from time to time, beside the requests of each worker; one worker at a time
does it.
"""

from __future__ import annotations

import logging

import gevent
from sqlalchemy import Engine

from chassis.ground import clock
from chassis.store.housekeeping import keep_audit, keep_keys

log = logging.getLogger(__name__)

ROUND_SECONDS = 600.0


def start(engine: Engine, *, audit_months: int) -> None:
    """A round now and every `ROUND_SECONDS`, until the worker ends."""
    gevent.spawn(_keep, engine, audit_months)


def _keep(engine: Engine, audit_months: int) -> None:
    while True:
        try:
            now = clock.now()
            more = any([keep_audit(engine, now, audit_months=audit_months), keep_keys(engine, now)])
        except Exception:
            log.exception("housekeeping failed")
            more = False
        gevent.sleep(0 if more else ROUND_SECONDS)
