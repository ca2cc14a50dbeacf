-- People who asked to be forgotten. Their rows are deleted wherever there are any; what stays is how many there were,
-- and a keyed digest of the id, by which rows that sources go on sending are refused.
create table if not exists ops.forgetting_key (
    only_row boolean primary key default true check (only_row),
    secret bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
);
insert into ops.forgetting_key default values on conflict do nothing;
comment on table ops.forgetting_key is 'What digests of forgotten ids are made with. One row.';

create table if not exists ops.forgotten_user (
    digest bytea primary key,
    bucket integer not null,
    removed_rows jsonb not null default '{}',
    forgotten_at timestamptz not null default clock_timestamp(),
    forgotten_by text not null,
    proven_batch_id bigint,
    allowed_at timestamptz,
    allowed_by text
);
comment on table ops.forgotten_user is
'Who was forgotten, without saying who: rows that were removed, by table, and since when sources are refused.
Grain: forgotten viewer.';
comment on column ops.forgotten_user.bucket is 'One of 65,521, by which most rows are seen to be of somebody else.';
comment on column ops.forgotten_user.proven_batch_id is
'The first batch that was accepted since: its gate has searched every table for what may have been left.';
comment on column ops.forgotten_user.allowed_at is 'From when on sources may send the viewer again; null: refused.';

create or replace function ops.user_digest(of_user bigint) returns bytea
language sql stable
return sha256((select forgetting_key.secret from ops.forgetting_key) || int8send(of_user));

create or replace function ops.user_bucket(of_user bigint) returns integer
language sql immutable parallel safe
return (abs(of_user % 1000003) * 7919 % 65521)::integer;

create or replace function ops.refused_buckets() returns bytea
language plpgsql stable as $$
declare
    refused record;
    bits bytea;
begin
    for refused in select bucket from ops.forgotten_user where allowed_at is null loop
        bits := set_bit(coalesce(bits, decode(repeat('00', 8192), 'hex')), refused.bucket, 1);
    end loop;
    return bits;
end;
$$;
comment on function ops.refused_buckets is
'A bit for each bucket, set where one of its viewers is refused: as cheap for a thousand as for one. Null: nobody is.';

-- with its owner's rights: serving.give_feedback asks it, whoever calls that
create or replace function ops.is_refused(of_user bigint) returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select 1 from ops.forgotten_user
        where
            forgotten_user.bucket = ops.user_bucket(of_user)
            and forgotten_user.digest = ops.user_digest(of_user)
            and forgotten_user.allowed_at is null
    );
end;
$$;
comment on function ops.is_refused is 'Whether a viewer was forgotten and sources may not send them again.';

-- As ops.as_bigint(), for ids in plain digits at half the price.
create or replace function ops.viewer_id(value text) returns bigint
language sql stable parallel safe
return case
    when length(value) between 1 and 15 and ltrim(value, '0123456789') = '' then value::bigint
    else ops.as_bigint(value)
end;

create or replace function ops.is_welcome(user_id text, buckets bytea) returns boolean
language sql stable
return case
    when get_bit(buckets, ops.user_bucket(ops.viewer_id(user_id))) = 1 then not ops.is_refused(ops.viewer_id(user_id))
    else true
end;
comment on function ops.is_welcome is
'Whether COPY may store a row of this viewer; of most ids the buckets tell it without a look at ops.forgotten_user.';

create or replace view ops.table_of_viewers as
select
    columns.table_schema::text as schema_name,
    columns.table_name::text as table_name
from information_schema.columns
inner join information_schema.tables
    on columns.table_schema = tables.table_schema and columns.table_name = tables.table_name
where
    columns.column_name = 'user_id'
    and tables.table_type = 'BASE TABLE'
    and columns.table_schema in ('raw', 'staging', 'core', 'past', 'ml', 'serving', 'ops');
comment on view ops.table_of_viewers is 'The tables whose rows are about a viewer. Grain: table.';

create or replace function ops.viewer_column(schema_name text) returns text
language sql immutable parallel safe
return case when schema_name = 'raw' then 'ops.viewer_id(user_id)' else 'user_id' end;
comment on function ops.viewer_column is 'Whose a row is, as SQL: rows of raw are text.';

