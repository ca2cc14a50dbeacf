-- Purpose: the dataset that a training's batch was read from: champions and tuned values are kept per dataset.
-- Grain: one row. Key: training_id. Inputs: ml.training, ops.batch. Parameters: training_id.
select batch.dataset
from ml.training
inner join ops.batch on training.batch_id = batch.batch_id
where training.training_id = %(training_id)s;
