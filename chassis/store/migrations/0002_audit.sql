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

-- Makes the partitions of this month and the next two, and lets go of rows older than so many whole months: never less than
-- six, whoever asks. It runs with its owner's rights, so a role that only inserts can call it; how many rows it deleted.
create function keep_audit(months integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    oldest timestamptz := date_trunc('month', now()) - make_interval(months => greatest(months, 6));
    first timestamptz;
    part text;
    deleted integer;
begin
    for ahead in 0..2 loop
        first := date_trunc('month', now()) + make_interval(months => ahead);
        part := 'audit_' || to_char(first, 'YYYY_MM');
        -- rows of that month may lie in the default partition already: then it stays there
        if to_regclass('public.' || part) is null and not exists (
            select from public.audit_default where at >= first and at < first + interval '1 month'
        ) then
            execute 'create table public.' || part || ' partition of public.audit for values from ('
                || quote_literal(first) || ') to (' || quote_literal(first + interval '1 month') || ')';
        end if;
    end loop;
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.audit'::regclass and c.relname ~ '^audit_[0-9]{4}_[0-9]{2}$'
            and to_date(right(c.relname, 7), 'YYYY_MM') < oldest
    loop
        execute 'drop table public.' || part;
    end loop;
    delete from public.audit_default where ctid = any(array(
        select ctid from public.audit_default where at < oldest limit 5000
    ));
    get diagnostics deleted = row_count;
    return deleted;
end
$$;
select keep_audit(12);
