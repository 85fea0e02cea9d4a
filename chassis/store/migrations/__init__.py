"""Migrations of the services' databases: Alembic, one linear numbered history per service, expand only.

Lives here: running them under a lock, and telling a database that is behind the code from one that is ahead. A service's
own migrations are in ``services/<name>/migrations/versions/NNNN_what_it_does.py``; ``frozen_sql`` gives them the chassis'
tables as frozen text. After them ``rights`` says what the running role may do.
"""

from __future__ import annotations

import re
import time
from importlib import resources
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from chassis.store import partitions
from chassis.store.database import ensure_database, with_driver
from chassis.store.migrations import rights

LOCK_TIMEOUT_SECONDS, ATTEMPTS, PAUSE_SECONDS = 4, 10, 2.0
LOCK_NOT_AVAILABLE = "55P03"
_LOCK_KEY = 0x4D696772  # "Migr"
_FILE = re.compile(r"^(\d{4})_\w+\.py$")


def location(name: str) -> Path:
    """The migrations folder of a service or of the gateway."""
    root = Path(__file__).resolve().parents[3]
    return root / "gateway" / "migrations" if name == "gateway" else root / "services" / name / "migrations"


def frozen_sql(name: str) -> str:
    """The text of ``chassis/store/migrations/<name>.sql``."""
    return resources.files("chassis.store.migrations").joinpath(f"{name}.sql").read_text()


def head(name: str) -> str:
    """The number of the newest migration the code has; "0000" where there are none."""
    versions = location(name) / "versions"
    numbers = [found.group(1) for path in versions.glob("*.py") if (found := _FILE.match(path.name))]
    return max(numbers, default="0000")


def current(engine: Engine) -> str:
    """The number of the last migration the database has seen; "0000" for an empty one."""
    try:
        with engine.connect() as connection:
            return str(connection.execute(text("""select version_num from alembic_version""")).scalar() or "0000")
    except ProgrammingError:
        return "0000"


def is_behind(engine: Engine, name: str) -> bool:
    """Whether the database lacks a migration of this code. One that is ahead is fine: newer replicas are arriving."""
    newest = head(name)
    return newest != "0000" and current(engine) < newest


def upgrade(database_url: str, name: str, *, running: str | None = None) -> None:
    """Create the database if it is missing and run what it lacks, one process at a time; then give the role `running` its
    rights, and make the partitions of the months to come.
    """
    ensure_database(database_url)
    engine = create_engine(with_driver(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("""select pg_advisory_lock(:key)"""), {"key": _LOCK_KEY})
        connection.execute(text(f"""set lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"""))
        connection.commit()
        config = Config()
        # Alembic reads % as the beginning of a placeholder
        config.set_main_option("script_location", str(location(name)).replace("%", "%%"))
        config.attributes["connection"] = connection
        for attempt in range(1, ATTEMPTS + 1):
            try:
                command.upgrade(config, "head")
                with connection.begin():
                    rights.settle(connection, running)
                    partitions.prepare(connection)
                break
            except OperationalError as error:
                # a migration that waits for a lock holds up every request behind it: it lets them pass and tries again
                connection.rollback()
                if attempt == ATTEMPTS or getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
                    raise
                time.sleep(PAUSE_SECONDS)


def run_env() -> None:
    """What a service's ``migrations/env.py`` calls: run on the connection `upgrade` holds."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
