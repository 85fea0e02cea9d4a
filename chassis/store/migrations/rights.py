"""What the role that runs a service may do in its database; everything else is the schema's owner's alone.

Lives here: the lists, and granting by them after each migration. Not here: making the roles (``deploy``). The running role
reads and writes rows; it makes, alters, drops and truncates nothing. What housekeeping does to monthly partitions it does by
the functions of ``months.sql``, which run with the owner's rights.
"""

from __future__ import annotations

from importlib import resources

from sqlalchemy import Connection, text

from chassis.store.partitions import LOCK_KEY

#: Facts about the past: rows are added and read, never changed.
APPEND_ONLY = ("history", "contact_reads", "audit")
READ_ONLY = ("alembic_version",)
#: With their argument types; the only functions a running role may call.
FUNCTIONS = (
    "make_month(text, date)",
    "drop_month(text, date)",
    "delete_old(text, date, integer)",
)
_HELPERS = ("is_month_of(text, date)", "kept_until(text)")

#: Housekeeping changes partitions under it, and a grant beside that could fail: "tuple concurrently updated".
_LOCK = text("""select pg_advisory_xact_lock(:key)""")
_SHUT = """
select format('revoke all on database %I from public', current_database())
union all select 'revoke all on schema public from public'
union all select format('revoke all on schema public from %I', :role)
union all select format('revoke all on all tables in schema public from %I', :role)
union all select format('revoke all on all sequences in schema public from %I', :role)
"""
# A partition is reached through its parent: nothing is granted on it, and so no way leads round the parent's rights.
_OPEN = """
select format('grant connect on database %I to %I', current_database(), :role)
union all select format('grant usage on schema public to %I', :role)
union all select format('grant usage, select on all sequences in schema public to %I', :role)
union all select format('grant %s on public.%I to %I', case
        when relname = any(:read_only) then 'select'
        when relname = any(:append_only) then 'select, insert'
        else 'select, insert, update, delete' end, relname, :role)
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
union all select format('grant execute on function public.%s to %I', unnest(cast(:functions as text[])), :role)
"""


def functions() -> str:
    """The text of ``months.sql``."""
    return resources.files("chassis.store.migrations").joinpath("months.sql").read_text()


def settle(connection: Connection, running: str | None = None) -> None:
    """Make the functions, and give the role `running` what it needs and no more; in the caller's transaction, so nobody
    meets a state between. Without a role, or where it is the owner itself, only the functions are made.
    """
    connection.execute(_LOCK, {"key": LOCK_KEY})
    connection.execute(text(functions()))
    for function in (*FUNCTIONS, *_HELPERS):
        connection.exec_driver_sql(f"revoke all on function public.{function} from public")
    if running is None or running == connection.scalar(text("""select current_user""")):
        return
    connection.exec_driver_sql("alter default privileges revoke execute on functions from public")
    named = {
        "role": running,
        "read_only": list(READ_ONLY),
        "append_only": list(APPEND_ONLY),
        "functions": list(FUNCTIONS),
    }
    for statements in (_SHUT, _OPEN):
        for statement in connection.scalars(text(statements), named).all():
            connection.exec_driver_sql(statement)
