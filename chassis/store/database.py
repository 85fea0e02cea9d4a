"""Engines, which database errors are transient, and one retry on a lost connection.

No nameko and no eventlet, so the gateway may use it too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.language.refusals import Refusal

log = logging.getLogger(__name__)

Result = TypeVar("Result")

POOL_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
LOCK_TIMEOUT_SECONDS = 5

#: SQLSTATE classes and codes that say "try again": connection, resources, operator intervention (a statement timeout
#: is one), serialization, deadlock, lock timeout, and a server that has just become read-only (failover). Source:
#: PostgreSQL manual, appendix A.
TRANSIENT_CLASSES = ("08", "53", "57")
TRANSIENT_CODES = ("40001", "40P01", "55P03", "25006")


class CommitUnclear(SQLAlchemyError):
    """The connection was lost, or time ran out, while a commit was under way: it may have taken effect or not."""


class DatabaseUnavailable(Refusal):
    """The service's database does not answer; nothing was changed."""

    kind = "unavailable"
    code = "chassis.database_unavailable"
    zh = "数据库暂时不可用，请稍后重试。"
    en = "The database is not available right now. Try again shortly."


#: Another process has created the same database a moment before.
_MADE_MEANWHILE = ("42P04", "23505")


def make_engine(url: str, *, pool_size: int, name: str, statement_timeout_seconds: float = 10.0) -> Engine:
    """An engine of at most `pool_size` connections, every wait on it bounded; `name` shows in pg_stat_activity."""
    options = (
        f"-c statement_timeout={int(statement_timeout_seconds * 1000)} "
        f"-c lock_timeout={LOCK_TIMEOUT_SECONDS * 1000} -c timezone=UTC"
    )
    return create_engine(
        with_driver(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=False,
        pool_recycle=1800,
        connect_args={
            "application_name": name,
            "options": options,
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": 30,
            "tcp_user_timeout": 10_000,
        },
        insertmanyvalues_page_size=1000,
        hide_parameters=True,  # an error is logged, and its parameters may be a name or a phone
    )


def with_driver(url: str) -> URL:
    """The URL with psycopg2, which yields under eventlet (psycopg 3's C build blocks the whole process)."""
    return make_url(url).set(drivername="postgresql+psycopg2")


def is_transient(error: BaseException) -> bool:
    """Whether the same work may well succeed later: the database is away, busy, restarting, or broke a deadlock."""
    if isinstance(error, (PoolTimeout, CommitUnclear)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original: Any = error.orig
    code = getattr(original, "pgcode", None)
    if code is None:
        return isinstance(original, (psycopg2.OperationalError, psycopg2.InterfaceError))
    return code in TRANSIENT_CODES or code[:2] in TRANSIENT_CLASSES


def is_unclear(failure: BaseException) -> bool:
    """Whether a commit that failed so may have taken effect: the server did not answer, or its answer was not awaited."""
    if isinstance(failure, DBAPIError):
        return failure.connection_invalidated or getattr(failure.orig, "pgcode", None) is None
    # a deadline ends a worker with an exception that is no Exception
    return not isinstance(failure, Exception)


def retry_once_on_lost_connection(attempt: Callable[[], Result]) -> Result:
    """The result of `attempt()`, called a second time when the database failed under the first call.

    After a restart the pool still holds dead connections, and a deadlock ends one of two transactions. Safe for a command
    too: its idempotency key is in the transaction that was lost, or stored. Raises DatabaseUnavailable when the second
    attempt fails the same way, CommitUnclear where the first may have committed.
    """
    try:
        return attempt()
    except (DBAPIError, PoolTimeout, CommitUnclear) as error:
        ran_out_of_time = error.__cause__ is not None and not isinstance(error.__cause__, Exception)
        if ran_out_of_time or not is_transient(error):
            raise
        log.warning("database fault, trying again: %s", error.__cause__ or error)
        unclear = error if isinstance(error, CommitUnclear) else None
    try:
        return attempt()
    except (DBAPIError, PoolTimeout) as error:
        if unclear is not None:
            # the second attempt failed before it could find the stored reply of the first
            raise unclear from error
        if is_transient(error):
            raise DatabaseUnavailable(retry_after=2) from error
        raise


def ensure_database(url: str) -> bool:
    """Create the database of `url` if it is missing; True when it was made. Only then the right to create databases is
    needed, and the right to connect to ``postgres``.
    """
    target = with_driver(url)
    return not _answers(target) and _create(target)


def _answers(target: URL) -> bool:
    engine = create_engine(target, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        engine.connect().close()
    except OperationalError:
        return False
    return True


def _create(target: URL) -> bool:
    engine = create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        known = text("""select 1 from pg_database where datname = :name""")
        if connection.execute(known, {"name": target.database}).scalar():
            return False
        try:
            connection.exec_driver_sql(f'create database "{target.database}"')
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) in _MADE_MEANWHILE:
                return False
            raise
        return True
