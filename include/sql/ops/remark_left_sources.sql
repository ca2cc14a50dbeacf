-- Purpose: say of a source that it has left: the last good batch before this one had it, and no setting names it now.
-- Grain: sentence. Key: batch_id, source, position. Inputs: ops.batch, ops.batch_slice, ops.slice.
-- Parameters: batch_id.
with last_good_batch as (
    select earlier_batch.batch_id
    from ops.batch
    inner join ops.batch as earlier_batch
        on (earlier_batch.as_of, earlier_batch.batch_id) < (batch.as_of, batch.batch_id)
    where batch.batch_id = %(batch_id)s and earlier_batch.status = 'accepted'
    order by earlier_batch.as_of desc, earlier_batch.batch_id desc
    limit 1
)

insert into ops.remark (batch_id, source, position, sentence)
select
    batch.batch_id,
    slice.source,
    1 as position,
    format(
        'no setting names this source any more: the %%s rows that batch %%s has of it count no longer, until it is '
        'named again',
        to_char(sum(slice.raw_rows), 'FM999,999,999,990'), last_good_batch.batch_id
    ) as sentence
from last_good_batch
inner join ops.batch on batch.batch_id = %(batch_id)s
inner join ops.batch_slice on last_good_batch.batch_id = batch_slice.batch_id
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where slice.source <> all(batch.sources) and slice.origin_slice_id is null
group by batch.batch_id, slice.source, last_good_batch.batch_id
returning source, sentence;
