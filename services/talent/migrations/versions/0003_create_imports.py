"""Create imports: uploads, verdicts and annotated workbooks."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
create table imports (
    id uuid constraint imports_pkey primary key,
    kind text not null,
    mode text not null,
    state text not null,
    filename bytea not null,
    organisation_id uuid,
    size bigint not null,
    sha256 text not null,
    total integer not null,
    next_line integer not null,
    attempts integer not null,
    lease_until timestamptz,
    is_applied boolean not null,
    has_workbook boolean not null,
    reason jsonb,
    warnings jsonb not null,
    client_id text not null,
    department text not null,
    request_id text not null,
    version integer not null,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index imports_page on imports (department, created_at, id);
create index imports_waiting on imports (id) where state in ('queued', 'applying');

create table import_chunks (
    import_id uuid not null constraint import_chunks_import_fkey references imports (id) on delete cascade,
    index integer not null,
    digest bytea not null,
    sealed bytea not null,
    constraint import_chunks_pkey primary key (import_id, index)
);

create table import_rows (
    import_id uuid not null constraint import_rows_import_fkey references imports (id) on delete cascade,
    "row" integer not null,
    verdict text not null,
    violations jsonb not null,
    affiliation_id uuid,
    constraint import_rows_pkey primary key (import_id, "row")
);

create table import_workbook_parts (
    import_id uuid not null constraint import_workbook_parts_import_fkey references imports (id) on delete cascade,
    index integer not null,
    sealed bytea not null,
    constraint import_workbook_parts_pkey primary key (import_id, index)
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
