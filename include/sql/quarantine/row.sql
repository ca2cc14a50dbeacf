-- Purpose: rows of a slice that break a rejecting rule, whole, with every reason. A row that has been decided about
-- before, such as one that a file brings every night, keeps that decision.
-- Grain: one row of the raw table. Key: slice_id, position.
-- Inputs: staging.checked (generated from ops.row_rule). Parameters: slice_id, table_name.
with rejected as materialized (
    select
        checked.slice_id,
        checked.position,
        checked.table_name,
        checked.broken_rules,
        checked.record
    from staging.checked
    where
        checked.slice_id = %(slice_id)s
        and checked.table_name = %(table_name)s
        and not checked.is_good
),

-- of rules that have changed: what is good by now lies in staging
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

-- the same line in another load: a dismissal holds for it; a replay is done again, when the night is replayed
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
