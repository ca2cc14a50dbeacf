-- Purpose: the dataset that a training's night was read from: champions and tuned values are kept per dataset.
-- Grain: one row. Parameters: training_id.
select batch.dataset
from ml.training
inner join ops.batch on training.batch_id = batch.batch_id
where training.training_id = %(training_id)s;
