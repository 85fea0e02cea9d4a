"""Confirmed organisations, who registered a person, and the queue of people with one document and two names."""

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = """
alter table organisations add column confirmed_at timestamptz;
update organisations set confirmed_at = created_at;

alter table people add column registered_by text;
update people p set registered_by = (
    select r.department from person_reports r where r.person_id = p.id order by r.reported_at, r.department limit 1
);
alter table person_reports add column phone_masked text, add column email_masked text;
create index person_reports_department on person_reports (department, person_id);
create index affiliation_reports_department on affiliation_reports (department, affiliation_id);
create index affiliations_open_organisation on affiliations (organisation_id, person_id) where state <> 'ended';
create index organisations_trusted on organisations using gin (trusted_departments) where confirmed_at is not null;

create table duplicate_people (
    provisional_id uuid constraint duplicate_people_pkey primary key
        constraint duplicate_people_provisional_fkey references people (id),
    person_id uuid not null constraint duplicate_people_person_fkey references people (id),
    department text not null,
    client_id text not null,
    state text not null constraint duplicate_people_state check (state in ('open', 'dismissed')),
    created_at timestamptz not null,
    decided_at timestamptz,
    decided_by text
);
create index duplicate_people_state_created on duplicate_people (state, created_at, provisional_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
