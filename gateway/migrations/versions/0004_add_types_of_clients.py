"""Clients have a type; a device is bound to places or activities; a secret can be given an end."""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = """
alter table clients
    add column type text not null default 'system',
    add column bound_to uuid[] not null default '{}',
    add constraint clients_type check (type in ('system', 'channel', 'device', 'operator', 'auditor'));
alter table client_secrets add column expires_at timestamptz;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
