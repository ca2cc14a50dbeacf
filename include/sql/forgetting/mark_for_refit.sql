-- Purpose: note that the models of these trainings learned from somebody who has been forgotten.
-- Grain: training. Key: training_id. Inputs: ml.training. Parameters: trainings.
update ml.training
set refit_due_at = coalesce(refit_due_at, clock_timestamp())
where training_id = any(%(trainings)s::bigint[]);
