"""Create events' copy of talent's facts, kinds, activities with their sessions, registrations and check-ins."""

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

create table people (
    id uuid constraint people_pkey primary key,
    version integer not null
);

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

create table activity_kinds (
    key text constraint activity_kinds_pkey primary key,
    name jsonb not null,
    programme text not null,
    version integer not null
);

create table activities (
    id uuid constraint activities_pkey primary key,
    kind text not null constraint activities_kind_fkey references activity_kinds (key),
    programme text not null,
    title jsonb not null,
    organiser_id uuid not null,
    co_organiser_ids jsonb not null,
    department text not null,
    client_id text not null,
    open_to jsonb,
    promotion text not null,
    offer_hours integer not null,
    state text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text,
    held_at timestamptz,
    attendance_counted integer,
    attendance_stated integer,
    cancel_reason text,
    is_voiding boolean not null,
    version integer not null,
    created_at timestamptz not null,
    constraint activities_id_state_key unique (id, state),
    constraint activities_state_check
        check (state in ('draft', 'published', 'open', 'closed', 'held', 'reported', 'cancelled')),
    constraint activities_promotion_check check (promotion in ('automatic', 'offer')),
    constraint activities_held_check check ((state in ('held', 'reported')) = (held_at is not null))
);
create index activities_page on activities (created_at, id);
create index activities_held on activities (held_at) where held_at is not null;
create index activities_voiding on activities (id) where is_voiding;

create table sessions (
    id uuid constraint sessions_pkey primary key,
    activity_id uuid not null,
    activity_state text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text,
    capacity integer not null,
    seats_taken integer not null,
    waiting integer not null,
    last_number integer not null,
    last_is_seated boolean not null,
    constraint sessions_activity_fkey foreign key (activity_id, activity_state)
        references activities (id, state) on update cascade,
    constraint sessions_id_activity_key unique (id, activity_id),
    constraint sessions_period_check check (starts_at < ends_at),
    constraint sessions_seats_check check (seats_taken >= 0 and seats_taken <= capacity),
    constraint sessions_waiting_check check (waiting >= 0)
) with (fillfactor = 50);
create index sessions_activity on sessions (activity_id, activity_state);
create index sessions_moving on sessions (ends_at) where activity_state in ('open', 'closed');

create table registrations (
    id uuid constraint registrations_pkey primary key,
    activity_id uuid not null,
    session_id uuid not null,
    person_id uuid not null,
    state text not null,
    number integer not null,
    offer_expires_at timestamptz,
    checked_in_at timestamptz,
    client_id text not null,
    department text not null,
    version integer not null,
    created_at timestamptz not null,
    constraint registrations_session_fkey foreign key (session_id, activity_id) references sessions (id, activity_id),
    constraint registrations_state_check
        check (state in ('confirmed', 'waiting', 'offered', 'refused', 'lapsed', 'cancelled', 'voided')),
    constraint registrations_offer_check check ((state = 'offered') = (offer_expires_at is not null)),
    constraint registrations_checked_in_check check (checked_in_at is null or state = 'confirmed'),
    constraint registrations_number_key unique (session_id, number)
);
create unique index registrations_live on registrations (activity_id, person_id)
    where state in ('confirmed', 'waiting', 'offered');
create index registrations_waiting on registrations (session_id, number) where state = 'waiting';
create index registrations_offered on registrations (offer_expires_at) where state = 'offered';
create index registrations_page on registrations (created_at, id);
create index registrations_activity on registrations (activity_id, created_at, id);
create index registrations_person on registrations (person_id, created_at, id);

create table checkins (
    id uuid constraint checkins_pkey primary key,
    client_id text not null,
    nonce text not null,
    ticket_digest bytea not null,
    registration_id uuid not null constraint checkins_registration_fkey references registrations (id),
    activity_id uuid not null,
    at timestamptz not null,
    outcome text not null,
    code text,
    holder text not null,
    department text not null,
    created_at timestamptz not null,
    constraint checkins_client_nonce_key unique (client_id, nonce),
    constraint checkins_outcome_check check ((outcome = 'admitted') = (code is null))
);
create unique index checkins_admitted on checkins (registration_id) where outcome = 'admitted';
create index checkins_activity on checkins (activity_id) where outcome = 'admitted';
"""

KINDS = """
insert into activity_kinds (key, name, programme, version) values
    ('talk', '{"zh-CN": "座谈", "en": "Talk"}', 'talks', 1),
    ('visit', '{"zh-CN": "参观", "en": "Visit"}', 'visits', 1),
    ('job_fair', '{"zh-CN": "招聘会", "en": "Job fair"}', 'job_fairs', 1),
    ('mentoring', '{"zh-CN": "创新创业指导", "en": "Start-up mentoring"}', 'startup_activities', 1),
    ('salon', '{"zh-CN": "创业沙龙", "en": "Start-up salon"}', 'startup_activities', 1),
    ('showcase', '{"zh-CN": "交流展示", "en": "Showcase"}', 'startup_activities', 1),
    ('training', '{"zh-CN": "创业培训", "en": "Start-up training"}', 'startup_trainings', 1),
    ('lecture', '{"zh-CN": "公益讲座", "en": "Public lecture"}', 'lectures', 1),
    ('matchmaking', '{"zh-CN": "联谊交友", "en": "Matchmaking"}', 'matchmaking', 1),
    ('study_tour', '{"zh-CN": "研学游", "en": "Study tour"}', 'study_tours', 1),
    ('sports', '{"zh-CN": "体育", "en": "Sports"}', 'sports', 1);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
    op.get_bind().exec_driver_sql(KINDS)
