"""Create facts and their kinds; keep people's month of birth."""

from alembic import op

revision = "0016"
down_revision = "0015"

SQL = """
create table fact_kinds (
    key text constraint fact_kinds_pkey primary key,
    name jsonb not null,
    programme text not null,
    declared jsonb not null,
    confirmed_by text[] not null,
    holds_months integer,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table facts (
    id uuid constraint facts_pkey primary key,
    person_id uuid not null constraint facts_person_id_fkey references people (id),
    kind_key text not null constraint facts_kind_key_fkey references fact_kinds (key),
    department text not null,
    client_id text not null,
    state text not null constraint facts_state check (state in ('confirmed', 'ended')),
    from_on date not null,
    until_on date,
    fields jsonb not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint facts_ended check (state <> 'ended' or until_on is not null),
    constraint facts_period_order check (until_on >= from_on)
);
create unique index facts_identity on facts (person_id, kind_key, department, from_on);
create unique index facts_open on facts (person_id, kind_key, department) where state <> 'ended';
create index facts_department on facts (department, created_at, id);
create index facts_kind on facts (kind_key, created_at, id);
create index facts_created_at on facts (created_at, id);
create index facts_updated_at on facts (updated_at);
create index facts_running_out on facts (until_on) where state <> 'ended' and until_on is not null;

alter table people add column born_month date
    constraint people_born_month_first check (extract(day from born_month) = 1);
create index people_without_month on people (id)
    where born_month is null and id_type in ('resident_id', 'hmt_residence_permit', 'foreign_resident_id')
    and id_number_sealed is not null;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
