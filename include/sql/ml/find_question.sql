-- Purpose: what a person was asked about a training.
-- Grain: one row, none where nobody was asked. Key: training_id. Inputs: ml.question. Parameters: training_id.
select question
from ml.question
where training_id = %(training_id)s;
