-- Purpose: rows of a slice that break a rejecting rule, whole, with every reason. A row that has been decided about
-- before, such as one that a file brings every night, keeps that decision.
-- Grain: one row of the raw table. Key: slice_id, position.
-- Inputs: staging.<table>_checked (generated from ops.row_rule). Parameters: slice_id, table_name, positions (up to
-- last_position, of the rows that may be broken; null: any may be), last_position.
with broken_row as materialized (
    select
        row_position as position,
        broken_rules,
        record
    from ops.rows_to_reject(%(slice_id)s, %(positions)s::integer[], %(last_position)s)
),

-- of rules that have changed: what is good by now lies in staging
mended_row as (
    delete from quarantine.row as waiting_row
    where
        waiting_row.slice_id = %(slice_id)s
        and waiting_row.status = 'rejected'
        and waiting_row.position not in (select broken_row.position from broken_row)
)

insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)
select
    slice.slice_id,
    broken_row.position,
    slice.batch_id,
    slice.source,
    slice.table_name,
    broken_row.broken_rules,
    array(
        select row_rule.sentence
        from ops.row_rule
        where row_rule.table_name = slice.table_name and row_rule.rule = any(broken_row.broken_rules)
        order by row_rule.rule
    ) as reasons,
    broken_row.record
from broken_row
cross join ops.slice
where slice.slice_id = %(slice_id)s
on conflict (slice_id, position) do update
    set broken_rules = excluded.broken_rules, reasons = excluded.reasons, record = excluded.record;

call quarantine.keep_decided(%(slice_id)s, %(table_name)s);

-- without it, decisions would be looked up row by row
analyze quarantine.row;

-- the same line in another load: a dismissal holds for it; a replay is done again, when the night is replayed
update quarantine.row as fresh_row
set
    status = decided_row.status,
    decided_at = decided_row.decided_at,
    decided_by = decided_row.decided_by
from quarantine.row as decided_row
where
    fresh_row.slice_id = %(slice_id)s
    and fresh_row.status = 'rejected'
    and decided_row.slice_id <> fresh_row.slice_id
    and decided_row.status = 'dismissed'
    and decided_row.source = fresh_row.source
    and decided_row.table_name = fresh_row.table_name
    and md5(decided_row.record::text) = md5(fresh_row.record::text);
