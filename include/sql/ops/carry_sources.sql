-- Purpose: a source that did not deliver is represented by what it delivered for the last batch that had it.
-- Grain: source; slice. Key: batch_id, source; batch_id, slice_id. Inputs: ops.batch_source, ops.batch_slice.
-- Parameters: batch_id.
insert into ops.batch_source (batch_id, source, status)
select distinct
    %(batch_id)s::bigint as batch_id,
    earlier_slice.source,
    'carried' as status
from ops.slice as earlier_slice
where not exists (
    select 1 from ops.batch_source
    where batch_source.batch_id = %(batch_id)s and batch_source.source = earlier_slice.source
);

with missing_source as (
    select batch_source.source
    from ops.batch_source
    where
        batch_source.batch_id = %(batch_id)s
        and batch_source.status <> 'delivered'
        and not exists (
            select 1
            from ops.batch_slice
            inner join ops.slice on batch_slice.slice_id = slice.slice_id
            where batch_slice.batch_id = %(batch_id)s and slice.source = batch_source.source
        )
),

-- a batch that a gate stopped is taken only where no good one had the source
last_batch as (
    select distinct on (slice.source)
        slice.source,
        batch.batch_id
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    inner join ops.batch on batch_slice.batch_id = batch.batch_id
    inner join missing_source on slice.source = missing_source.source
    where batch.batch_id <> %(batch_id)s
    order by slice.source asc, batch.status = 'accepted' desc, batch.as_of desc, batch.batch_id desc
)

insert into ops.batch_slice (batch_id, slice_id)
select
    %(batch_id)s::bigint as batch_id,
    batch_slice.slice_id
from last_batch
inner join ops.batch_slice on last_batch.batch_id = batch_slice.batch_id
inner join ops.slice on batch_slice.slice_id = slice.slice_id and last_batch.source = slice.source
on conflict do nothing;
