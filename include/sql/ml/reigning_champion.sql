-- Purpose: the champion that challengers are compared with: the last one chosen for the same dataset before a training.
-- Grain: one row, none before the first training. Key: training_id. Inputs: ml.champion, ml.training, ops.batch.
-- Parameters: training_id, dataset.
select champion.ranker
from ml.champion
inner join ml.training on champion.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
where batch.dataset = %(dataset)s and champion.training_id < %(training_id)s
order by champion.training_id desc
limit 1;
