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

create or replace procedure quarantine.replay(night bigint)
language plpgsql as $$
declare
    origin record;
    fresh integer;
begin
    for origin in
        select
            slice.slice_id,
            slice.source,
            slice.table_name,
            slice.scale_low,
            slice.scale_high,
            coalesce(slice.root_slice_id, slice.slice_id) as root_slice_id,
            count(*) as rows
        from quarantine.decision
        inner join quarantine.row as waiting using (slice_id, position)
        inner join ops.slice on waiting.slice_id = slice.slice_id
        inner join ops.batch_slice on slice.slice_id = batch_slice.slice_id and batch_slice.batch_id = night
        where waiting.status = 'rejected'
        group by slice.slice_id
        order by slice.slice_id
    loop
        insert into ops.slice (
            batch_id, source, table_name, piece, mode, fingerprint, scale_low, scale_high, origin_slice_id,
            root_slice_id, raw_rows
        )
        values (
            night, origin.source, origin.table_name, 'replay', 'changes', gen_random_uuid(),
            origin.scale_low, origin.scale_high, origin.slice_id, origin.root_slice_id, origin.rows
        )
        returning slice_id into fresh;
        -- a piece of its own: replayed rows compete with others by their times, not by the night they came
        update ops.slice set piece = format('replay %s of slice %s', fresh, origin.slice_id) where slice_id = fresh;
        execute format(
            'with chosen as ('
            'select decision.slice_id, decision.position, decision.decided_by, decision.record as decided_record, '
            'decision.waived, decision.record || case when decision.waived = ''{}'' then ''{}''::jsonb '
            'else jsonb_build_object('
            '''extra'', coalesce(nullif(decision.record -> ''extra'', ''null''), ''{}'') '
            '|| jsonb_build_object(''waived'', decision.waived)) end as record, '
            'row_number() over (order by decision.position)::integer as place '
            'from quarantine.decision inner join quarantine.row as waiting using (slice_id, position) '
            'where waiting.status = ''rejected'' and waiting.slice_id = $2), '
            'marked as (update quarantine.row set status = ''replayed'', replayed_slice_id = $1, '
            'replayed_position = chosen.place, decided_record = chosen.decided_record, waived = chosen.waived, '
            'decided_by = chosen.decided_by, decided_at = clock_timestamp() '
            'from chosen where "row".slice_id = chosen.slice_id and "row".position = chosen.position), '
            'gone as (delete from quarantine.decision using chosen '
            'where decision.slice_id = chosen.slice_id and decision.position = chosen.position) '
            'insert into raw.%1$I select come.* from chosen cross join lateral jsonb_populate_record('
            'null::raw.%1$I, chosen.record || jsonb_build_object('
            '''slice_id'', $1, ''position'', chosen.place)) as come',
            origin.table_name
        ) using fresh, origin.slice_id;
    end loop;
end;
$$;
comment on procedure quarantine.replay is
'Bring the decided rows of the slices that a night sees into raw, once.';

-- noqa: disable=RF01,RF02,RF03
create or replace procedure quarantine.show_replayed(night bigint)
language sql
begin atomic
    insert into ops.batch_slice (batch_id, slice_id)
    with recursive replayed as (
        select slice.slice_id
        from ops.slice
        inner join ops.batch_slice on slice.origin_slice_id = batch_slice.slice_id
        where batch_slice.batch_id = show_replayed.night
        union
        select slice.slice_id
        from ops.slice
        inner join replayed on slice.origin_slice_id = replayed.slice_id
    )

    select
        show_replayed.night,
        replayed.slice_id
    from replayed
    on conflict do nothing;
end;
-- noqa: enable=all
comment on procedure quarantine.show_replayed is
'Show a night the replayed rows of the slices that it sees, and of these again.';

create or replace procedure quarantine.keep_decided(subject integer, subject_table text)
language plpgsql as $$
begin
    execute format(
        'delete from staging.%I as good using quarantine.row as decided '
        'where good.slice_id = $1 and decided.slice_id = good.slice_id and decided.position = good.position '
        'and decided.status <> ''rejected''',
        subject_table
    ) using subject;
end;
$$;
comment on procedure quarantine.keep_decided is
'A row that was replayed or dismissed stays out of staging, even where it is good by rules that have changed since.';
