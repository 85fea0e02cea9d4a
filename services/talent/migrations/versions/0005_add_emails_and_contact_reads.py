"""Add e-mail addresses of people, sealed, and the audit of who read contacts and why."""

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = """
alter table people add column email_sealed bytea, add column email_masked text;
alter table person_reports add column email_sealed bytea;

create table contact_reads (
    id uuid constraint contact_reads_pkey primary key,
    read_at timestamptz not null,
    read_by text not null,
    purpose text not null,
    request_id text not null,
    person_ids uuid[] not null
);
create index contact_reads_person on contact_reads using gin (person_ids);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