create or replace procedure ops.refuse_user(of_user bigint, asked_by text)
language sql
begin atomic
    insert into ops.forgotten_user (digest, bucket, forgotten_by)
    values (ops.user_digest(of_user), ops.user_bucket(of_user), asked_by)
    on conflict (digest) do update
        set
            forgotten_at = clock_timestamp(),
            forgotten_by = excluded.forgotten_by,
            proven_batch_id = null,
            allowed_at = null,
            allowed_by = null;
end;
comment on procedure ops.refuse_user is 'Let no source send a viewer any more.';

-- Rows of raw are text: an id may be written in many ways. Deletions of events name the event alone.
create or replace function ops.forget_user(of_user bigint)
returns table (table_name text, rows bigint)
language plpgsql as $$
#variable_conflict use_column
declare
    viewed record;
    is_viewer text;
begin
    create temporary table removed_row (
        schema_name text, table_name text, slice_id integer, rows bigint
    ) on commit drop;
    create temporary table forgotten_event on commit drop as
    select distinct feedback_event.event_id
    from raw.feedback_event
    where ops.viewer_id(feedback_event.user_id) = of_user;

    for viewed in select * from ops.table_of_viewers order by schema_name, table_name loop
        is_viewer := ops.viewer_column(viewed.schema_name) || ' = $1';
        if viewed.table_name = 'feedback_event' then
            is_viewer := is_viewer || ' or (user_id is null and event_id in (select event_id from forgotten_event))';
        end if;
        if viewed.schema_name in ('raw', 'staging') then
            execute format(
                'with deleted_row as (delete from %1$I.%2$I where %3$s returning slice_id) '
                'insert into removed_row select %1$L, %2$L, slice_id, count(*) from deleted_row group by slice_id',
                viewed.schema_name, viewed.table_name, is_viewer
            ) using of_user;
        else
            execute format(
                'with deleted_row as (delete from %1$I.%2$I where %3$s returning 1) '
                'insert into removed_row select %1$L, %2$L, null, count(*) from deleted_row having count(*) > 0',
                viewed.schema_name, viewed.table_name, is_viewer
            ) using of_user;
        end if;
    end loop;

    with deleted_row as (
        delete from quarantine.row
        where
            ops.viewer_id("row".record ->> 'user_id') = of_user
            or ops.viewer_id("row".decided_record ->> 'user_id') = of_user
            or (
                "row".table_name = 'feedback_event'
                and "row".record ->> 'event_id' in (select forgotten_event.event_id from forgotten_event)
            )
        returning "row".slice_id
    )

    insert into removed_row
    select 'quarantine', 'row', deleted_row.slice_id, count(*)
    from deleted_row
    group by deleted_row.slice_id;

    delete from quarantine.decision
    where ops.viewer_id(decision.record ->> 'user_id') = of_user;

    with slice_removal as (
        select
            removed_row.slice_id,
            sum(removed_row.rows) filter (where removed_row.schema_name = 'raw') as raw_rows,
            sum(removed_row.rows) filter (where removed_row.schema_name = 'staging') as staging_rows,
            sum(removed_row.rows) filter (where removed_row.schema_name = 'quarantine') as quarantine_rows
        from removed_row
        where removed_row.slice_id is not null
        group by removed_row.slice_id
    )

    update ops.slice
    set
        raw_rows = slice.raw_rows - coalesce(slice_removal.raw_rows, 0),
        staging_rows = slice.staging_rows - coalesce(slice_removal.staging_rows, 0),
        quarantine_rows = slice.quarantine_rows - coalesce(slice_removal.quarantine_rows, 0),
        refused_rows = slice.refused_rows + coalesce(slice_removal.raw_rows, 0)
    from slice_removal
    where slice.slice_id = slice_removal.slice_id;

    -- asked for twice, the counts of both times stay
    update ops.forgotten_user
    set
        removed_rows = (
            select coalesce(jsonb_object_agg(table_removal.name, table_removal.rows), '{}')
            from (
                select part.name, sum(part.rows) as rows
                from (
                    select removed_row.schema_name || '.' || removed_row.table_name as name, removed_row.rows
                    from removed_row
                    union all
                    select earlier.key as name, earlier.value::bigint as rows
                    from jsonb_each_text(forgotten_user.removed_rows) as earlier
                ) as part
                group by part.name
            ) as table_removal
        )
    where forgotten_user.digest = ops.user_digest(of_user);

    return query
    select
        removed_row.schema_name || '.' || removed_row.table_name as table_name,
        sum(removed_row.rows)::bigint as rows
    from removed_row
    group by removed_row.schema_name, removed_row.table_name
    order by table_name;
    drop table removed_row, forgotten_event;
