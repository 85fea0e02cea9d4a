"""Create registers: kinds, entries, their parties, and the reports on each."""

from alembic import op

revision = "0012"
down_revision = "0011"

SQL = """
create extension if not exists pg_trgm;

create table register_kinds (
    key text constraint register_kinds_pkey primary key,
    name jsonb not null,
    programme text not null,
    declared jsonb not null,
    natural_key text[] not null,
    states jsonb not null,
    parties jsonb not null,
    reporters text[] not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index register_kinds_programme on register_kinds (programme);

create table register_entries (
    id uuid constraint register_entries_pkey primary key,
    kind_key text not null constraint register_entries_kind_key_fkey references register_kinds (key),
    identity text not null,
    title text not null,
    title_key text not null,
    proposed_on date,
    agreed_on date,
    running_on date,
    done_on date,
    ended_on date,
    county text,
    fields jsonb not null,
    expires_on date,
    reminded_on date,
    same_as uuid constraint register_entries_same_as_fkey references register_entries (id)
        constraint register_entries_not_same_as_itself check (same_as <> id),
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint register_entries_days
        check (coalesce(proposed_on, agreed_on, running_on, done_on, ended_on) is not null)
);
create unique index register_entries_identity on register_entries (kind_key, identity);
create index register_entries_kind on register_entries (kind_key, created_at, id);
create index register_entries_created_at on register_entries (created_at, id);
create index register_entries_updated_at on register_entries (updated_at);
create index register_entries_same_as on register_entries (same_as) where same_as is not null;
create index register_entries_title on register_entries using gin (title_key gin_trgm_ops);
create index register_entries_expiring on register_entries (expires_on)
    where expires_on is not null and reminded_on is distinct from expires_on;

create table register_parties (
    entry_id uuid constraint register_parties_entry_id_fkey references register_entries (id),
    role text,
    party_id uuid,
    organisation_id uuid constraint register_parties_organisation_id_fkey references organisations (id),
    person_id uuid constraint register_parties_person_id_fkey references people (id),
    constraint register_parties_pkey primary key (entry_id, role, party_id),
    constraint register_parties_one check (num_nonnulls(organisation_id, person_id) = 1),
    constraint register_parties_party check (party_id = coalesce(organisation_id, person_id))
);
create index register_parties_organisation on register_parties (organisation_id, role, entry_id);
create index register_parties_person on register_parties (person_id) where person_id is not null;

create table register_reports (
    entry_id uuid constraint register_reports_entry_id_fkey references register_entries (id),
    department text,
    client_id text not null,
    title text,
    proposed_on date,
    agreed_on date,
    running_on date,
    done_on date,
    ended_on date,
    county text,
    fields jsonb not null,
    parties jsonb not null,
    reported_at timestamptz not null,
    constraint register_reports_pkey primary key (entry_id, department)
);
create index register_reports_department on register_reports (department, entry_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
