-- Purpose: the tuned hyper-parameters a training went on with or found.
-- Grain and key: ranker. Inputs: ml.tuned, ml.training, ops.batch. Parameters: training_id.
select distinct on (tuned.ranker)
    tuned.ranker,
    tuned.parameters::text as parameters,
    tuned.value as validation_ndcg,
    tuned.trials,
    tuned.training_id as training
from ml.tuned
inner join ml.training on training.training_id = %(training_id)s
inner join ops.batch on training.batch_id = batch.batch_id
where tuned.dataset = batch.dataset and tuned.training_id <= training.training_id
order by tuned.ranker asc, tuned.training_id desc;
