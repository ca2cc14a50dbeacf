-- Purpose: the champion that challengers are compared with: that of the newest night of the same dataset, up to the one
-- that is being learned from, of which a training before this one has chosen one. A past night that no earlier one
-- precedes meets the champion of the newest night.
-- Grain: one row, none before the first training. Key: training_id. Inputs: ml.champion, ml.training, ops.batch.
-- Parameters: training_id, dataset.
with this_batch as (
    select batch.as_of
    from ml.training
    inner join ops.batch on training.batch_id = batch.batch_id
    where training.training_id = %(training_id)s
)

select champion.ranker
from this_batch
cross join ml.champion
inner join ml.training on champion.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
where batch.dataset = %(dataset)s and champion.training_id < %(training_id)s
order by batch.as_of <= this_batch.as_of desc, batch.as_of desc, batch.batch_id desc, champion.training_id desc
limit 1;
