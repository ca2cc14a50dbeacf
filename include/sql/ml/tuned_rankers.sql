-- Purpose: the hyper-parameters that learned rankers fit the others with: of each, those of its last search.
-- Grain: ranker. Key: ranker. Inputs: ml.tuned, ml.training, ops.batch. Parameters: training_id.
select distinct on (tuned.ranker)
    tuned.ranker,
    tuned.parameters
from ml.tuned
inner join ops.batch on tuned.dataset = batch.dataset
inner join ml.training on batch.batch_id = training.batch_id
where training.training_id = %(training_id)s and tuned.training_id <= training.training_id
order by tuned.ranker asc, tuned.training_id desc;
