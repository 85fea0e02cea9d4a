"""Create organisations and their sets, people, affiliations, and the reports on each."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
create table organisations (
    id uuid constraint organisations_pkey primary key,
    kind text not null,
    name text not null,
    name_key text not null,
    name_en text,
    name_en_key text,
    uscc text,
    trusted_departments text[] not null,
    attributes jsonb not null,
    status text not null constraint organisations_status check (status in ('active', 'closed')),
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index organisations_uscc on organisations (uscc);
create unique index organisations_name_without_uscc on organisations (kind, name_key) where uscc is null;
create index organisations_name_key on organisations (name_key);
create index organisations_name_en_key on organisations (name_en_key);
create index organisations_created_at on organisations (created_at, id);

create table organisation_reports (
    organisation_id uuid not null references organisations (id),
    department text not null,
    client_id text not null,
    reported_at timestamptz not null,
    constraint organisation_reports_pkey primary key (organisation_id, department)
);

create table organisation_sets (
    key text not null,
    version integer not null,
    name_zh text not null,
    name_en text not null,
    client_id text not null,
    department text not null,
    published_at timestamptz not null,
    constraint organisation_sets_pkey primary key (key, version)
);

create table organisation_set_members (
    key text not null,
    version integer not null,
    organisation_id uuid not null references organisations (id),
    from_on date not null,
    until_on date,
    constraint organisation_set_members_pkey primary key (key, version, organisation_id, from_on),
    constraint organisation_set_members_version
        foreign key (key, version) references organisation_sets (key, version),
    constraint organisation_set_members_period check (until_on > from_on)
);

create table people (
    id uuid constraint people_pkey primary key,
    id_type text not null,
    id_lookup bytea not null,
    id_number_sealed bytea not null,
    id_number_masked text not null,
    name_sealed bytea not null,
    name_masked text not null,
    phone_sealed bytea,
    phone_masked text,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index people_id_lookup on people (id_lookup);
create index people_created_at on people (created_at, id);

create table person_reports (
    person_id uuid not null references people (id),
    department text not null,
    client_id text not null,
    name_sealed bytea not null,
    phone_sealed bytea,
    reported_at timestamptz not null,
    constraint person_reports_pkey primary key (person_id, department)
);

create table affiliations (
    id uuid constraint affiliations_pkey primary key,
    person_id uuid not null references people (id),
    organisation_id uuid not null references organisations (id),
    role text not null,
    state text not null,
    from_on date not null,
    until_on date,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint affiliations_state check (state in ('reported', 'confirmed', 'ended')),
    constraint affiliations_ended check (state <> 'ended' or until_on is not null),
    constraint affiliations_period_order check (until_on >= from_on)
);
create unique index affiliations_period on affiliations (person_id, organisation_id, role, from_on);
create unique index affiliations_open on affiliations (person_id, organisation_id, role) where state <> 'ended';
create index affiliations_organisation on affiliations (organisation_id, created_at, id);
create index affiliations_created_at on affiliations (created_at, id);
create index affiliations_running_out on affiliations (until_on) where state <> 'ended' and until_on is not null;

create table affiliation_reports (
    affiliation_id uuid not null references affiliations (id),
    department text not null,
    client_id text not null,
    state text,
    from_on date not null,
    until_on date,
    reported_at timestamptz not null,
    constraint affiliation_reports_pkey primary key (affiliation_id, department)
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
