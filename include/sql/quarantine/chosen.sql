-- Purpose: the rejected rows that somebody asks about, in a temporary table that goes with the transaction. Without a
-- batch or rows by number, these are the rows that the newest night of their source consists of: a file that was
-- loaded anew, or mended since, has left its old rows behind.
-- Grain: rejected row. Key: slice_id, position. Inputs: quarantine.row, quarantine.decision.
-- Parameters: batch_id, source, table_name, rule, slices, positions (pairs), states; null asks for all.
drop table if exists pg_temp.chosen;

create temporary table chosen on commit drop as
with night as (
    select
        slice.source,
        batch_slice.batch_id
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    group by slice.source, batch_slice.batch_id
    having bool_and(slice.staged_at is not null)
),

newest as (
    select
        source,
        max(batch_id) as batch_id
    from night
    group by source
)

select
    rejected.slice_id,
    rejected.position,
    rejected.source,
    rejected.table_name,
    case when decision.slice_id is null then rejected.status else 'pending' end as state
from quarantine.row as rejected
left join quarantine.decision
    on rejected.slice_id = decision.slice_id and rejected.position = decision.position
where
    (%(batch_id)s::bigint is null or rejected.batch_id = %(batch_id)s::bigint)
    and (%(source)s::text is null or rejected.source = %(source)s::text)
    and (%(table_name)s::text is null or rejected.table_name = %(table_name)s::text)
    and (%(rule)s::text is null or %(rule)s::text = any(rejected.broken_rules))
    and case when decision.slice_id is null then rejected.status else 'pending' end = any(%(states)s::text[])
    and (
        %(slices)s::integer[] is null
        or exists (
            select 1 from unnest(%(slices)s::integer[], %(positions)s::integer[]) as named (slice_id, position)
            where named.slice_id = rejected.slice_id and named.position = rejected.position
        )
    )
    and (
        %(batch_id)s::bigint is not null
        or %(slices)s::integer[] is not null
        or exists (
            select 1
            from newest
            inner join ops.batch_slice on newest.batch_id = batch_slice.batch_id
            where newest.source = rejected.source and batch_slice.slice_id = rejected.slice_id
        )
    );
