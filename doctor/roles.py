"""The roles of the processes in PostgreSQL: one that may change the schema is one too many.

Not here: whether the server answers (``servers``), and what the running role may do (``chassis.store.migrations.rights``).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.services import reading
from doctor.site import Site

ROLES = Text("数据库角色", "database roles")
_ROLE = text(
    """
    select current_user, pg_has_role(relowner, 'usage') from pg_class
    where relname = 'alembic_version' and relnamespace = 'public'::regnamespace
    """
)
_ONE_ROLE = Text(
    "DATABASE_URL 给出的服务器上，一个角色做一切",
    "on the server DATABASE_URL names, one role does everything",
)


def roles(site: Site) -> Iterator[Remark]:
    """Whether each process has a role that cannot change its schema; what is not migrated yet, others report."""
    if not site.is_given and not site.owns_database:
        yield Skipped(ROLES, _ONE_ROLE)
        return
    looked_at, owning = [], 0
    for name in site.names:
        try:
            with reading(site, name) as connection:
                found = connection.execute(_ROLE).one_or_none()
        except DBAPIError:
            continue
        if found is None:
            continue
        looked_at.append(f"{name} {found[0]}")
        if found[1]:
            owning += 1
            yield _owns(site, name, str(found[0]))
    if looked_at and not owning:
        words = ", ".join(looked_at)
        yield Passed(ROLES, Text(words, words))


def _owns(site: Site, name: str, role: str) -> Finding:
    return Finding(
        "runs_as_owner",
        name,
        Text(
            f"{name} 以数据库结构的所有者 {role} 的身份运行",
            f"{name} runs as {role}, which owns its schema",
        ),
        "make down && make up" if site.owns_database else 'less +/"Two roles" docs/operating.md',
        Text(
            "被攻破的进程能改表、删表、改写历史；运行应当用另一个角色",
            "a process taken over could alter tables and rewrite the history: let another role run it",
        ),
    )
