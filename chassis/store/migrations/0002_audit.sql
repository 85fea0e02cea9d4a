-- Frozen: the audit, in the database of each service and of the gateway. See chassis/store/audit.py.

create table audit (
    at timestamptz not null,
    id uuid not null,
    client_id text not null,
    department text not null,
    subject text,
    operation text not null,
    person_ids uuid[] not null,
    purpose text,
    request_id text not null,
    address text,
    detail jsonb,
    constraint audit_pkey primary key (at, id)
) partition by range (at);
create index audit_person on audit using gin (person_ids) with (fastupdate = off);
create index audit_client on audit (client_id, at);
create table audit_default partition of audit default;
