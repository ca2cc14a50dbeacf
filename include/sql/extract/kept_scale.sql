-- Purpose: the scale that a source's ratings had in the last accepted batch before this one; for rating files, of the
-- same dataset.
-- Grain: at most one row. Key: source. Inputs: ops.batch_scale, ops.batch. Parameters: batch_id, source.
select
    batch_scale.batch_id,
    batch_scale.low,
    batch_scale.high,
    batch_scale.unrated,
    batch_scale.basis,
    batch_scale.certainty
from ops.batch_scale
inner join ops.batch on batch_scale.batch_id = batch.batch_id
inner join ops.batch as this_batch on this_batch.batch_id = %(batch_id)s
where
    batch_scale.source = %(source)s
    and batch_scale.batch_id <> this_batch.batch_id
    and batch.status = 'accepted'
    and (batch.dataset = this_batch.dataset or batch_scale.source <> 'movielens')
order by batch.as_of desc, batch.batch_id desc
limit 1;
