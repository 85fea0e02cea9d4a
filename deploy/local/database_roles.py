"""The roles that run the services in PostgreSQL, beside those that own the schemas: their names, and making them.

What a running role may do is granted by ``migrate`` (``chassis.store.migrations.rights``).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import NullPool, create_engine, make_url, text

from chassis.store.database import with_driver
from deploy.local.notes import Notes

_STATEMENT = """select format('%s role %I login password %L', cast(:verb as text), cast(:role as text), :password)"""


def running_role(owner: str) -> str:
    """The role that runs what `owner` migrates."""
    return f"{owner}_running"


def make_running(url: str, role: str, password: str) -> str:
    """Make the role, or give it this password; returns `url` with both. Needs the right to create roles."""
    engine = create_engine(with_driver(url).set(database="postgres"), poolclass=NullPool)
    with engine.begin() as connection:
        known = connection.scalar(text("""select 1 from pg_roles where rolname = :role"""), {"role": role})
        named = {"verb": "alter" if known else "create", "role": role, "password": password}
        connection.execute(text(connection.scalar(text(_STATEMENT), named)))
    return make_url(url).set(username=role, password=password).render_as_string(hide_password=False)


def make_all(server: str, notes: Notes, names: Iterable[str]) -> None:
    """Make the role that runs each of them on a stack's private server; its password is in the notes."""
    for name in names:
        make_running(server, running_role(name), notes.secret(note(name)))


def note(name: str) -> str:
    """Under which name the notes keep the password of the role that runs `name`."""
    return f"postgres.{running_role(name)}"
