"""Create templates, preferences, messages and deliveries."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
create table templates (
    key text not null,
    version integer not null,
    is_current boolean not null,
    event_type text not null,
    programme text,
    urgency text not null,
    channels jsonb not null,
    subject jsonb not null,
    body jsonb not null,
    enabled boolean not null,
    published_at timestamptz not null,
    client_id text not null,
    department text not null,
    constraint templates_pkey primary key (key, version),
    constraint templates_urgency_check check (urgency in ('normal', 'urgent'))
);
create unique index templates_current on templates (key) where is_current;

create table preferences (
    person_id uuid constraint preferences_pkey primary key,
    version integer not null,
    language text,
    programmes jsonb not null,
    quiet_hours jsonb,
    changed_at timestamptz not null
);

create table messages (
    id uuid constraint messages_pkey primary key,
    event_id uuid not null,
    person_id uuid not null,
    template_key text not null,
    template_version integer not null,
    event_type text not null,
    programme text not null,
    urgency text not null,
    subject jsonb not null,
    body jsonb not null,
    read_at timestamptz,
    created_at timestamptz not null,
    constraint messages_event_person_template_key unique (event_id, person_id, template_key)
);
create index messages_inbox on messages (person_id, created_at, id);

create table deliveries (
    id uuid constraint deliveries_pkey primary key,
    message_id uuid not null,
    person_id uuid not null,
    channel text not null,
    state text not null,
    reason text,
    recipient text,
    attempts integer not null,
    not_before timestamptz,
    claim uuid,
    lease_until timestamptz,
    settled_at timestamptz,
    created_at timestamptz not null,
    constraint deliveries_message_fkey foreign key (message_id) references messages (id),
    constraint deliveries_message_channel_key unique (message_id, channel),
    constraint deliveries_state_check check (
        state in ('due', 'sending', 'calling', 'delivered', 'failed', 'suppressed', 'outcome_unknown')
    ),
    constraint deliveries_held_check check (
        (state in ('sending', 'calling')) <= (claim is not null and lease_until is not null)
    ),
    constraint deliveries_due_check check ((state = 'due') <= (not_before is not null))
);
create index deliveries_due on deliveries (channel, not_before, id) where state = 'due';
create index deliveries_held on deliveries (lease_until) where state in ('sending', 'calling');
create index deliveries_page on deliveries (created_at, id);
create index deliveries_person on deliveries (person_id, created_at, id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
