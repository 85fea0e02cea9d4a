-- Frozen: the chassis' tables as of its first version. Run by the first migration of each service. See chassis/store/tables.py.

create table outbox (
    id uuid not null,
    created_at timestamptz not null,
    position bigint,
    type text not null,
    subject_id text not null,
    version bigint not null,
    body text not null,
    traceparent text,
    only_for text,
    published_at timestamptz,
    constraint outbox_pkey primary key (id, created_at)
) partition by range (created_at);
create index outbox_unpublished on outbox (created_at, id) where position is null;
create index outbox_subject on outbox (subject_id);
create index outbox_position on outbox (position);
create table outbox_default partition of outbox default;
create sequence outbox_position_seq as bigint;

create table inbox (
    consumer text not null,
    message_id uuid not null,
    received_at timestamptz not null default now(),
    constraint inbox_pkey primary key (consumer, message_id)
);
create index inbox_received_at on inbox (received_at);

create table dead_letters (
    id uuid constraint dead_letters_pkey primary key,
    consumer text not null,
    message_id text,
    type text,
    body bytea not null,
    headers jsonb not null,
    reason text not null,
    attempts integer not null,
    trace_id text,
    died_at timestamptz not null default now(),
    redriven_at timestamptz
);
create index dead_letters_waiting on dead_letters (consumer, died_at) where redriven_at is null;

create table history (
    id uuid constraint history_pkey primary key,
    subject text not null,
    subject_id text not null,
    from_state text,
    to_state text not null,
    effective_on date not null,
    recorded_at timestamptz not null,
    client_id text not null,
    department text not null,
    request_id text not null,
    reason text
);
create index history_subject on history (subject, subject_id, recorded_at);

create table idempotency_keys (
    client_id text not null,
    key text not null,
    method text not null,
    fingerprint bytea not null,
    reply jsonb,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (client_id, key)
) with (fillfactor = 80);
create index idempotency_keys_created_at on idempotency_keys (created_at);

create table key_canaries (
    name text constraint key_canaries_pkey primary key,
    sealed bytea not null
);
