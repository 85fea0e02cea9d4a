"""Create the registered clients and their secrets."""

from alembic import op

revision = "0001"
down_revision = None

SQL = """
create table clients (
    id text constraint clients_pkey primary key,
    name text not null,
    department text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    revoked_at timestamptz
);

create table client_secrets (
    sha256 bytea constraint client_secrets_pkey primary key,
    client_id text not null constraint client_secrets_client_fkey references clients (id),
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index client_secrets_client on client_secrets (client_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
