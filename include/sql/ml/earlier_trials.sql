-- Purpose: the last trials of a ranker on the same dataset, oldest first: a search starts from what they found.
-- Grain: trial. Key: training_id, trial. Inputs: ml.trial, ml.training, ops.batch. Parameters: training_id, dataset,
-- ranker, row_limit.
with latest_trial as (
    select
        trial.training_id,
        trial.trial,
        trial.parameters,
        trial.value
    from ml.trial
    inner join ml.training on trial.training_id = training.training_id
    inner join ops.batch on training.batch_id = batch.batch_id
    where
        batch.dataset = %(dataset)s
        and trial.ranker = %(ranker)s
        and trial.training_id < %(training_id)s
        and trial.value is not null
    order by trial.training_id desc, trial.trial desc
    limit %(row_limit)s
)

select
    parameters,
    value
from latest_trial
order by training_id asc, trial asc;
