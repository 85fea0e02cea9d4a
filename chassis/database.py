"""Engines, and which database errors are nobody's fault. No nameko and no eventlet, so the gateway may use it too."""

from __future__ import annotations

from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

POOL_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
LOCK_TIMEOUT_SECONDS = 5

#: SQLSTATE classes and codes that say "try again": connection, resources, operator intervention, deadlock,
#: serialization, lock and statement timeout. Source: PostgreSQL manual, appendix A.
TRANSIENT_CLASSES = ("08", "53", "57")
TRANSIENT_CODES = ("40001", "40P01", "55P03")


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
    )


def with_driver(url: str) -> URL:
    """The URL with psycopg2, which yields under eventlet (psycopg 3's C build blocks the whole process)."""
    return make_url(url).set(drivername="postgresql+psycopg2")


def is_transient(error: BaseException) -> bool:
    """Whether the same work may well succeed later: the database is away, busy, restarting, or broke a deadlock."""
    if isinstance(error, PoolTimeout):
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


def ensure_database(url: str) -> bool:
    """Create the database of `url` if it is missing; True when it was made. Needs the right to create databases."""
    target = with_driver(url)
    engine = create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            known = connection.execute(
                text("select 1 from pg_database where datname = :name"), {"name": target.database}
            )
            if known.scalar():
                return False
            connection.exec_driver_sql(f'create database "{target.database}"')
            return True
    finally:
        engine.dispose()
