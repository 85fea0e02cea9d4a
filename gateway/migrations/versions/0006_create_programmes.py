"""Create programmes, their figures and parameters, the outline of the report, and the idempotency keys of writing them."""

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = """
create table programmes (
    key text constraint programmes_pkey primary key,
    title jsonb not null,
    status text not null,
    chapter text not null,
    position integer not null,
    clause jsonb not null,
    departments jsonb not null,
    waits_for text[] not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint programmes_status check (status in ('running', 'planned', 'advocated'))
);
create index programmes_place on programmes (chapter, position, key);

create table figure_definitions (
    key text constraint figure_definitions_pkey primary key,
    programme_key text not null constraint figure_definitions_programme_fkey references programmes (key),
    position integer not null,
    definition jsonb not null
);
create index figure_definitions_programme on figure_definitions (programme_key, position);

create table programme_parameters (
    key text constraint programme_parameters_pkey primary key,
    programme_key text not null constraint programme_parameters_programme_fkey references programmes (key),
    position integer not null,
    name jsonb not null,
    value bigint not null,
    unit text not null
);
create index programme_parameters_programme on programme_parameters (programme_key, position);

create table report_outlines (
    key text constraint report_outlines_pkey primary key,
    title jsonb not null,
    chapters jsonb not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table idempotency_keys (
    client_id text not null,
    key text not null,
    method text not null,
    fingerprint bytea not null,
    reply jsonb,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (client_id, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
