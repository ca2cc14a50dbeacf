-- Rows that break a rejecting rule, whole, with every reason.
create schema if not exists quarantine;

create table if not exists quarantine.row (
    slice_id integer not null references ops.slice on delete cascade,
    position integer not null,
    batch_id bigint not null,
    source text not null,
    table_name text not null,
    broken_rules text [] not null,
    reasons text [] not null,
    record jsonb not null,
    status text not null default 'rejected' check (status in ('rejected', 'replayed', 'dismissed')),
    replayed_slice_id integer references ops.slice on delete set null,
    replayed_position integer,
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
comment on column quarantine.row.status is
'rejected: waits; replayed: came again, edited or accepted, as the row that replayed_slice_id and -position name; '
'dismissed: looked at and left out.';

create table if not exists quarantine.decision (
    slice_id integer not null,
    position integer not null,
    record jsonb not null,
    waived text [] not null default '{}',
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
    share record;
    fresh integer;
begin
    for share in
        select
            waiting.source,
            waiting.table_name,
            slice.scale_low,
            slice.scale_high,
            count(*) as rows
        from quarantine.decision
        inner join quarantine.row as waiting using (slice_id, position)
        inner join ops.slice on waiting.slice_id = slice.slice_id
        where waiting.status = 'rejected'
        group by waiting.source, waiting.table_name, slice.scale_low, slice.scale_high
        order by waiting.table_name, waiting.source
    loop
        insert into ops.slice (
            batch_id, source, table_name, piece, mode, fingerprint, scale_low, scale_high, raw_rows
        )
        values (
            night, share.source, share.table_name, 'replay', 'changes', gen_random_uuid(),
            share.scale_low, share.scale_high, share.rows
        )
        returning slice_id into fresh;
        execute format(
            'with chosen as ('
            'select decision.slice_id, decision.position, decision.decided_by, '
            'decision.record || case when decision.waived = ''{}'' then ''{}''::jsonb else jsonb_build_object('
            '''extra'', coalesce(nullif(decision.record -> ''extra'', ''null''), ''{}'') '
            '|| jsonb_build_object(''waived'', decision.waived)) end as record, '
            'row_number() over (order by decision.slice_id, decision.position)::integer as place '
            'from quarantine.decision inner join quarantine.row as waiting using (slice_id, position) '
            'inner join ops.slice using (slice_id) '
            'where waiting.status = ''rejected'' and waiting.source = $2 and waiting.table_name = $3 '
            'and slice.scale_low = $4 and slice.scale_high = $5), '
            'marked as (update quarantine.row set status = ''replayed'', replayed_slice_id = $1, '
            'replayed_position = chosen.place, decided_by = chosen.decided_by, decided_at = clock_timestamp() '
            'from chosen where "row".slice_id = chosen.slice_id and "row".position = chosen.position), '
            'gone as (delete from quarantine.decision using chosen '
            'where decision.slice_id = chosen.slice_id and decision.position = chosen.position) '
            'insert into raw.%1$I select come.* from chosen cross join lateral jsonb_populate_record('
            'null::raw.%1$I, chosen.record || jsonb_build_object('
            '''slice_id'', $1, ''position'', chosen.place)) as come',
            share.table_name
        ) using fresh, share.source, share.table_name, share.scale_low, share.scale_high;
        -- the batch's own source may be one that did not deliver: what is replayed stands beside what is carried
        insert into ops.batch_slice (batch_id, slice_id) values (night, fresh);
    end loop;
    insert into ops.batch_slice (batch_id, slice_id)
    select
        night,
        slice.slice_id
    from ops.slice
    where slice.piece = 'replay' and slice.mode = 'changes'
    on conflict do nothing;
end;
$$;
comment on procedure quarantine.replay is 'Bring every decided row into raw, once, and show it to a night.';

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