end;
$$;
comment on function ops.forget_user is
'Delete the rows of a viewer from every table that has any, and return how many that were. Grain: table.';

-- Looked up by the indexes that there are: ops.forgotten_rows() reads all rows of all viewers.
create or replace function ops.rows_of_viewer(of_user bigint)
returns table (table_name text, rows bigint)
language plpgsql stable as $$
#variable_conflict use_column
declare
    viewed record;
    found_rows bigint;
begin
    for viewed in select * from ops.table_of_viewers order by schema_name, table_name loop
        execute format(
            'select count(*) from %I.%I where %s = $1',
            viewed.schema_name, viewed.table_name, ops.viewer_column(viewed.schema_name)
        ) into found_rows using of_user;
        if found_rows > 0 then
            return query select viewed.schema_name || '.' || viewed.table_name, found_rows;
        end if;
    end loop;
    return query
    select 'quarantine.row', count(*)
    from quarantine.row
    where
        ops.viewer_id("row".record ->> 'user_id') = of_user
        or ops.viewer_id("row".decided_record ->> 'user_id') = of_user
    having count(*) > 0;
    return query
    select 'quarantine.decision', count(*)
    from quarantine.decision
    where ops.viewer_id(decision.record ->> 'user_id') = of_user
    having count(*) > 0;
end;
$$;
comment on function ops.rows_of_viewer is
'Rows of a viewer, wherever there are any: none of one who has been forgotten. Grain: table.';

-- Searched before a batch is accepted: everything, where somebody was forgotten since the last accepted batch, else
-- what this batch brought and what is small.
create or replace function ops.forgotten_rows(of_batch bigint)
returns table (table_name text, rows bigint)
language plpgsql stable as $$
#variable_conflict use_column
declare
    viewed record;
    buckets constant bytea := ops.refused_buckets();
    is_everything constant boolean := exists (
        select 1 from ops.forgotten_user
        where forgotten_user.allowed_at is null and forgotten_user.proven_batch_id is null
    );
    found_rows bigint;
begin
    if buckets is null then
        return;
    end if;
    for viewed in select * from ops.table_of_viewers order by schema_name, table_name loop
        continue when not is_everything
        and viewed.schema_name not in ('raw', 'staging')
        and (viewed.schema_name, viewed.table_name) not in (('core', 'users'), ('serving', 'viewer_event'));
        execute format(
            'select count(*) from %1$I.%2$I where get_bit($1, ops.user_bucket(%3$s)) = 1 and ops.is_refused(%3$s)%4$s',
            viewed.schema_name, viewed.table_name,
            ops.viewer_column(viewed.schema_name),
            case
                when viewed.schema_name in ('raw', 'staging') and not is_everything
                    then ' and slice_id in (select slice_id from ops.slice where batch_id = $2)'
                else ''
            end
        ) into found_rows using buckets, of_batch;
        if found_rows > 0 then
            return query select viewed.schema_name || '.' || viewed.table_name, found_rows;
        end if;
    end loop;
    -- one pass, in which the second record costs next to nothing: of most rows there is none
    return query
    select 'quarantine.row', count(*)
    from quarantine.row
    where
        (
            get_bit(buckets, ops.user_bucket(ops.viewer_id("row".record ->> 'user_id'))) = 1
            and ops.is_refused(ops.viewer_id("row".record ->> 'user_id'))
        )
        or (
            "row".decided_record is not null
            and get_bit(buckets, ops.user_bucket(ops.viewer_id("row".decided_record ->> 'user_id'))) = 1
            and ops.is_refused(ops.viewer_id("row".decided_record ->> 'user_id'))
        )
    having count(*) > 0;
    return query
    select 'quarantine.decision', count(*)
    from quarantine.decision
    where
        get_bit(buckets, ops.user_bucket(ops.viewer_id(decision.record ->> 'user_id'))) = 1
        and ops.is_refused(ops.viewer_id(decision.record ->> 'user_id'))
    having count(*) > 0;
end;
$$;
comment on function ops.forgotten_rows is
'Rows that are left of forgotten viewers. Grain: table; none where all is well.';
