-- Purpose: a source that did not deliver is represented by what it delivered for the last batch that had it, unless no
-- setting names it any more.
-- Grain: source; slice. Key: batch_id, source; batch_id, slice_id.
-- Inputs: ops.batch, ops.batch_source, ops.batch_slice, ops.slice, ops.remark. Parameters: batch_id.
-- of a run that starts over with other settings
delete from ops.batch_slice
using ops.batch, ops.slice
where
    batch_slice.batch_id = %(batch_id)s
    and batch_slice.batch_id = batch.batch_id
    and batch_slice.slice_id = slice.slice_id
    and slice.source <> all(batch.sources);

delete from ops.batch_source
using ops.batch
where
    batch_source.batch_id = %(batch_id)s
    and batch_source.batch_id = batch.batch_id
    and batch_source.source <> all(batch.sources);

delete from ops.remark
using ops.batch
where
    remark.batch_id = %(batch_id)s
    and remark.batch_id = batch.batch_id
    and remark.source <> all(batch.sources);

insert into ops.batch_source (batch_id, source, status)
select distinct
    %(batch_id)s::bigint as batch_id,
    earlier_slice.source,
    'carried' as status
from ops.slice as earlier_slice
inner join ops.batch on batch.batch_id = %(batch_id)s
where
    (batch.sources is null or earlier_slice.source = any(batch.sources))
    and not exists (
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
