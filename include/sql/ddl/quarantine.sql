-- Rows that break a rejecting rule, whole, with every reason.
create schema if not exists quarantine;

create table if not exists quarantine.row (
    slice_id integer not null references ops.slice on delete cascade,
    position integer not null,
    batch_id bigint not null,
    source text not null,
    table_name text not null,
    broken_rules text[] not null,
    reasons text[] not null,
    record jsonb not null,
    status text not null default 'rejected' check (status in ('rejected', 'replayed', 'dismissed')),
    replayed_slice_id integer references ops.slice on delete set null,
    replayed_position integer,
    decided_record jsonb,
    waived text[] not null default '{}',
    decided_at timestamptz,
    decided_by text,
    primary key (slice_id, position)
);
create index if not exists row_batch on quarantine.row (batch_id, table_name);
-- the same line from another load is found by its content
create index if not exists row_record on quarantine.row (md5(record::text));
-- a slice that is pruned is looked for among those that rows were replayed into
create index if not exists row_replayed on quarantine.row (replayed_slice_id) where replayed_slice_id is not null;
comment on table quarantine.row is
'Rejected rows. Grain: one row of a slice; the batch is the night that loaded it.';
comment on column quarantine.row.record is 'The row as it came, column by column.';
comment on column quarantine.row.decided_record is 'What was decided to come in its place, once it has come.';
comment on column quarantine.row.status is
'rejected: waits; replayed: came again, edited or accepted, as the row that replayed_slice_id and -position name; '
'dismissed: looked at and left out.';

create table if not exists quarantine.decision (
    slice_id integer not null,
    position integer not null,
    record jsonb not null,
    waived text[] not null default '{}',
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp(),
    primary key (slice_id, position),
    foreign key (slice_id, position) references quarantine.row on delete cascade
);
comment on table quarantine.decision is
'Rejected rows that come again on the next night, as they were or edited. Grain: rejected row; gone once replayed.';
comment on column quarantine.decision.waived is 'Rules that a data engineer waived for this row.';

create or replace procedure quarantine.replay(of_batch bigint)
language plpgsql as $$
declare
    origin record;
    replay_slice_id integer;
begin
    for origin in
        select
            slice.slice_id,
            slice.source,
            slice.table_name,
            slice.scale_low,
            slice.scale_high,
            slice.unrated,
            slice.date_order,
            slice.date_example,
            slice.has_spaced_genres,
            slice.genre_sign,
            coalesce(slice.root_slice_id, slice.slice_id) as root_slice_id,
            count(*) as rows
        from quarantine.decision
        inner join quarantine.row as waiting_row using (slice_id, position)
        inner join ops.slice on waiting_row.slice_id = slice.slice_id
        inner join ops.batch_slice on slice.slice_id = batch_slice.slice_id and batch_slice.batch_id = of_batch
        where waiting_row.status = 'rejected'
        group by slice.slice_id
        order by slice.slice_id
    loop
        insert into ops.slice (
            batch_id, source, table_name, piece, mode, fingerprint, scale_low, scale_high, unrated, date_order,
            date_example, has_spaced_genres, genre_sign, origin_slice_id, root_slice_id, raw_rows
        )
        -- what the column told where the rows came from
        values (
            of_batch, origin.source, origin.table_name, 'replay', 'changes', gen_random_uuid(),
            origin.scale_low, origin.scale_high, origin.unrated, origin.date_order, origin.date_example,
            origin.has_spaced_genres, origin.genre_sign, origin.slice_id, origin.root_slice_id, origin.rows
        )
        returning slice_id into replay_slice_id;
        -- a piece of its own: replayed rows compete with others by their times, not by the night they came
        update ops.slice set piece = format('replay %s of slice %s', replay_slice_id, origin.slice_id)
        where slice_id = replay_slice_id;
        execute format(
            $statement$
            with decided_row as (
                select
                    decision.slice_id,
                    decision.position,
                    decision.decided_by,
                    decision.waived,
                    decision.record as decided_record,
                    decision.record || case
                        when decision.waived = '{}' then '{}'::jsonb
                        else jsonb_build_object(
                            'extra',
                            coalesce(nullif(decision.record -> 'extra', 'null'), '{}')
                            || jsonb_build_object('waived', decision.waived)
                        )
                    end as record,
                    row_number() over (order by decision.position)::integer as replayed_position
                from quarantine.decision
                inner join quarantine.row as waiting_row using (slice_id, position)
                where waiting_row.status = 'rejected' and waiting_row.slice_id = $2
            ),

            mark as (
                update quarantine.row
                set
                    status = 'replayed',
                    replayed_slice_id = $1,
                    replayed_position = decided_row.replayed_position,
                    decided_record = decided_row.decided_record,
                    waived = decided_row.waived,
                    decided_by = decided_row.decided_by,
                    decided_at = clock_timestamp()
                from decided_row
                where "row".slice_id = decided_row.slice_id and "row".position = decided_row.position
            ),

            removal as (
                delete from quarantine.decision
                using decided_row
                where decision.slice_id = decided_row.slice_id and decision.position = decided_row.position
            )

            insert into raw.%1$I
            select replayed_row.*
            from decided_row
            cross join lateral jsonb_populate_record(
                null::raw.%1$I,
                decided_row.record
                || jsonb_build_object('slice_id', $1, 'position', decided_row.replayed_position)
            ) as replayed_row
            $statement$,
            origin.table_name
        ) using replay_slice_id, origin.slice_id;
    end loop;
end;
$$;
comment on procedure quarantine.replay is
'Bring the decided rows of the slices that a batch consists of into raw, once.';

-- noqa: disable=RF01,RF02,RF03
create or replace procedure quarantine.show_replayed(of_batch bigint)
language sql
begin atomic
    insert into ops.batch_slice (batch_id, slice_id)
    with recursive replayed as (
        select slice.slice_id
        from ops.slice
        inner join ops.batch_slice on slice.origin_slice_id = batch_slice.slice_id
        where batch_slice.batch_id = show_replayed.of_batch
        union
        select slice.slice_id
        from ops.slice
        inner join replayed on slice.origin_slice_id = replayed.slice_id
    )

    select
        show_replayed.of_batch,
        replayed.slice_id
    from replayed
    on conflict do nothing;
end;
-- noqa: enable=all
comment on procedure quarantine.show_replayed is
'Add the replayed rows of the slices of a batch to it, and those replayed of these in turn.';

create or replace procedure quarantine.keep_decided(of_slice integer, of_table text)
language plpgsql as $$
begin
    execute format(
        $statement$
        delete from staging.%I as staged_row
        using quarantine.row as decided_row
        where
            staged_row.slice_id = $1
            and decided_row.slice_id = staged_row.slice_id
            and decided_row.position = staged_row.position
            and decided_row.status <> 'rejected'
        $statement$,
        of_table
    ) using of_slice;
end;
$$;
comment on procedure quarantine.keep_decided is
'A row that was replayed or dismissed stays out of staging, even where it is good by rules that have changed since.';
