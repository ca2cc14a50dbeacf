-- Purpose: sources that did not deliver tonight stand with what they brought on the last night that had them.
-- Inputs: ops.batch_source, ops.batch_slice. Parameters: batch_id.
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

-- a night that a gate stopped is taken only where no good one had the source
last_night as (
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
from last_night
inner join ops.batch_slice on last_night.batch_id = batch_slice.batch_id
inner join ops.slice on batch_slice.slice_id = slice.slice_id and last_night.source = slice.source
on conflict do nothing;
