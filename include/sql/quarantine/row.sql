-- Purpose: rows of a slice that break a rejecting rule, whole, with every reason. A row that has been decided about
-- before, such as one that a file brings every night, keeps that decision.
-- Grain: one row of the raw table. Key: slice_id, position.
-- Inputs: staging.judged (generated from ops.row_rule). Parameters: slice_id, table_name.
with rejected as materialized (
    select
        judged.slice_id,
        judged.position,
        judged.table_name,
        judged.broken_rules,
        judged.record
    from staging.judged
    where
        judged.slice_id = %(slice_id)s
        and judged.table_name = %(table_name)s
        and not judged.is_good
),

-- judged again, by other rules: what is good by now lies in staging
good as (
    delete from quarantine.row as waiting
    where
        waiting.slice_id = %(slice_id)s
        and waiting.status = 'rejected'
        and waiting.position not in (select rejected.position from rejected)
)

insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)
select
    rejected.slice_id,
    rejected.position,
    slice.batch_id,
    slice.source,
    slice.table_name,
    rejected.broken_rules,
    array(
        select row_rule.sentence
        from ops.row_rule
        where row_rule.table_name = rejected.table_name and row_rule.rule = any(rejected.broken_rules)
        order by row_rule.rule
    ) as reasons,
    rejected.record
from rejected
inner join ops.slice on rejected.slice_id = slice.slice_id
on conflict (slice_id, position) do update
    set broken_rules = excluded.broken_rules, reasons = excluded.reasons, record = excluded.record;

call quarantine.keep_decided(%(slice_id)s, %(table_name)s);

-- without it, decisions would be looked up row by row
analyze quarantine.row;

-- the same line in another load: a dismissal holds for it, a replay is to be done again
update quarantine.row as fresh
set
    status = decided.status,
    decided_at = decided.decided_at,
    decided_by = decided.decided_by
from quarantine.row as decided
where
    fresh.slice_id = %(slice_id)s
    and fresh.status = 'rejected'
    and decided.slice_id <> fresh.slice_id
    and decided.status = 'dismissed'
    and decided.source = fresh.source
    and decided.table_name = fresh.table_name
    and md5(decided.record::text) = md5(fresh.record::text);

insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select distinct on (fresh.slice_id, fresh.position)
    fresh.slice_id,
    fresh.position,
    decided.decided_record as record,
    decided.waived,
    decided.decided_by
from quarantine.row as fresh
inner join quarantine.row as decided
    on
        fresh.source = decided.source
        and fresh.table_name = decided.table_name
        and md5(fresh.record::text) = md5(decided.record::text)
        and fresh.slice_id <> decided.slice_id
inner join ops.slice on fresh.slice_id = slice.slice_id
inner join ops.slice as decided_slice on decided.slice_id = decided_slice.slice_id
where
    fresh.slice_id = %(slice_id)s
    and fresh.status = 'rejected'
    and decided.status = 'replayed'
    and decided.decided_record is not null
    -- what was replayed in vain is a row of its own: it follows what was decided about such a row, or waits
    and (
        slice.origin_slice_id is null
        or (decided_slice.origin_slice_id is not null and decided.decided_record <> fresh.record)
    )
order by fresh.slice_id asc, fresh.position asc, decided.decided_at desc, decided.slice_id desc
on conflict do nothing;
