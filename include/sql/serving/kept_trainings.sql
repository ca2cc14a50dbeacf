-- Purpose: trainings whose artifacts a kept version, or the latest training, still needs.
-- Grain: training.
select training_id
from serving.version
union
select max(training.training_id) as training_id
from ml.training
having max(training.training_id) is not null
order by training_id;
