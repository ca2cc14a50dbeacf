-- Purpose: what a training chose, for those who wait for it.
-- Grain: one row. Key: training_id. Inputs: ml.training, ml.champion, ml.decision, ops.batch. Parameters: training_id.
select
    training.training_id,
    training.batch_id,
    batch.as_of,
    champion.ranker,
    decision.verdict,
    decision.decided_by
from ml.training
inner join ml.champion on training.training_id = champion.training_id
left join ml.decision on training.training_id = decision.training_id
left join ops.batch on training.batch_id = batch.batch_id
where training.training_id = %(training_id)s;
