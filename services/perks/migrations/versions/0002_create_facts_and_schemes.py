"""Create perks' copy of talent's facts, schemes, entitlements and redemptions."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
create table organisations (
    id uuid constraint organisations_pkey primary key,
    version integer not null,
    kind text not null,
    status text not null
);

create table organisation_sets (
    key text constraint organisation_sets_pkey primary key,
    version integer not null
);

create table set_members (
    key text not null,
    organisation_id uuid not null,
    from_on date not null,
    until_on date,
    constraint set_members_pkey primary key (key, organisation_id, from_on)
);
create index set_members_organisation on set_members (organisation_id);

create table affiliations (
    id uuid constraint affiliations_pkey primary key,
    version integer not null,
    person_id uuid not null,
    organisation_id uuid not null,
    role text not null,
    state text not null,
    from_on date not null,
    until_on date
);
create index affiliations_person on affiliations (person_id);

create table schemes (
    key text not null,
    version integer not null,
    is_current boolean not null,
    name jsonb not null,
    source text not null,
    valid_from date not null,
    valid_until date,
    covers text not null,
    clauses jsonb not null,
    limit_count integer not null,
    limit_per text not null,
    limit_window text not null,
    limit_assumption boolean not null,
    published_at timestamptz not null,
    client_id text not null,
    department text not null,
    constraint schemes_pkey primary key (key, version)
);
create unique index schemes_current on schemes (key) where is_current;

create table scheme_relations (
    key text not null,
    version integer not null,
    number integer not null,
    place_set text not null,
    institution_set text not null,
    from_on date not null,
    until_on date,
    constraint scheme_relations_pkey primary key (key, version, number),
    constraint scheme_relations_scheme_fkey foreign key (key, version) references schemes (key, version)
);

create table people (
    id uuid constraint people_pkey primary key,
    next_check_on date
);
create index people_due on people (next_check_on, id) where next_check_on is not null;

create table evaluation_runs (
    id uuid constraint evaluation_runs_pkey primary key,
    reason text not null,
    cursor uuid,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index evaluation_runs_open on evaluation_runs (id) where finished_at is null;

create table entitlements (
    id uuid constraint entitlements_pkey primary key,
    person_id uuid not null,
    scheme_key text not null,
    scheme_version integer not null,
    state text not null,
    reasons jsonb not null,
    granted_at timestamptz not null,
    version integer not null,
    created_at timestamptz not null,
    constraint entitlements_person_scheme_key unique (person_id, scheme_key),
    constraint entitlements_state_check check (state in ('active', 'suspended'))
);
create index entitlements_page on entitlements (created_at, id);

create table redemptions (
    id uuid constraint redemptions_pkey primary key,
    client_id text not null,
    nonce text not null,
    pass_digest bytea not null,
    entitlement_id uuid not null,
    scheme_key text not null,
    place_id uuid not null,
    at timestamptz not null,
    scope text not null,
    "window" text not null,
    slot integer,
    outcome text not null,
    code text,
    holder text not null,
    department text not null,
    created_at timestamptz not null,
    constraint redemptions_client_nonce_key unique (client_id, nonce),
    constraint redemptions_slot_check check ((outcome = 'admitted') = (slot is not null))
);
create unique index redemptions_slot on redemptions (entitlement_id, scope, "window", slot) where slot is not null;
create index redemptions_page on redemptions (created_at, id);
create index redemptions_place on redemptions (place_id, created_at, id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
