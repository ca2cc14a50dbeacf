-- Purpose: the champion of the newest night: of the last training that learned from the newest accepted batch and has
-- chosen one. A past night that was trained since does not count.
-- Grain: one row, none before the first training. Key: training_id. Inputs: ml.champion, ml.training, ops.batch.
-- Parameters: none.
select
    champion.training_id,
    champion.ranker
from ml.champion
inner join ml.training on champion.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
where batch.status = 'accepted'
order by batch.as_of desc, batch.batch_id desc, champion.training_id desc
limit 1;
