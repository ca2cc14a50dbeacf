-- Purpose: the batch that a training learned from.
-- Grain: one row. Key: training_id. Inputs: ml.training. Parameters: training_id.
select batch_id
from ml.training
where training_id = %(training_id)s;
