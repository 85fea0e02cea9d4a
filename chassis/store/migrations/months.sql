-- Repeated after every migration: what a running role may do to the tables that are partitioned by month, and it alone.
-- They run with the rights of the schema's owner, so each holds its arguments against the list and the clock itself.

create or replace function public.is_month_of(parent text, first date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select parent in ('outbox', 'audit') and first = date_trunc('month', first)::date
        and abs(first - current_date) < 3660
$$;

-- How long a row is kept at least; the process may keep it longer.
create or replace function public.kept_until(parent text) returns date
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
    select (now() - case parent when 'outbox' then interval '90 days' when 'audit' then interval '6 months' end)::date
$$;

create or replace function public.make_month(parent text, first date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    month text := parent || to_char(first, '"_"YYYY"_"MM');
    after date := (first + interval '1 month')::date;
    instant text;
    has_rows boolean;
begin
    if public.is_month_of(parent, first) is not true then
        raise exception '% is no month of %', first, parent using errcode = 'invalid_parameter_value';
    end if;
    if to_regclass('public.' || quote_ident(month)) is not null then
        return false;
    end if;
    select attname into strict instant from pg_partitioned_table
    join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
    where partrelid = ('public.' || quote_ident(parent))::regclass;
    -- a month that has rows in the default partition stays there
    execute format(
        'select exists (select from public.%I where %I >= $1 and %I < $2)', parent || '_default', instant, instant
    ) into has_rows using first::timestamptz, after::timestamptz;
    if has_rows then
        return false;
    end if;
    execute format('create table public.%I partition of public.%I for values from (%L) to (%L)', month, parent, first, after);
    return true;
end
$$;

create or replace function public.drop_month(parent text, first date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    month text := parent || to_char(first, '"_"YYYY"_"MM');
    waits boolean := false;
begin
    if public.is_month_of(parent, first) is not true then
        raise exception '% is no month of %', first, parent using errcode = 'invalid_parameter_value';
    end if;
    if (first + interval '1 month')::date > public.kept_until(parent) or not exists (
        select from pg_inherits where inhparent = to_regclass('public.' || quote_ident(parent))
            and inhrelid = to_regclass('public.' || quote_ident(month))
    ) then
        return false;
    end if;
    if parent = 'outbox' then
        execute format('select exists (select from public.%I where position is null or position < 0)', month) into waits;
    end if;
    if waits then
        return false;
    end if;
    execute format('drop table public.%I', month);
    return true;
end
$$;

create or replace function public.delete_old(parent text, before date, at_most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    instant text;
    deleted integer;
begin
    if public.is_month_of(parent, date_trunc('month', before)::date) is not true then
        raise exception '% has no months, or none near %', parent, before using errcode = 'invalid_parameter_value';
    end if;
    select attname into strict instant from pg_partitioned_table
    join pg_attribute on attrelid = partrelid and attnum = partattrs[0]
    where partrelid = ('public.' || quote_ident(parent))::regclass;
    execute format(
        'delete from public.%I where ctid = any(array(select ctid from public.%I where %I < $1 %s limit $2))',
        parent || '_default', parent || '_default', instant,
        case parent when 'outbox' then 'and position > 0' end
    ) using least(before, public.kept_until(parent))::timestamptz, at_most;
    get diagnostics deleted = row_count;
    return deleted;
end
$$;
