-- Purpose: select the rejected rows that somebody asks about into a temporary table of the transaction. Without a
-- batch or rows by number, these are the rows that the newest batch of their source consists of: a file that was
-- loaded anew, or mended since, has left its old rows behind.
-- Grain: rejected row. Key: slice_id, position. Inputs: quarantine.row, quarantine.decision.
-- Parameters: batch_id, source, table_name, rule, slices, positions (pairs), statuses; null asks for all.
drop table if exists pg_temp.selected_row;

create temporary table selected_row on commit drop as
with staged_batch as (
    select
        slice.source,
        batch_slice.batch_id
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    group by slice.source, batch_slice.batch_id
    having bool_and(slice.staged_at is not null)
),

newest_batch as (
    select distinct on (staged_batch.source)
        staged_batch.source,
        staged_batch.batch_id
    from staged_batch
    inner join ops.batch on staged_batch.batch_id = batch.batch_id
    order by staged_batch.source asc, batch.as_of desc, batch.batch_id desc
)

select
    rejected_row.slice_id,
    rejected_row.position,
    rejected_row.source,
    rejected_row.table_name,
    case when decision.slice_id is null then rejected_row.status else 'pending' end as status
from quarantine.row as rejected_row
left join quarantine.decision
    on rejected_row.slice_id = decision.slice_id and rejected_row.position = decision.position
where
    (%(batch_id)s::bigint is null or rejected_row.batch_id = %(batch_id)s::bigint)
    and (%(source)s::text is null or rejected_row.source = %(source)s::text)
    and (%(table_name)s::text is null or rejected_row.table_name = %(table_name)s::text)
    and (%(rule)s::text is null or %(rule)s::text = any(rejected_row.broken_rules))
    and case when decision.slice_id is null then rejected_row.status else 'pending' end = any(%(statuses)s::text[])
    and (
        %(slices)s::integer[] is null
        or exists (
            select 1 from unnest(%(slices)s::integer[], %(positions)s::integer[]) as wanted_row (slice_id, position)
            where wanted_row.slice_id = rejected_row.slice_id and wanted_row.position = rejected_row.position
        )
    )
    and (
        %(batch_id)s::bigint is not null
        or %(slices)s::integer[] is not null
        or exists (
            select 1
            from newest_batch
            inner join ops.batch_slice on newest_batch.batch_id = batch_slice.batch_id
            where newest_batch.source = rejected_row.source and batch_slice.slice_id = rejected_row.slice_id
        )
    );
